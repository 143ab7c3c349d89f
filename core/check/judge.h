// What a configuration that was read comes to: its report's errors and warnings become problems, each with
// the option that it hangs on; one that does not fit gets its stage, what is missing and the least costly
// changes.
#ifndef PLIMSOLL_CORE_CHECK_JUDGE_H_
#define PLIMSOLL_CORE_CHECK_JUDGE_H_

#include <string>

#include "core/base/json.h"
#include "core/catalog/catalog.h"
#include "core/check/check_result.h"

namespace plimsoll {

constexpr int kMostFixes = 3;

// That a division over cards asks too much of one of them: "tensor_split 9,1 puts 30.1 GiB on a card of 23.5 GiB …".
std::string SplitCause(const Config& config, const Report& report);

// "16,384 tokens of context, room for 3.2 such sequences, 45 tokens/s"; empty: it is no configuration.

FixPrice PriceOf(const Config& config, const Catalog& catalog);
std::string PriceText(const FixPrice& price);

// {key: value} of what differs in `changed`; null: back to the default.
Json ChangedKeys(const Config& config, const Config& changed);

// Fills `problems` and, where nothing has filled it yet, `failure`. Does nothing where no model is known.
void Judge(const Catalog& catalog, CheckResult* result);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CHECK_JUDGE_H_
