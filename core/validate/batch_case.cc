#include "core/validate/batch_case.h"

#include <algorithm>

namespace plimsoll {

bool IsBatchBenchmark(const Json& workload) {
  const Json* arrival = workload.Find("arrival");
  return arrival != nullptr && arrival->AsString() == "burst" && !workload.Has("num_prompts");
}

BatchPrediction PredictBatch(const Resolved& resolved, const StepModel& model) {
  const int64_t prompt = std::max<int64_t>(1, resolved.prompt_tokens);
  StepLoad decode, prompts;
  decode.decode_sequences = prompts.prefill_sequences = std::max<int64_t>(1, resolved.concurrency);
  const double sequences = static_cast<double>(decode.decode_sequences);
  prompts.prefill_tokens = internal::SaturatingMultiply(prompt, decode.decode_sequences);
  const int64_t context = prompt + resolved.output_tokens / 2;
  for (int i = 0; i < model.span_count(); ++i) {
    const auto span = static_cast<size_t>(i);
    decode.decode_kv_tokens[span] = static_cast<double>(std::min(context, model.span(i))) * sequences;
    prompts.prefill_kv_pairs[span] = CausalPairs(0, prompt, model.span(i)) * sequences;
  }
  const double step = model.Time(decode).value() / std::max(1.0, model.tokens_per_step());
  const double reading = model.Time(prompts).value();
  BatchPrediction prediction;
  if (step > 0) prediction.decode_per_stream = 1 / step;
  prediction.decode_total = prediction.decode_per_stream * sequences;
  if (reading > 0) prediction.prompt = static_cast<double>(prompts.prefill_tokens) / reading;
  return prediction;
}

}  // namespace plimsoll
