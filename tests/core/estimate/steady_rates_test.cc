#include "core/estimate/steady_rates.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

SpeedReport Steady() {
  SpeedReport speed;
  speed.ttft_ms = 1500;
  speed.tpot_ms = 40;
  return speed;
}

SimulationSummary Simulated(double ttft_ms, double tpot_ms) {
  SimulationSummary summary;
  summary.done = 10;
  summary.ttft_ms.mean = ttft_ms;
  summary.tpot_ms.mean = tpot_ms;
  return summary;
}

TEST(SteadyRates, SaysNothingWhereBothAgree) {
  EXPECT_EQ(BesideSteadyRates(Steady(), 1, Simulated(1501, 40.1), Workload()), "");
  EXPECT_EQ(BesideSteadyRates(Steady(), 8, SimulationSummary(), Workload()), "");
}

TEST(SteadyRates, SaysBothFiguresAndWhy) {
  const std::string text = BesideSteadyRates(Steady(), 8, Simulated(2500, 31), Workload());
  EXPECT_EQ(
      text,
      "On average first token after 2.5 s, then 32.3 tok/s each. The estimate says first token after 1.5 s, "
      "then 25.0 "
      "tok/s each: it is for 8 users who always have a request running, spread evenly; here they begin "
      "together and "
      "stay in step, so that their prompts wait for each other and their answers are interrupted less.");
  Workload paced;
  paced.arrival = Arrival::kPoisson;
  paced.rate = 2.5;
  EXPECT_NE(BesideSteadyRates(Steady(), 1, Simulated(2500, 32), paced)
                .find("1 user who always has a request running; here 2.5 requests come per second"),
            std::string::npos);
}

}  // namespace
}  // namespace plimsoll
