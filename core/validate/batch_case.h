// What a batch benchmark reads: llama-batched-bench and AutoAWQ's script start as many sequences as run at once, end them
// together and time the two phases apart, so that no prompt is read between the tokens of another.
#ifndef PLIMSOLL_CORE_VALIDATE_BATCH_CASE_H_
#define PLIMSOLL_CORE_VALIDATE_BATCH_CASE_H_

#include "core/base/json.h"
#include "core/resolve/resolved.h"
#include "core/speed/step_model.h"

namespace plimsoll {

// Whether a case's `workload` is one: everything comes at once, and no more than runs at once.
bool IsBatchBenchmark(const Json& workload);

struct BatchPrediction {
  double decode_per_stream = 0, decode_total = 0;  // tokens per second while all answer
  double prompt = 0;                               // prompt tokens per second of all prompts together
};
// The batch is the configuration's `concurrency`, each sequence of its lengths; decoding is taken at the middle of the
// answer.
BatchPrediction PredictBatch(const Resolved& resolved, const StepModel& model);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_VALIDATE_BATCH_CASE_H_
