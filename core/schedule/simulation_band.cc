#include "core/schedule/simulation_band.h"

#include <algorithm>

#include "core/base/text.h"

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
          Summary(setup, requests, SlowStep(setup.model)), requests.initially_released > 0};
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

std::string SimulationBandText(const SimulationBand& band) {
  if (band.central.done == 0) return "";
  const auto range = [](double one, double other) {
    return DecimalText(std::min(one, other), 1) + " to " + DecimalText(std::max(one, other), 1) + " ms";
  };
  std::string text = "With steps as quick or as slow as single measurements lie: first token after " +
                     range(band.quick.ttft_ms.mean, band.slow.ttft_ms.mean) + ", " +
                     range(band.quick.tpot_ms.mean, band.slow.tpot_ms.mean) + " per token.";
  if (!band.NearSaturation()) return text;
  return text +
         (band.closed_loop
              ? " Near saturation: some of its users wait for a turn, the longer the slower its steps are."
              : " Near saturation: with slow steps the queue grows, and the time to first token with it.");
}

}  // namespace plimsoll
