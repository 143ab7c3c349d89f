// A finished simulation as the Schedule tab plays it. It comes from a worker as JSON, in which the requests are lines of whole
// numbers (times in microseconds): a tree of values for twenty thousand of them would hold up the frame that reads it.
#ifndef PLIMSOLL_WEB_PLAYBACK_H_
#define PLIMSOLL_WEB_PLAYBACK_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/schedule/scheduler.h"
#include "core/schedule/simulation_band.h"
#include "core/schedule/simulation_report.h"

namespace plimsoll {

struct Playback {
  double now = 0;      // seconds, when everything had ended
  int64_t blocks = 0;  // of the pool
  std::string headline;
  std::string band;    // SimulationBandText
  std::string beside;  // BesideSteadyRates
  SimulationSummary summary;
  std::vector<MetricReading> metrics;
  std::vector<TimelineSample> samples;
  std::vector<RequestRecord> records;
};

Playback PlaybackOf(const Simulation& simulation, const Objective& objective);

Json PlaybackToJson(const Playback& playback);
Result<Playback> PlaybackFromJson(const Json& json);

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_PLAYBACK_H_
