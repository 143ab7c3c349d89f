#include "core/solve/operating_range.h"

#include <gtest/gtest.h>

#include "core/config/config_url.h"
#include "core/engines/server.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/schedule/simulation_report.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

Config Limited(double ttft_ms, double tpot_ms) {
  Config config = DecodeConfigUrl("m=llama-3.1-8b&g=h100-sxm&ctx=8192&in=1024&out=128")->config;
  config.workload = Json::MakeObject();
  if (ttft_ms > 0) config.workload.Set("ttft_ms", ttft_ms);
  if (tpot_ms > 0) config.workload.Set("tpot_ms", tpot_ms);
  return config;
}

// A simulation of its own, with all requests counted one by one.
double ShareInLimits(const Config& config, double ttft_ms, double tpot_ms) {
  const Result<Resolved> resolved = Settle(config, ShippedCatalog());
  Simulation simulation(MakeSchedulerSetup(*resolved, EstimateResolved(*resolved)),
                        *GenerateRequests(WorkloadOf(*resolved)));
  while (!simulation.Advance(1000)) {
  }
  const SimulationSummary summary = simulation.Summarize({ttft_ms, tpot_ms});
  return summary.goodput_requests_per_s / summary.requests_per_s;
}

TEST(OperatingRange, TheMostUsersKeepTheLimitsAndOneMoreDoesNot) {
  const Result<OperatingRange> range =
      FindOperatingRange(LoadKind::kUsers, Limited(500, 20), ShippedCatalog());
  ASSERT_TRUE(range.ok()) << range.error().Message();
  ASSERT_TRUE(range->any);
  EXPECT_FALSE(range->most);
  EXPECT_GT(range->load, 1);
  EXPECT_EQ(range->config.concurrency, static_cast<int64_t>(range->load));
  EXPECT_GE(ShareInLimits(range->config, 500, 20), kShareInLimits);
  Config more = range->config;
  more.concurrency = *more.concurrency + 1;
  EXPECT_LT(ShareInLimits(more, 500, 20), kShareInLimits);
}

TEST(OperatingRange, TheLargestRateKeepsTheLimits) {
  const Result<OperatingRange> range =
      FindOperatingRange(LoadKind::kRate, Limited(500, 20), ShippedCatalog());
  ASSERT_TRUE(range.ok()) << range.error().Message();
  ASSERT_TRUE(range->any);
  EXPECT_GE(ShareInLimits(range->config, 500, 20), kShareInLimits);
  EXPECT_GT(range->load, 0.1);
}

// A load that names its users is asked with others all the same.
TEST(OperatingRange, ALoadsOwnUsersAreNotKept) {
  Config own = Limited(500, 20);
  own.workload.Set("users", 2).Set("num_prompts", 10);
  const Result<OperatingRange> range = FindOperatingRange(LoadKind::kUsers, own, ShippedCatalog());
  const Result<OperatingRange> plain =
      FindOperatingRange(LoadKind::kUsers, Limited(500, 20), ShippedCatalog());
  ASSERT_TRUE(range.ok() && plain.ok());
  EXPECT_EQ(range->load, plain->load);
}

TEST(OperatingRange, TighterLimitsBearLess) {
  double before = 1e9;
  for (const double tpot : {40.0, 20.0, 12.0, 9.0}) {
    const Result<OperatingRange> range =
        FindOperatingRange(LoadKind::kUsers, Limited(0, tpot), ShippedCatalog());
    ASSERT_TRUE(range.ok());
    EXPECT_LE(range->load, before) << tpot;
    before = range->load;
  }
}

TEST(OperatingRange, ALimitThatNobodyKeepsIsSaidAndNoLimitIsRefused) {
  const Result<OperatingRange> none =
      FindOperatingRange(LoadKind::kUsers, Limited(0.01, 0), ShippedCatalog());
  ASSERT_TRUE(none.ok());
  EXPECT_FALSE(none->any);
  EXPECT_FALSE(FindOperatingRange(LoadKind::kUsers, Limited(0, 0), ShippedCatalog()).ok());
  Config large = Limited(500, 0);
  large.model = "llama-3.1-70b";
  EXPECT_FALSE(FindOperatingRange(LoadKind::kUsers, large, ShippedCatalog()).ok()) << "it does not fit";
}

TEST(OperatingRange, IsOneFigureOfATable) {
  EXPECT_EQ(RangeText({LoadKind::kUsers, true, false, 368}), "368");
  EXPECT_EQ(RangeText(OfReplicas({LoadKind::kUsers, true, true, 4096}, 2)), "at least 8,192");
  EXPECT_EQ(RangeText({LoadKind::kRate, true, false, 2.813}), "2.81");
  EXPECT_EQ(RangeText({LoadKind::kRate, true, false, 42.06}), "42.1");
  EXPECT_EQ(RangeText({LoadKind::kUsers, false, false, 0}), "none");
  Config config = Limited(500, 20);
  const std::optional<RangeFigure> figure = FindRangeFigure(LoadKind::kUsers, config, ShippedCatalog());
  ASSERT_TRUE(figure.has_value());
  EXPECT_EQ(figure->load, FindOperatingRange(LoadKind::kUsers, config, ShippedCatalog())->load);
  EXPECT_EQ(LoadKindOf(*Settle(config, ShippedCatalog())), LoadKind::kUsers);
  config.workload.Set("arrival", "poisson").Set("arrival_rate", 2);
  EXPECT_EQ(LoadKindOf(*Settle(config, ShippedCatalog())), LoadKind::kRate);
  EXPECT_FALSE(FindRangeFigure(LoadKind::kUsers, Limited(0, 0), ShippedCatalog()).has_value());
}

}  // namespace
}  // namespace plimsoll
