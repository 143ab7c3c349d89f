#include "core/schedule/host_cache.h"

#include <gtest/gtest.h>

#include <list>
#include <utility>

#include "core/config/workload.h"

namespace plimsoll {
namespace {

TEST(HostCache, KeepsTheBeginningOfAStream) {
  HostCache cache(10, 3);
  cache.Keep(0, 4);
  EXPECT_EQ(cache.Kept(0), 4);
  EXPECT_EQ(cache.used(), 4);
  cache.Keep(0, 2);
  EXPECT_EQ(cache.Kept(0), 4) << "a use takes nothing away";
  cache.Keep(0, 7);
  EXPECT_EQ(cache.Kept(0), 7);
  EXPECT_EQ(cache.Kept(1), 0);
}

TEST(HostCache, WhoWasUsedFirstLosesItsLastBlocks) {
  HostCache cache(10, 3);
  cache.Keep(0, 4);
  cache.Keep(1, 4);
  cache.Keep(0, 1);  // a use
  cache.Keep(2, 5);
  EXPECT_EQ(cache.Kept(1), 1) << "used before stream 0";
  EXPECT_EQ(cache.Kept(0), 4);
  EXPECT_EQ(cache.Kept(2), 5);
  cache.Keep(2, 8);
  EXPECT_EQ(cache.Kept(1), 0);
  EXPECT_EQ(cache.Kept(0), 2);
}

TEST(HostCache, WhatIsLargerThanItIsKeptInPart) {
  HostCache cache(10, 2);
  cache.Keep(0, 3);
  cache.Keep(1, 25);
  EXPECT_EQ(cache.Kept(1), 10);
  EXPECT_EQ(cache.Kept(0), 0);
  cache.Keep(0, 3);
  EXPECT_EQ(cache.Kept(1), 7);
}

TEST(HostCache, WithoutRoomNothingIsKept) {
  HostCache cache(0, 2);
  cache.Keep(0, 3);
  EXPECT_EQ(cache.Kept(0), 0);
  EXPECT_EQ(cache.used(), 0);
  EXPECT_EQ(HostCache(-5, 2).total(), 0);
}

// The same with every block as an object: a list in order of last use.
TEST(HostCache, EqualsAListOfBlocks) {
  Random random(11);
  const auto below = [&random](int64_t n) {
    return static_cast<int64_t>(random.Next() % static_cast<uint64_t>(n));
  };
  constexpr int64_t kRoom = 40, kStreams = 6;
  HostCache cache(kRoom, kStreams);
  std::list<int32_t> blocks;  // the stream of each, the least recently used first
  const auto kept = [&blocks](int32_t stream) {
    int64_t count = 0;
    for (const int32_t block : blocks) count += block == stream ? 1 : 0;
    return count;
  };
  for (int step = 0; step < 5000; ++step) {
    const auto stream = static_cast<int32_t>(below(kStreams));
    const int64_t units = below(step % 7 == 0 ? 60 : 20);
    const int64_t now = std::max(kept(stream), std::min(units, kRoom));
    blocks.remove(stream);
    while (static_cast<int64_t>(blocks.size()) + now > kRoom) blocks.pop_front();
    blocks.insert(blocks.end(), static_cast<size_t>(now), stream);
    cache.Keep(stream, units);
    ASSERT_EQ(cache.used(), static_cast<int64_t>(blocks.size())) << step;
    for (int32_t s = 0; s < kStreams; ++s) ASSERT_EQ(cache.Kept(s), kept(s)) << step << " " << s;
  }
}

}  // namespace
}  // namespace plimsoll
