#include "web/range_state.h"

#include <gtest/gtest.h>

#include "core/config/config_url.h"
#include "core/solve/operating_range.h"
#include "tests/support/shipped_catalog.h"
#include "web/worker/work.h"

namespace plimsoll {
namespace {

// What is asked is answered as a worker does.
void Answer(Errands& errands) {
  for (const Errand& errand : errands.TakeQuestions())
    errands.Answer(errand.id, DoWork(errand.kind, errand.question, ShippedCatalog()));
}

TEST(RangeState, FindsWhatTheSolverFinds) {
  Config config = DecodeConfigUrl("m=llama-3.1-8b&g=h100-sxm&ctx=8192&in=1024&out=128")->config;
  config.workload = Json::MakeObject();
  config.workload.Set("ttft_ms", 500).Set("tpot_ms", 20);
  RangeState state;
  Errands errands;
  state.Follow(1, config, false, &errands);
  EXPECT_EQ(errands.asked(), 0) << "it waits until the change has settled";
  state.Follow(1, config, true, &errands);
  EXPECT_EQ(state.range(LoadKind::kUsers), nullptr);
  Answer(errands);
  state.Follow(1, config, true, &errands);
  for (const LoadKind kind : {LoadKind::kUsers, LoadKind::kRate}) {
    const OperatingRange expected = *FindOperatingRange(kind, config, ShippedCatalog());
    ASSERT_NE(state.range(kind), nullptr);
    EXPECT_EQ(state.range(kind)->load, expected.load);
    EXPECT_EQ(state.range(kind)->any, expected.any);
    EXPECT_EQ(state.range(kind)->config, expected.config);
    EXPECT_EQ(state.range(kind)->output_tokens_per_s, expected.summary.output_tokens_per_s);
  }
}

TEST(RangeState, WithoutALimitItSaysSo) {
  const Config config = DecodeConfigUrl("m=llama-3.1-8b&g=h100-sxm&ctx=8192")->config;
  RangeState state;
  Errands errands;
  state.Follow(1, config, true, &errands);
  Answer(errands);
  state.Follow(1, config, true, &errands);
  EXPECT_NE(state.problem().find("ttft_ms"), std::string::npos);
}

}  // namespace
}  // namespace plimsoll
