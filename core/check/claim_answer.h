// Whether a claim is right, by how much it is wrong, and the mistake that leads to just its number.
#ifndef PLIMSOLL_CORE_CHECK_CLAIM_ANSWER_H_
#define PLIMSOLL_CORE_CHECK_CLAIM_ANSWER_H_

#include <optional>
#include <string_view>

#include "core/base/result.h"
#include "core/catalog/catalog.h"
#include "core/check/check_result.h"

namespace plimsoll {

// A reader of core/check/check.h. Its problems are "claim_right" or "claim_wrong", then the mistake; where the claim
// holds for another configuration than it says, the result's becomes that.
std::optional<Result<CheckResult>> ReadClaimText(std::string_view text, const Catalog& catalog);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CHECK_CLAIM_ANSWER_H_
