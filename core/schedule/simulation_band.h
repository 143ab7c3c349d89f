// A load simulated three times: with the steps that the model expects, and with quicker and slower ones, as far away as
// eight tenths of measured runs lie. Near the edge of what a server can do a step a few percent longer lets the queue grow
// without end, so one number for the time to first token would promise what nobody can know.
#ifndef PLIMSOLL_CORE_SCHEDULE_SIMULATION_BAND_H_
#define PLIMSOLL_CORE_SCHEDULE_SIMULATION_BAND_H_

#include <string>

#include "core/base/json.h"
#include "core/schedule/scheduler.h"

namespace plimsoll {

// Step times at the two ends of the model's band, over the expected one.
double QuickStep(const StepModel& model);
double SlowStep(const StepModel& model);

struct SimulationBand {
  SimulationSummary quick, central, slow;
  bool closed_loop = false;  // whoever has an answer asks again: no queue grows without end
  // With slow steps the server falls behind: the times to first token are then those of a queue that grows.
  bool NearSaturation() const;
};
SimulationBand SimulateBand(const SchedulerSetup& setup, const RequestList& requests);

// {"near_saturation","ttft_ms":{"low","high"},"tpot_ms","end_to_end_ms","output_tokens_per_s"}: means of a request.
Json SimulationBandJson(const SimulationBand& band);
// What the band makes of the times, in one or two sentences; empty when nothing ran.
std::string SimulationBandText(const SimulationBand& band);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_SCHEDULE_SIMULATION_BAND_H_
