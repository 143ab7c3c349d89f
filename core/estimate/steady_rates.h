// Why a simulated load reads other figures than the estimate of the same configuration: both answer a question of their own.
#ifndef PLIMSOLL_CORE_ESTIMATE_STEADY_RATES_H_
#define PLIMSOLL_CORE_ESTIMATE_STEADY_RATES_H_

#include <cstdint>
#include <string>

#include "core/config/workload.h"
#include "core/resolve/report.h"
#include "core/schedule/scheduler.h"

namespace plimsoll {

// One or two sentences with both figures; empty where they agree to a hundredth, as they do for a single user. `steady` is
// the estimate's speed for `users` who always have a request running.
std::string BesideSteadyRates(const SpeedReport& steady, int64_t users, const SimulationSummary& simulated,
                              const Workload& workload);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ESTIMATE_STEADY_RATES_H_
