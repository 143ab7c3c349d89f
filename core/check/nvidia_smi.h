// What nvidia-smi prints: its table with the slices of MIG, --query-gpu as CSV, -L, -q; what rocm-smi, amd-smi and
// macOS' system_profiler do. Which cards there are and what lies on them.
#ifndef PLIMSOLL_CORE_CHECK_NVIDIA_SMI_H_
#define PLIMSOLL_CORE_CHECK_NVIDIA_SMI_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/catalog/catalog.h"
#include "core/check/check_result.h"

namespace plimsoll {

struct SmiCard {
  std::string name;
  double total_mib = 0, used_mib = 0;  // 0: not said
  bool slice = false;                  // a part of a card (MIG)
};
struct SmiProcess {
  std::string name;
  double mib = 0;
};
struct SmiOutput {
  std::vector<SmiCard> cards;
  std::vector<SmiProcess> processes;
  std::string_view program = "nvidia-smi";
};

// No cards: the text is something else.
SmiOutput ReadSmi(std::string_view text);

std::optional<Result<CheckResult>> ReadHardwareText(std::string_view text, const Catalog& catalog);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CHECK_NVIDIA_SMI_H_
