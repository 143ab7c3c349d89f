#include "core/base/units.h"

#include <cmath>
#include <limits>

#include "gtest/gtest.h"

namespace plimsoll {
namespace {

static_assert(sizeof(Bytes) == 8, "byte counts are 64 bits wide in both builds");
static_assert(GiB(1) == MiB(1024) && MiB(1) == KiB(1024) && KiB(1) == Bytes(1024));
static_assert(GB(1) == MB(1000) && GB(1) < GiB(1));
static_assert(GiB(80) / GiB(1) == 80);
static_assert(CeilDiv(0, 7) == 0 && CeilDiv(1, 7) == 1 && CeilDiv(7, 7) == 1 && CeilDiv(8, 7) == 2);
static_assert(RoundUp(65, 64) == 128 && RoundUp(64, 64) == 64);
template <typename A, typename B>
concept CanAdd = requires(A a, B b) {
  a + b;
};
static_assert(CanAdd<Bytes, Bytes>);
static_assert(!CanAdd<Bytes, int>, "a bare number is not a byte count");
static_assert(!CanAdd<Seconds, BytesPerSecond>, "units do not mix");

TEST(Units, BytesSaturateInsteadOfOverflowing) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  EXPECT_EQ((Bytes(kMax) + Bytes(1)).count(), kMax);
  EXPECT_EQ((Bytes(kMin) - Bytes(1)).count(), kMin);
  EXPECT_EQ((Bytes(kMax) * 2).count(), kMax);
  EXPECT_EQ((Bytes(kMax) * -2).count(), kMin);
  EXPECT_EQ((Bytes(0) - Bytes(kMin)).count(), kMax);
  EXPECT_EQ(RoundUp(kMax, 64), kMax);
}

TEST(Units, FromDoubleIsTotal) {
  EXPECT_EQ(BytesFromDouble(std::nan("")).count(), 0);
  EXPECT_EQ(BytesFromDouble(1e300).count(), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(MiBFromDouble(0.5).count(), 524288);
}

TEST(Units, TimeIsAmountOverRate) {
  EXPECT_DOUBLE_EQ((GB(1008) / GbPerSecond(1008)).value(), 1.0);
  EXPECT_DOUBLE_EQ((Flops(2e12) / TeraFlops(1)).value(), 2.0);
}

}  // namespace
}  // namespace plimsoll
