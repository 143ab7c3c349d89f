#include "core/engines/llama_cpp/llama_graph_allocator.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace plimsoll {
namespace {

using Place = GraphAllocator::Place;

TEST(GraphAllocator, TakesTheSmallestHoleThatFits) {
  GraphAllocator allocator;
  Place a = allocator.Alloc(1024);
  Place wall_1 = allocator.Alloc(128);
  Place b = allocator.Alloc(512);
  Place wall_2 = allocator.Alloc(128);
  allocator.Free(&a);
  allocator.Free(&b);
  const Place c = allocator.Alloc(500);
  EXPECT_EQ(c.offset, 1024 + 128) << "the hole of 512, not the one of 1024";
  EXPECT_EQ(c.size, 512) << "sizes are multiples of 128";
  EXPECT_EQ(allocator.Alloc(600).offset, 0);
  EXPECT_EQ(allocator.peak(), 1024 + 128 + 512 + 128);
  allocator.Free(&wall_1);
  allocator.Free(&wall_2);
}

TEST(GraphAllocator, JoinsNeighboursSoThatALargerTensorFits) {
  GraphAllocator allocator;
  std::vector<Place> places;
  for (int i = 0; i < 4; ++i) places.push_back(allocator.Alloc(256));
  allocator.Free(&places[0]);
  allocator.Free(&places[2]);
  allocator.Free(&places[1]);
  EXPECT_EQ(allocator.Alloc(768).offset, 0);
  EXPECT_EQ(allocator.peak(), 1024);
}

// Against the same walk with a larger tensor at the bottom.
TEST(GraphAllocator, ShiftIsWhatALargerTensorBelowWouldHaveDone) {
  GraphAllocator small, large;
  Place stream[2] = {small.Alloc(512), large.Alloc(512)};
  Place mask[2] = {small.AllocCopies(1024, 3), large.AllocCopies(4096, 3)};
  EXPECT_EQ(mask[0].size, 3 * 1024);
  const auto walk = [&stream](GraphAllocator* allocator, int which) {
    Place a = allocator->Alloc(2048);
    Place b = allocator->Alloc(256);
    allocator->Free(&stream[which]);
    Place c = allocator->Alloc(300);
    allocator->Free(&a);
    Place d = allocator->Alloc(1500);
    allocator->Free(&c);
    return d.offset + b.offset;
  };
  walk(&small, 0);
  walk(&large, 1);
  small.Shift(mask[0].offset + mask[0].size, 3 * 3072);
  EXPECT_EQ(small.peak(), large.peak());
  for (const int64_t size : {200, 300, 600, 128, 900, 90000, 128}) {
    EXPECT_EQ(small.Alloc(size).offset, large.Alloc(size).offset) << size;
  }
}

TEST(GraphAllocator, GrowsTheEndWhenNoHoleFits) {
  GraphAllocator allocator;
  Place a = allocator.Alloc(256);
  Place b = allocator.Alloc(256);
  allocator.Free(&a);
  EXPECT_EQ(allocator.Alloc(512).offset, 512);
  allocator.Free(&b);
}

TEST(GraphAllocator, FreeingTwiceOrNothingIsHarmless) {
  GraphAllocator allocator;
  Place none;
  allocator.Free(&none);
  Place a = allocator.Alloc(128);
  allocator.Free(&a);
  allocator.Free(&a);
  EXPECT_EQ(allocator.Alloc(256).offset, 0);
}

TEST(GraphAllocator, HostileSizesStayBounded) {
  GraphAllocator allocator;
  for (int i = 0; i < 100; ++i) allocator.Alloc(INT64_MAX);
  allocator.Alloc(-5);
  EXPECT_GT(allocator.peak(), 0);
}

// Against the plain definition: no two live places overlap, whatever the order.
TEST(GraphAllocator, LivePlacesNeverOverlap) {
  GraphAllocator allocator;
  std::vector<Place> live;
  uint32_t random = 12345;
  for (int step = 0; step < 4000; ++step) {
    random = random * 1664525u + 1013904223u;
    if (live.size() < 24 && (random >> 16) % 3 != 0) {
      const Place added = allocator.Alloc(static_cast<int64_t>((random >> 8) % 5000) + 1);
      for (const Place& other : live) {
        EXPECT_TRUE(added.offset + added.size <= other.offset || other.offset + other.size <= added.offset);
      }
      live.push_back(added);
    } else if (!live.empty()) {
      const size_t index = (random >> 4) % live.size();
      allocator.Free(&live[index]);
      live.erase(live.begin() + static_cast<std::ptrdiff_t>(index));
    }
  }
}

}  // namespace
}  // namespace plimsoll
