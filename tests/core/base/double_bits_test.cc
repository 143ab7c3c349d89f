#include "core/base/double_bits.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace plimsoll {
namespace {

// IEEE 754, table 3.5: one has the exponent 1023 and no fraction.
TEST(DoubleBits, AreSignExponentAndFraction) {
  EXPECT_EQ(BitsOf(1.0), uint64_t{1023} << 52);
  EXPECT_EQ(BitsOf(-2.0), (uint64_t{1} << 63) | (uint64_t{1024} << 52));
  EXPECT_EQ(BitsOf(1.5), (uint64_t{1023} << 52) | (uint64_t{1} << 51));
  EXPECT_EQ(BitsOf(0.0), 0u);
}

TEST(DoubleBits, ComeBackAsTheyWere) {
  for (const double value : {0.0, -0.0, 0.1, -1e300, 5e-324, std::numeric_limits<double>::infinity()}) {
    EXPECT_EQ(FromBits(BitsOf(value)), value);
    EXPECT_EQ(std::signbit(FromBits(BitsOf(value))), std::signbit(value));
  }
}

}  // namespace
}  // namespace plimsoll
