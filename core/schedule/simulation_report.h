// A finished simulation as JSON and in words: percentiles, the timeline, how the engine's own metrics would
// read, and where alerts belong.
#ifndef PLIMSOLL_CORE_SCHEDULE_SIMULATION_REPORT_H_
#define PLIMSOLL_CORE_SCHEDULE_SIMULATION_REPORT_H_

#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/resolve/resolved.h"
#include "core/schedule/scheduler.h"

namespace plimsoll {

std::string_view RequestEndName(
    RequestEnd end);  // "done", "truncated", "prompt_too_long", "outgrew_pool", "pending"

// What one would see in the engine's metrics, and at what value somebody should be called.
struct MetricReading {
  std::string name;  // as the engine exports it
  double mean = 0, peak = 0;
  double alert = 0;     // above this
  std::string meaning;  // why, and what to do
};
std::vector<MetricReading> ReadMetrics(const Simulation& simulation, const SimulationSummary& summary,
                                       const Objective& objective);

// One sentence: whether the load is served, and what limits it.
std::string SimulationHeadline(const Simulation& simulation, const SimulationSummary& summary);

// Where the tokens of prompts were found that need not be computed, and how long all waited for copies of them, in one
// sentence; empty: none were, and nobody did.
std::string FoundText(const SimulationSummary& summary);

// As it stands under "summary" below, and back; what is absent or of another kind is zero.
Json SimulationSummaryJson(const SimulationSummary& summary);
SimulationSummary SimulationSummaryFromJson(const Json& json);

// {"headline","summary","timeline","metrics","requests"}. At most `most_requests` records; the rest is
// counted.
Json SimulationToJson(const Simulation& simulation, const Objective& objective, int64_t most_requests);

// The workload that a configuration asks for. What its `workload` does not say is filled in: a closed loop of
// `concurrency` users with `prompt_tokens` and `output_tokens`.
Workload WorkloadOf(const Resolved& resolved);
// A `workload` without what it says instead of this key of the configuration ("concurrency", "prompt_tokens" or
// "output_tokens"), so that the key is what counts; the shape of its lengths stays.
Json WorkloadFollowing(const Json& workload, std::string_view key);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_SCHEDULE_SIMULATION_REPORT_H_
