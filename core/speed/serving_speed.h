// What follows from the time of a step for a server under load: rates, time to first token, time per token.
#ifndef PLIMSOLL_CORE_SPEED_SERVING_SPEED_H_
#define PLIMSOLL_CORE_SPEED_SERVING_SPEED_H_

#include <cstdint>

#include "core/resolve/report.h"
#include "core/resolve/resolved.h"
#include "core/speed/step_model.h"

namespace plimsoll {

// What a server is asked to do, and what limits it.
struct Operation {
  int64_t prompt_tokens = 1024, output_tokens = 256;
  double concurrency = 1;         // requests in flight
  int64_t max_sequences = 0;      // of them running at once; 0: all
  int64_t capacity_tokens = 0;    // of the cache; 0: unbounded
  int64_t chunk = 0;              // prompt tokens per step; 0: a whole prompt
  int64_t replicas = 1;           // data parallel: the requests are divided
  int64_t requests = 0;           // of an arrival process; 0: it has no end
  bool received_in_turn = false;  // one event loop receives requests, one after the other
  bool any_time = false;          // requests come when they like, not when another is answered
  bool prompts_alone = false;     // a step reads prompts or decodes, never both
  bool lockstep = false;          // one batch that starts and ends together, instead of a closed loop
};
SpeedReport SpeedAt(const StepModel& model, const Operation& operation);

// Requests that arrive at random: the concurrency at which as many finish as arrive (Little's law).
// `operation.concurrency` caps the requests in flight; 0: no cap.
SpeedReport SpeedAtRate(const StepModel& model, Operation operation, double requests_per_second);

// The contract's `speed`: decode at the workload's concurrency and middle context, prefill of one prompt.
SpeedReport EstimateSpeed(const Resolved& resolved, const StepModel& model, const Operation& operation);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_SPEED_SERVING_SPEED_H_
