// What nvidia-smi prints: its table with the slices of MIG, --query-gpu as CSV, -L, -q; and what other programs
// do (card_list.h). Which cards there are and what lies on them.
#ifndef PLIMSOLL_CORE_CHECK_NVIDIA_SMI_H_
#define PLIMSOLL_CORE_CHECK_NVIDIA_SMI_H_

#include <optional>
#include <string_view>

#include "core/base/result.h"
#include "core/catalog/catalog.h"
#include "core/check/card_list.h"
#include "core/check/check_result.h"

namespace plimsoll {

// No cards and nothing to ask for: the text is something else.
SmiOutput ReadSmi(std::string_view text);

std::optional<Result<CheckResult>> ReadHardwareText(std::string_view text, const Catalog& catalog);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CHECK_NVIDIA_SMI_H_
