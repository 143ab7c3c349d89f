// Why a simulated load reads other figures than the estimate of the same load: both answer a question of their own.
#ifndef PLIMSOLL_CORE_ESTIMATE_STEADY_RATES_H_
#define PLIMSOLL_CORE_ESTIMATE_STEADY_RATES_H_

#include <optional>
#include <string>

#include "core/config/workload.h"
#include "core/resolve/report.h"
#include "core/resolve/resolved.h"
#include "core/schedule/scheduler.h"

namespace plimsoll {

// The estimate of that load in the long run: its own users who always have a request running, or its own rate, with lengths
// of its means. Nothing where there is no such state: requests that come all at once or by a trace, sessions whose prompts
// grow, users who pause, more requests per second than are answered.
std::optional<SpeedReport> SteadyRatesOf(const Resolved& resolved, const Report& report,
                                         const Workload& workload);

// One or two sentences with both figures; empty where they agree to a hundredth, as they do for a single user, and where
// there is no such estimate.
std::string BesideSteadyRates(const std::optional<SpeedReport>& steady, const SimulationSummary& simulated,
                              const Workload& workload);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ESTIMATE_STEADY_RATES_H_
