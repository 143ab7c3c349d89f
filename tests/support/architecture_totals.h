// tests/data/architecture_totals.json: configs of published models and what they come to.
#ifndef PLIMSOLL_TESTS_SUPPORT_ARCHITECTURE_TOTALS_H_
#define PLIMSOLL_TESTS_SUPPORT_ARCHITECTURE_TOTALS_H_

#include <string>
#include <string_view>

#include "core/arch/architecture.h"
#include "core/base/result.h"

namespace plimsoll {

// All of them.
const Json& ArchitectureTotals();

// Reads every config of the group and expects its parameters and its cache bytes per token to come out to the
// integer. Returns how many there were.
int ExpectPublishedTotals(std::string_view group);

// One of them as read; a failure of the test where there is none or it is refused.
Architecture ReadCase(std::string_view id);

// Its config; null where there is none.
const Json* CaseConfig(std::string_view id);

// The same with one key of the outermost object set to a JSON value.
Result<Architecture> ReadCaseWith(std::string_view id, std::string_view key, std::string_view value);

// Whether a remark of the architecture holds these words.
bool Remarks(const Architecture& architecture, std::string_view words);

}  // namespace plimsoll

#endif  // PLIMSOLL_TESTS_SUPPORT_ARCHITECTURE_TOTALS_H_
