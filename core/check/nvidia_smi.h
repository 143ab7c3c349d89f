// What nvidia-smi prints: its table, --query-gpu as CSV, -L. Which cards there are and what lies on them.
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
};
struct SmiProcess {
  std::string name;
  double mib = 0;
};
struct SmiOutput {
  std::vector<SmiCard> cards;
  std::vector<SmiProcess> processes;
};

// No cards: the text is something else.
SmiOutput ReadSmi(std::string_view text);

std::optional<Result<CheckResult>> ReadHardwareText(std::string_view text, const Catalog& catalog);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CHECK_NVIDIA_SMI_H_
