// The answer in words: one sentence with numbers, and one more that says why. Built from a Report when
// somebody looks; sizes in GiB or GB as asked.
#ifndef PLIMSOLL_CORE_ESTIMATE_VERDICT_H_
#define PLIMSOLL_CORE_ESTIMATE_VERDICT_H_

#include <string>

#include "core/base/text.h"
#include "core/resolve/report.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

// "Does not fit: short by 15.4 GiB on one RTX 4090."
// "Fits: 57.8 GiB of weights on each of 2 H100 SXM5 80GB, room for 12.3 sequences of 16,384 tokens."
std::string HeadlineText(const Resolved& resolved, const Report& report,
                         SizeUnits units = SizeUnits::kBinary);

// "The weights take 37.1 GiB; vLLM may use 21.7 of the card's 23.5 GiB."
std::string DetailText(const Resolved& resolved, const Report& report, SizeUnits units = SizeUnits::kBinary);

// "one RTX 4090", "2 H100 SXM5 80GB", "RTX 4090 and RTX 3090".
// "158,656 tokens, 4.84 sequences of 32,768"; for llama.cpp what its slots share.
std::string CacheText(const Resolved& resolved, const Report& report);

std::string CardsText(const Resolved& resolved);

// The card with the least headroom; nullptr when the report has none.
const GpuReport* FullestCard(const Report& report);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ESTIMATE_VERDICT_H_
