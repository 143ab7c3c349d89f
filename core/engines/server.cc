#include "core/engines/server.h"

#include <algorithm>

#include "core/engines/registry.h"

namespace plimsoll {

StepModel MakeStepModel(const Resolved& resolved) {
  return StepModel::Make(resolved, EngineOf(resolved).StyleOf(resolved));
}

Operation OperationOf(const Resolved& resolved, const Report& report) {
  const Engine& engine = EngineOf(resolved);
  Operation operation;
  operation.prompt_tokens = resolved.prompt_tokens;
  operation.output_tokens = resolved.output_tokens;
  operation.concurrency = static_cast<double>(resolved.concurrency);
  operation.max_sequences = resolved.max_num_seqs;
  operation.capacity_tokens = engine.CacheLimit(report);
  operation.chunk = engine.PromptChunk(resolved);
  operation.replicas = std::max<int64_t>(1, resolved.dp);
  return operation;
}

SpeedReport EstimateSpeed(const Resolved& resolved, const Report& report) {
  if (resolved.architecture == nullptr || resolved.cards.empty()) return {};
  return EstimateSpeed(resolved, MakeStepModel(resolved), OperationOf(resolved, report));
}

SchedulerSetup MakeSchedulerSetup(const Resolved& resolved, const Report& report) {
  SchedulerSetup setup;
  setup.TakeModel(MakeStepModel(resolved));
  setup.max_model_len = resolved.max_model_len;
  setup.max_num_seqs = resolved.max_num_seqs;
  const Engine& engine = EngineOf(resolved);
  setup.metrics = &engine.metric_names();
  engine.SetUpServer(resolved, report, &setup);
  return setup;
}

}  // namespace plimsoll
