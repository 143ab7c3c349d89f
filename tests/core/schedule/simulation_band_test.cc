#include "core/schedule/simulation_band.h"

#include <gtest/gtest.h>

#include "core/engines/server.h"
#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

SchedulerSetup Server() {
  const EstimatedCase server =
      EstimateText(R"({"model":"llama-3.1-8b","gpu":"h100-sxm","max_model_len":8192})");
  return MakeSchedulerSetup(server.resolved, server.report);
}

RequestList Load(double rate) {
  Workload workload;
  workload.arrival = Arrival::kPoisson;
  workload.rate = rate;
  workload.requests = 600;
  workload.prompt.mean = 500;
  workload.output.mean = 200;
  const Result<RequestList> list = GenerateRequests(workload);
  EXPECT_TRUE(list.ok());
  return *list;
}

TEST(SimulationBand, QuickStepsAnswerSoonerAndSlowOnesLater) {
  const SchedulerSetup setup = Server();
  const SimulationBand band = SimulateBand(setup, Load(2));
  EXPECT_LT(band.quick.tpot_ms.mean, band.central.tpot_ms.mean);
  EXPECT_LT(band.central.tpot_ms.mean, band.slow.tpot_ms.mean);
  EXPECT_LT(band.quick.ttft_ms.mean, band.slow.ttft_ms.mean);
  EXPECT_FALSE(band.NearSaturation());
  EXPECT_NEAR(QuickStep(setup.model) * (1 + setup.model.above()), 1, 1e-12);
  EXPECT_NEAR(SlowStep(setup.model) * (1 - setup.model.below()), 1, 1e-12);
  EXPECT_DOUBLE_EQ(band.central.ttft_ms.mean, Simulate(setup, Load(2)).Summarize({}).ttft_ms.mean);
}

// A server that keeps up with the expected steps and not with slow ones: the band says so, one number would not.
TEST(SimulationBand, NearTheEdgeTheFirstTokenIsAWideBand) {
  SchedulerSetup setup = Server();
  setup.max_num_seqs = 16;
  double rate = 2;
  while (rate < 500 && !SimulateBand(setup, Load(rate)).NearSaturation()) rate *= 1.1;
  ASSERT_LT(rate, 500);
  const SimulationBand band = SimulateBand(setup, Load(rate));
  EXPECT_GT(band.slow.ttft_ms.mean, 3 * band.quick.ttft_ms.mean);
  EXPECT_LT(band.slow.tpot_ms.mean, 3 * band.quick.tpot_ms.mean) << "a token takes a step, queue or not";
  const Json json = SimulationBandJson(band);
  EXPECT_TRUE(json.Find("near_saturation")->AsBool().value_or(false));
  EXPECT_DOUBLE_EQ(*json.Find("ttft_ms")->Find("low")->AsDouble(), band.quick.ttft_ms.mean);
  EXPECT_DOUBLE_EQ(*json.Find("ttft_ms")->Find("high")->AsDouble(), band.slow.ttft_ms.mean);
  EXPECT_NE(SimulationBandText(band).find("Near saturation"), std::string::npos);
  EXPECT_EQ(SimulationBandText(SimulateBand(Server(), Load(2))).find("Near saturation"), std::string::npos);
  EXPECT_EQ(SimulationBandText({}), "") << "nothing ran";
  EXPECT_LE(*json.Find("output_tokens_per_s")->Find("low")->AsDouble(),
            *json.Find("output_tokens_per_s")->Find("high")->AsDouble());
}

// Users who wait for their answers before they ask again: no queue of theirs grows without end.
TEST(SimulationBand, InAClosedLoopUsersWaitForATurn) {
  SchedulerSetup setup = Server();
  setup.max_num_seqs = 4;
  Workload workload;
  workload.arrival = Arrival::kClosedLoop;
  workload.users = 40;
  workload.requests = 400;
  workload.prompt.mean = 500;
  workload.output.mean = 200;
  const Result<RequestList> list = GenerateRequests(workload);
  ASSERT_TRUE(list.ok());
  const SimulationBand band = SimulateBand(setup, *list);
  EXPECT_TRUE(band.closed_loop);
  ASSERT_TRUE(band.NearSaturation());
  EXPECT_NE(SimulationBandText(band).find("wait for a turn"), std::string::npos);
  EXPECT_EQ(SimulationBandText(band).find("queue grows"), std::string::npos);
}

}  // namespace
}  // namespace plimsoll
