#include "core/estimate/steady_rates.h"

#include <gtest/gtest.h>

#include "core/engines/server.h"
#include "core/schedule/simulation_report.h"
#include "tests/support/estimates.h"

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

Workload Users(int64_t users) {
  Workload workload;
  workload.users = users;
  return workload;
}

TEST(SteadyRates, SaysNothingWhereBothAgree) {
  EXPECT_EQ(BesideSteadyRates(Steady(), Simulated(1501, 40.1), Users(1)), "");
  EXPECT_EQ(BesideSteadyRates(Steady(), SimulationSummary(), Users(8)), "");
  EXPECT_EQ(BesideSteadyRates(std::nullopt, Simulated(2500, 31), Users(8)), "");
}

TEST(SteadyRates, SaysBothFiguresAndWhy) {
  const std::string both =
      "On average first token after 2.5 s, then 32.3 tok/s each. The estimate says first token after 1.5 s, "
      "then 25.0 tok/s each: it is for ";
  EXPECT_EQ(
      BesideSteadyRates(Steady(), Simulated(2500, 31), Users(8)),
      both +
          "8 users who always have a request running, spread evenly; here they begin together and stay in "
          "step, so that their prompts wait for each other and their answers are interrupted less.");
  Workload paced;
  paced.arrival = Arrival::kPoisson;
  paced.rate = 2.25;
  SimulationSummary repeated = Simulated(2500, 31);
  repeated.cached_tokens = 1;
  EXPECT_EQ(
      BesideSteadyRates(Steady(), repeated, paced),
      both +
          "2.25 requests per second in the long run; here 100 come, the first of them to an idle server; it "
          "reads every prompt from its beginning.");
  SimulationSummary copied = Simulated(2500, 31);
  copied.copying = 0.5;
  EXPECT_EQ(BesideSteadyRates(Steady(), copied, Users(1)),
            both + "1 user who always has a request running; it waits for no copies of prompts to RAM.");
}

EstimatedCase Served(const std::string& more) {
  return EstimateText(R"({"model":"llama-3.1-8b","gpu":"h100-sxm","max_model_len":8192)" + more + "}");
}

// Not of the configuration's one user: `estimate` asked for as many says the same.
TEST(SteadyRates, AreOfTheLoadsOwnUsersAndLengths) {
  const EstimatedCase one =
      Served(R"(,"workload":{"users":24,"input_len":{"mean":3000},"output_len":{"mean":150}})");
  const auto steady = SteadyRatesOf(one.resolved, one.report, WorkloadOf(one.resolved));
  ASSERT_TRUE(steady.has_value());
  const EstimatedCase asked = Served(R"(,"concurrency":24,"prompt_tokens":3000,"output_tokens":150)");
  EXPECT_DOUBLE_EQ(steady->ttft_ms, asked.report.speed.ttft_ms);
  EXPECT_DOUBLE_EQ(steady->tpot_ms, asked.report.speed.tpot_ms);
  EXPECT_GT(steady->tpot_ms, 1.1 * one.report.speed.tpot_ms);
}

// Two requests a second of 256 tokens each are 512 tokens a second, whoever is configured to ask.
TEST(SteadyRates, OfARateAreThoseOfAsManyAsItBrings) {
  const EstimatedCase one = Served(R"(,"workload":{"arrival":"poisson","arrival_rate":2})");
  const auto steady = SteadyRatesOf(one.resolved, one.report, WorkloadOf(one.resolved));
  ASSERT_TRUE(steady.has_value());
  EXPECT_NEAR(steady->decode_tokens_per_s_total, 512, 5.12);
  EXPECT_GT(steady->tpot_ms, one.report.speed.tpot_ms);
  EXPECT_LT(steady->tpot_ms, 2 * one.report.speed.tpot_ms);
}

TEST(SteadyRates, OfWhatHasNoLongRunThereAreNone) {
  for (const char* load : {R"({"arrival":"burst","requests":50})", R"({"turns":3})", R"({"think_time":1})",
                           R"({"arrival":"poisson","arrival_rate":100000})"}) {
    const EstimatedCase c = Served(std::string(R"(,"workload":)") + load);
    ASSERT_EQ(c.error, "") << load;
    EXPECT_FALSE(SteadyRatesOf(c.resolved, c.report, WorkloadOf(c.resolved)).has_value()) << load;
  }
  const EstimatedCase c = Served("");
  Workload traced = WorkloadOf(c.resolved);
  EXPECT_TRUE(SteadyRatesOf(c.resolved, c.report, traced).has_value());
  traced.trace.resize(1);
  EXPECT_FALSE(SteadyRatesOf(c.resolved, c.report, traced).has_value());
}

}  // namespace
}  // namespace plimsoll
