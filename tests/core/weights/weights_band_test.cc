// Beside weights_test.cc: how far off an average may be.
#include <gtest/gtest.h>

#include "core/weights/weights.h"

namespace plimsoll {
namespace {

TEST(WeightsBand, IsTheFartherEndInProportion) {
  StoredWeights stored;
  stored.checkpoint = GiB(100);
  stored.low = GiB(90);
  stored.high = GiB(130);
  EXPECT_EQ(WeightsBand(stored, GiB(50)), Bytes(0)) << "rules are exact";
  stored.approximate = true;
  EXPECT_EQ(WeightsBand(stored, GiB(50)), GiB(15));
  stored.high = GiB(105);
  EXPECT_EQ(WeightsBand(stored, GiB(50)), GiB(5));
}

}  // namespace
}  // namespace plimsoll
