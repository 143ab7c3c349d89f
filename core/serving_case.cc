#include "core/serving_case.h"

#include <algorithm>
#include <utility>

#include "core/scheduler.h"
#include "core/simulation_report.h"

namespace plimsoll {
namespace {

// Rate-driven runs without a number of prompts: a minute of arrivals, as the published ones last.
constexpr double kSecondsOfArrivals = 60;
constexpr double kMostSimulated = 20000;

void TakeServer(const Json& workload, SchedulerSetup* setup) {
  const auto whole = [&](std::string_view key) -> int64_t {
    const Json* value = workload.Find(key);
    return value ? value->AsInt().value_or(0) : 0;
  };
  if (const int64_t tokens = whole("kv_cache_tokens"); tokens > 0) {
    // The log counts tokens of the whole cache; a block id serves one group.
    setup->blocks =
        tokens / std::max<int64_t>(setup->block_size, 1) *
        std::max<int64_t>(setup->full_groups + setup->window_groups + (setup->state_blocks > 0 ? 1 : 0), 1);
  }
  if (const int64_t seqs = whole("max_num_seqs"); seqs > 0) setup->max_num_seqs = seqs;
  if (const int64_t tokens = whole("max_num_batched_tokens"); tokens > 0)
    setup->max_num_batched_tokens = tokens;
}

}  // namespace

Result<ServingPrediction> PredictServing(const Resolved& resolved, const Report& report, const Json& workload,
                                         bool median) {
  Workload defaults = WorkloadOf(resolved);
  Result<Workload> read = ReadWorkload(workload, defaults, "workload");
  if (!read.ok()) return read.error();
  const bool rated = read->arrival == Arrival::kPoisson || read->arrival == Arrival::kConstant;
  if (rated && !workload.Has("num_prompts")) {
    read->requests = static_cast<int64_t>(std::clamp(read->rate * kSecondsOfArrivals, 64.0, kMostSimulated));
  }
  read->requests = std::min(read->requests, static_cast<int64_t>(kMostSimulated));
  Result<RequestList> list = GenerateRequests(*read);
  if (!list.ok()) return list.error();
  SchedulerSetup setup = MakeSchedulerSetup(resolved, report);
  TakeServer(workload, &setup);
  // A measured run did run: a pool that our budget denies it is not the scheduler's error.
  int64_t longest = 0;
  for (const Request& request : list->requests) longest = std::max(longest, request.prompt + request.output);
  if (setup.blocks * setup.block_size < longest * setup.full_groups) {
    return Error{"workload", "requests of up to " + std::to_string(longest) + " tokens",
                 "what the KV cache has room for"};
  }
  const Simulation simulation = Simulate(setup, std::move(*list));
  const SimulationSummary summary = simulation.Summarize({});
  if (summary.done == 0)
    return Error{"workload", "no request that runs", "requests that fit into the KV cache"};
  ServingPrediction prediction;
  prediction.ttft_ms = median ? summary.ttft_ms.p50 : summary.ttft_ms.mean;
  prediction.tpot_ms = median ? summary.tpot_ms.p50 : summary.tpot_ms.mean;
  prediction.output_tokens_per_s = summary.output_tokens_per_s;
  return prediction;
}

}  // namespace plimsoll
