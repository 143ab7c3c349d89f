#include "core/schedule/block_pool.h"

#include <gtest/gtest.h>

#include <deque>
#include <vector>

#include "core/config/workload.h"

namespace plimsoll {
namespace {

TEST(BlockPool, CountsWhatIsFree) {
  BlockPool pool(10, 2, 1, true);
  EXPECT_EQ(pool.total(), 10);
  EXPECT_EQ(pool.free(), 10);
  pool.Take(7);
  EXPECT_EQ(pool.free(), 3);
  EXPECT_EQ(pool.used(), 7);
  pool.Return(0, 4, 3);
  EXPECT_EQ(pool.used(), 0);
  EXPECT_EQ(pool.Remembered(0), 4);
  EXPECT_EQ(pool.Remembered(1), 0);
}

TEST(BlockPool, PlainBlocksGoBeforeRememberedOnes) {
  BlockPool pool(10, 2, 1, true);
  pool.Take(10);
  pool.Return(0, 4, 6);
  pool.Take(6);
  EXPECT_EQ(pool.Remembered(0), 4) << "six plain ones were first in line";
  pool.Take(1);
  EXPECT_EQ(pool.Remembered(0), 3) << "a session loses its last block first";
}

TEST(BlockPool, WhoLeftFirstIsForgottenFirst) {
  BlockPool pool(9, 3, 1, true);
  pool.Take(9);
  for (const int32_t stream : {1, 0, 2}) pool.Return(stream, 3, 0);
  pool.Take(4);
  EXPECT_EQ(pool.Remembered(1), 0);
  EXPECT_EQ(pool.Remembered(0), 2);
  EXPECT_EQ(pool.Remembered(2), 3);
  EXPECT_EQ(pool.forgotten(), 4);
}

TEST(BlockPool, WhatIsRevivedIsInUseAndTheRestIsPlain) {
  BlockPool pool(8, 1, 1, true);
  pool.Take(8);
  pool.Return(0, 5, 3);
  pool.Revive(0, 2);
  EXPECT_EQ(pool.used(), 2);
  EXPECT_EQ(pool.Remembered(0), 0);
  pool.Take(6);
  EXPECT_EQ(pool.free(), 0);
  BlockPool whole(8, 1, 1, true);
  whole.Take(8);
  whole.Return(0, 5, 3);
  whole.Revive(0, 5);
  EXPECT_EQ(whole.used(), 5);
  whole.Take(3);
  EXPECT_EQ(whole.free(), 0);
}

TEST(BlockPool, WithoutCachingNothingIsRemembered) {
  BlockPool pool(10, 1, 2, false);
  pool.Take(10);
  pool.Return(0, 4, 1);
  EXPECT_EQ(pool.free(), 9) << "four units of two blocks and one";
  EXPECT_EQ(pool.Remembered(0), 0);
}

TEST(BlockPool, AUnitOfSeveralGroupsIsForgottenWhole) {
  BlockPool pool(12, 1, 3, true);
  pool.Take(12);
  pool.Return(0, 4, 0);
  EXPECT_EQ(pool.free(), 12);
  pool.Take(1);
  EXPECT_EQ(pool.Remembered(0), 3) << "one block of three is gone, so the unit cannot be found";
  EXPECT_EQ(pool.free(), 11);
  pool.Take(2);
  EXPECT_EQ(pool.Remembered(0), 3) << "the unit's other blocks stood first in line";
  EXPECT_EQ(pool.forgotten(), 1);
  pool.Take(1);
  EXPECT_EQ(pool.Remembered(0), 2);
}

// The same with every block as an object: a free list in order of last use.
class DumbPool {
 public:
  explicit DumbPool(int64_t blocks) { free_.assign(static_cast<size_t>(blocks), -1); }
  int64_t free() const { return static_cast<int64_t>(free_.size()); }
  int64_t Remembered(int32_t stream) const {
    int64_t count = 0;
    for (const int32_t block : free_) count += block == stream ? 1 : 0;
    return count;
  }
  void Take(int64_t blocks) { free_.erase(free_.begin(), free_.begin() + blocks); }
  void Revive(int32_t stream, int64_t units) {
    std::deque<int32_t> rest;
    // A session's blocks were given back last first, so its first ones stand nearest to the end.
    int64_t seen = 0;
    const int64_t remembered = Remembered(stream);
    for (const int32_t block : free_) {
      if (block != stream) {
        rest.push_back(block);
      } else if (seen++ < remembered - units) {
        rest.push_back(-1);
      }
    }
    free_ = rest;
  }
  void Return(int32_t stream, int64_t units, int64_t plain) {
    free_.insert(free_.end(), static_cast<size_t>(plain), -1);
    free_.insert(free_.end(), static_cast<size_t>(units), stream);
  }

 private:
  std::deque<int32_t> free_;
};

TEST(BlockPool, EqualsAListOfBlocks) {
  Random random(7);
  const auto below = [&random](int64_t n) {
    return static_cast<int64_t>(random.Next() % static_cast<uint64_t>(n));
  };
  BlockPool pool(60, 5, 1, true);
  DumbPool dumb(60);
  std::vector<int64_t> held(5, 0);  // by session; its blocks are in use then, and none is in the list
  for (int step = 0; step < 5000; ++step) {
    const auto stream = static_cast<int32_t>(below(5));
    int64_t& mine = held[static_cast<size_t>(stream)];
    if (mine > 0) {
      const int64_t units = below(mine + 1);
      pool.Return(stream, units, mine - units);
      dumb.Return(stream, units, mine - units);
      mine = 0;
    } else {
      const int64_t found = pool.Remembered(stream);
      if (found > 0) {
        const int64_t units = below(found) + 1;
        pool.Revive(stream, units);
        dumb.Revive(stream, units);
        mine += units;
      }
      const int64_t more = below(std::min<int64_t>(pool.free(), 20) + 1);
      pool.Take(more);
      dumb.Take(more);
      mine += more;
    }
    ASSERT_EQ(pool.free(), dumb.free()) << step;
    for (int32_t s = 0; s < 5; ++s) ASSERT_EQ(pool.Remembered(s), dumb.Remembered(s)) << step << " " << s;
  }
}

}  // namespace
}  // namespace plimsoll
