#include "core/schedule/simulation_band.h"

#include <algorithm>

namespace plimsoll {
namespace {

SimulationSummary Summary(SchedulerSetup setup, const RequestList& requests, double factor) {
  setup.model = setup.model.Scaled(factor);
  return Simulate(setup, requests).Summarize({});
}

Json Ends(double one, double other) {
  Json json = Json::MakeObject();
  json.Set("low", std::min(one, other)).Set("high", std::max(one, other));
  return json;
}

}  // namespace

double QuickStep(const StepModel& model) { return 1 / (1 + model.above()); }
double SlowStep(const StepModel& model) { return 1 / (1 - model.below()); }

bool SimulationBand::NearSaturation() const {
  // Times to first token grow with the steps; four times as much from one end to the other is a queue.
  constexpr double kQueue = 4;
  return central.saturated || slow.saturated || slow.ttft_ms.mean > kQueue * quick.ttft_ms.mean;
}

SimulationBand SimulateBand(const SchedulerSetup& setup, const RequestList& requests) {
  return {Summary(setup, requests, QuickStep(setup.model)), Summary(setup, requests, 1),
          Summary(setup, requests, SlowStep(setup.model))};
}

Json SimulationBandJson(const SimulationBand& band) {
  Json json = Json::MakeObject();
  json.Set("near_saturation", band.NearSaturation());
  json.Set("ttft_ms", Ends(band.quick.ttft_ms.mean, band.slow.ttft_ms.mean));
  json.Set("tpot_ms", Ends(band.quick.tpot_ms.mean, band.slow.tpot_ms.mean));
  json.Set("end_to_end_ms", Ends(band.quick.end_to_end_ms.mean, band.slow.end_to_end_ms.mean));
  json.Set("output_tokens_per_s", Ends(band.quick.output_tokens_per_s, band.slow.output_tokens_per_s));
  return json;
}

}  // namespace plimsoll
