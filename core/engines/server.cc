#include "core/engines/server.h"

#include <algorithm>

#include "core/engines/registry.h"

namespace plimsoll {

StepModel MakeStepModel(const Resolved& resolved, const Calibration* calibration) {
  StepModel model = StepModel::Make(resolved, EngineOf(resolved).StyleOf(resolved));
  if (calibration != nullptr)
    model.Slow(1 / calibration->decode.value_or(1), 1 / calibration->prefill.value_or(1));
  return model;
}

StepModel MakeStepModel(const Resolved& resolved) {
  const bool calibrated = resolved.config != nullptr && resolved.config->cal;
  return MakeStepModel(resolved, calibrated ? &*resolved.config->cal : nullptr);
}

namespace {

// Servers in Python have one event loop in front of the scheduler's process (vllm/entrypoints/openai/api_server.py,
// sglang's TokenizerManager); llama-server tokenizes in the threads of its connections.
bool IsReceivedInTurn(const Resolved& resolved) { return resolved.engine->kernels == KernelGroup::kTorch; }

}  // namespace

Operation OperationOf(const Resolved& resolved, const Report& report) {
  const Engine& engine = EngineOf(resolved);
  Operation operation;
  operation.prompt_tokens = resolved.prompt_tokens;
  operation.output_tokens = resolved.output_tokens;
  operation.concurrency = static_cast<double>(resolved.concurrency);
  operation.max_sequences = resolved.max_num_seqs;
  operation.capacity_tokens = engine.CacheLimit(report);
  operation.chunk = engine.PromptChunk(resolved);
  operation.prompts_alone = engine.ReadsPromptsAlone();
  operation.received_in_turn = IsReceivedInTurn(resolved);
  operation.replicas = std::max<int64_t>(1, resolved.dp);
  return operation;
}

SpeedReport EstimateSpeed(const Resolved& resolved, const Report& report) {
  if (resolved.architecture == nullptr || resolved.cards.empty()) return {};
  return EstimateSpeed(resolved, MakeStepModel(resolved, report.calibration), OperationOf(resolved, report));
}

SchedulerSetup MakeSchedulerSetup(const Resolved& resolved, const Report& report) {
  SchedulerSetup setup;
  setup.TakeModel(MakeStepModel(resolved));
  setup.max_model_len = resolved.max_model_len;
  setup.max_num_seqs = resolved.max_num_seqs;
  setup.replicas = std::max<int64_t>(1, resolved.dp);
  const Engine& engine = EngineOf(resolved);
  setup.prompts_alone = engine.ReadsPromptsAlone();
  setup.metrics = &engine.metric_names();
  setup.received_in_turn = IsReceivedInTurn(resolved);
  engine.SetUpServer(resolved, report, &setup);
  return setup;
}

}  // namespace plimsoll
