// Whether a claim is right, by how much it is wrong, and the mistake that leads to just its number.
#ifndef PLIMSOLL_CORE_CHECK_CLAIM_ANSWER_H_
#define PLIMSOLL_CORE_CHECK_CLAIM_ANSWER_H_

#include "core/catalog/catalog.h"
#include "core/check/check_result.h"
#include "core/check/claim.h"
#include "core/resolve/report.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

// Adds problems to `result`: "claim_right" or "claim_wrong", then the mistake; where the claim holds for another
// configuration than it says, `result->config` becomes that.
void AnswerClaim(const Claim& claim, const Resolved& resolved, const Report& report, const Catalog& catalog,
                 CheckResult* result);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CHECK_CLAIM_ANSWER_H_
