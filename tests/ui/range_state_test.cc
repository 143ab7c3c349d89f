#include "web/range_state.h"

#include <gtest/gtest.h>

#include "core/config/config_url.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

TEST(RangeState, FindsWhatTheSolverFinds) {
  Config config = DecodeConfigUrl("m=llama-3.1-8b&g=h100-sxm&ctx=8192&in=1024&out=128")->config;
  config.workload = Json::MakeObject();
  config.workload.Set("ttft_ms", 500).Set("tpot_ms", 20);
  RangeState state;
  EXPECT_TRUE(state.Follow(1, config, ShippedCatalog(), false)) << "it waits until the change has settled";
  EXPECT_EQ(state.range(LoadKind::kUsers), nullptr);
  for (int i = 0; i < 100000 && state.Follow(1, config, ShippedCatalog(), true); ++i) {
  }
  ASSERT_NE(state.range(LoadKind::kUsers), nullptr);
  ASSERT_NE(state.range(LoadKind::kRate), nullptr);
  EXPECT_EQ(state.range(LoadKind::kUsers)->load,
            FindOperatingRange(LoadKind::kUsers, config, ShippedCatalog())->load);
  EXPECT_EQ(state.range(LoadKind::kRate)->load,
            FindOperatingRange(LoadKind::kRate, config, ShippedCatalog())->load);
}

TEST(RangeState, WithoutALimitItSaysSo) {
  const Config config = DecodeConfigUrl("m=llama-3.1-8b&g=h100-sxm&ctx=8192")->config;
  RangeState state;
  EXPECT_FALSE(state.Follow(1, config, ShippedCatalog(), true));
  EXPECT_NE(state.problem().find("ttft_ms"), std::string::npos);
}

}  // namespace
}  // namespace plimsoll
