// What a measured serving run would read if the simulator's server had run it.
#ifndef PLIMSOLL_CORE_VALIDATE_SERVING_CASE_H_
#define PLIMSOLL_CORE_VALIDATE_SERVING_CASE_H_

#include <optional>
#include <string_view>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/engines/server.h"
#include "core/resolve/report.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

struct Interval {
  double low = 0, high = 0;
};

struct ServingPrediction {
  double ttft_ms = 0, tpot_ms = 0, end_to_end_ms = 0, output_tokens_per_s = 0;
  // The same with every step as much quicker or slower as single measurements lie from the model, and at least as far
  // away as measured times and rates do.
  Interval ttft, tpot, end_to_end, output;
  bool saturated = false;  // or so near to it that with slower steps it would be
};

// `workload`: the case's own (see ReadWorkload); its `kv_cache_tokens`, `max_num_seqs` and
// `max_num_batched_tokens`, read from the server's log, take the place of what the configuration would give.
// `median`: the case published medians instead of means. The error says why it cannot be answered.
Result<ServingPrediction> PredictServing(const Resolved& resolved, const Report& report, const Json& workload,
                                         bool median, const StepModel* model = nullptr);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_VALIDATE_SERVING_CASE_H_
