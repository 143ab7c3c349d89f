// Other predictors' published answers to the same runs, beside ours: who lies how far off, on the runs that they answered.
//
// {"source","measured":[{"run","measured":{"e2e_mean","ttft_mean","itl_mean"}}],
//  "rivals":[{"run","simulator","predicted":{…}}]}, milliseconds, means over a run's requests. A run's stages are cases of
// the measured file with its name as "run"; ours is their mean, each stage by its number of prompts.
#ifndef PLIMSOLL_CORE_VALIDATE_RIVALS_H_
#define PLIMSOLL_CORE_VALIDATE_RIVALS_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/validate/validation.h"

namespace plimsoll {

struct ErrorPair {
  double median = 0, mean = 0;  // of |predicted / measured - 1|
};

constexpr std::array<std::string_view, 3> kRivalMetrics = {"time to first token", "time per output token",
                                                           "whole request"};
struct RivalScore {
  std::string rival;
  int64_t runs = 0;
  std::array<ErrorPair, 3> theirs, ours;  // on the runs that both answered
};

// The error names what is missing in `rivals`.
Result<std::vector<RivalScore>> ScoreRivals(const Json& rivals, const CaseFile& cases,
                                            const Validation& validation);

// A table in Markdown, one row for each rival.
std::string RivalsMarkdown(const std::vector<RivalScore>& scores);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_VALIDATE_RIVALS_H_
