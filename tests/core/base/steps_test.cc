#include "core/base/steps.h"

#include <gtest/gtest.h>

#include <limits>

namespace plimsoll {
namespace {

TEST(Steps, AreTakenUpToTheLimitAndNeverAfterIt) {
  Steps steps(10);
  EXPECT_TRUE(steps.Take(4));
  EXPECT_TRUE(steps.Take(6)) << "the last one is still inside";
  EXPECT_EQ(steps.taken(), 10);
  EXPECT_FALSE(steps.over());
  EXPECT_FALSE(steps.Take(1));
  EXPECT_TRUE(steps.over());
  EXPECT_FALSE(steps.Take(0)) << "once passed, always passed";
}

TEST(Steps, NoCountIsTooLarge) {
  Steps steps(10);
  EXPECT_TRUE(steps.Take(3));
  EXPECT_FALSE(steps.Take(std::numeric_limits<int64_t>::max()));
  EXPECT_EQ(steps.taken(), 11) << "counted to just beyond the limit";
}

}  // namespace
}  // namespace plimsoll
