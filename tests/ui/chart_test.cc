#include "web/chart.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

TEST(Chart, TicksHaveTheDigitsOfTheirStepInTheUnitOfTheirEnd) {
  EXPECT_EQ(TickText(Scale::kSeconds, 0, 0.05, 0.2), "0");
  EXPECT_EQ(TickText(Scale::kSeconds, 0.05, 0.05, 0.2), "50 ms");
  EXPECT_EQ(TickText(Scale::kSeconds, 0.0005, 0.0005, 0.002), "0.5 ms");
  EXPECT_EQ(TickText(Scale::kSeconds, 0.5, 0.5, 2), "0.5 s");
  EXPECT_EQ(TickText(Scale::kSeconds, 20, 20, 80), "20 s");
  EXPECT_EQ(TickText(Scale::kSeconds, 60, 60, 300), "1 min");
  EXPECT_EQ(TickText(Scale::kSeconds, 30, 30, 120), "0.5 min");
  EXPECT_EQ(TickText(Scale::kSeconds, 7200, 3600, 20000), "2 h");
  EXPECT_EQ(TickText(Scale::kNumber, 0, 0.5, 2), "0");
  EXPECT_EQ(TickText(Scale::kNumber, 0.5, 0.5, 2), "0.5");
  EXPECT_EQ(TickText(Scale::kNumber, 0.02, 0.01, 0.05), "0.02");
  EXPECT_EQ(TickText(Scale::kNumber, 3000, 1000, 4000), "3,000");
  EXPECT_EQ(TickText(Scale::kPercent, 0, 50, 100), "0 %");
  EXPECT_EQ(TickText(Scale::kPercent, 50, 50, 100), "50 %");
  EXPECT_EQ(TickText(Scale::kTokens, 4096, 0, 16384), "4k");
}

// An axis in minutes has no thirds of them.
TEST(Chart, StepsAreRoundInTheUnitOfTheAxis) {
  EXPECT_EQ(TickStep(80, 4, Scale::kSeconds), 20);
  EXPECT_EQ(TickStep(95, 5, Scale::kSeconds), 30);
  EXPECT_EQ(TickStep(100, 10, Scale::kSeconds), 30);
  EXPECT_EQ(TickStep(7000, 4, Scale::kSeconds), 1800);
  EXPECT_EQ(TickStep(7, 4, Scale::kNumber), 2);
}

}  // namespace
}  // namespace plimsoll
