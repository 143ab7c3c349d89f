#include "core/speed/measured_speeds_table.h"

#include <gtest/gtest.h>

#include <set>

#include "core/engines/registry.h"

namespace plimsoll {
namespace {

TEST(MeasuredSpeedsTable, EveryEngineHasARowWithItsSource) {
  std::set<std::string_view> rows;
  for (const EngineSpeeds& row : FittedSpeeds().engines) {
    EXPECT_TRUE(rows.insert(row.engine).second) << row.engine;
    EXPECT_FALSE(row.source.empty()) << row.engine;
  }
  for (const Engine* engine : Engines())
    EXPECT_EQ(rows.count(SpeedsOf(engine->traits())), 1u) << engine->traits().id;
}

// What holds whatever the fit says: more fuss never costs less, shares are shares.
TEST(MeasuredSpeedsTable, FactorsPointTheRightWay) {
  const MeasuredSpeeds& s = FittedSpeeds();
  EXPECT_GE(s.ggml_old_layer.value, 1) << "launches one by one";
  EXPECT_GE(s.eager_layer.value, 1);
  EXPECT_GE(s.no_dot_product.value, 1);
  EXPECT_GE(s.ggml_old_unpack.value, 1);
  EXPECT_GE(s.apple_m1_unpack.value, 1);
  for (const Coefficient* share : {&s.inline_ecc, &s.untuned_experts, &s.link_share, &s.ggml_pipeline,
                                   &s.accept_draft, &s.accept_eagle, &s.accept_mtp}) {
    EXPECT_GT(share->value, 0);
    EXPECT_LE(share->value, 1);
  }
  EXPECT_LT(s.accept_draft.value, 1) << "the geometric sum divides by one less this";
  for (const EngineSpeeds& row : s.engines) {
    EXPECT_LE(row.cache_stream_slow.value, row.cache_stream.value) << row.engine;
    for (const Coefficient& stream : row.stream) EXPECT_GT(stream.value, 0) << row.engine;
  }
}

TEST(MeasuredSpeedsTable, IsOneTable) { EXPECT_EQ(&FittedSpeeds(), &FittedSpeeds()); }

}  // namespace
}  // namespace plimsoll
