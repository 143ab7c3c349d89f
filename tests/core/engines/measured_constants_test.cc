#include "core/engines/measured_constants.h"

#include <gtest/gtest.h>

#include <set>

namespace plimsoll {
namespace {

TEST(MeasuredConstants, EveryFigureHasASourceAndLiesInItsRange) {
  std::set<std::string_view> names;
  for (const MeasuredConstant& row : kMeasuredConstants) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_FALSE(row.source.empty()) << row.name;
    EXPECT_GE(row.value, row.low) << row.name;
    EXPECT_LE(row.value, row.high) << row.name;
    EXPECT_LT(row.low, row.high) << row.name;
    EXPECT_EQ(&Measured(row.id), &row) << row.name;
    EXPECT_EQ(Value(row.id), row.value);
  }
}

// What physics or the engine's source says of them, whatever the logs.
TEST(MeasuredConstants, OrdersThatHold) {
  EXPECT_GT(Value(Measure::kVllmNcclNvlink), Value(Measure::kVllmNcclPcie))
      << "custom all-reduce needs peers";
  EXPECT_GT(Value(Measure::kVllmNcclAfterNvlink), Value(Measure::kVllmNcclAfterPcie));
  EXPECT_GT(Value(Measure::kVllmSamplerSort), Value(Measure::kVllmSamplerRecent));
  // The profile run samples greedily with runner V2: logits in 16 bits alone.
  EXPECT_EQ(Value(Measure::kVllmSamplerV2), 2);
  // Logits in 16 bits, their copy in 32, probabilities and what is sampled from them, 32 bits each.
  EXPECT_EQ(Value(Measure::kVllmSamplerRecent), 2 + 4 + 4 + 4);
  EXPECT_GT(Value(Measure::kVllmContextBlackwell), Value(Measure::kVllmContextHopper));
  EXPECT_GT(Value(Measure::kVllmContextHopper), Value(Measure::kVllmContextAmpere));
  EXPECT_GT(Value(Measure::kVllmContextAmpere), Value(Measure::kVllmContextSmall));
}

}  // namespace
}  // namespace plimsoll
