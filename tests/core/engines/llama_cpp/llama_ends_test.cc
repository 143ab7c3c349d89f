// Beside the tests of llama.cpp's parts: where an answer changes by one.
#include <gtest/gtest.h>

#include "core/engines/llama_cpp/llama_graph_allocator.h"
#include "core/engines/llama_cpp/llama_placement.h"
#include "core/engines/llama_cpp/llama_version.h"

namespace plimsoll {
namespace {

// What lies at the very place moves with what lies behind it.
TEST(LlamaEnds, AHoleAtTheShiftedPlaceMoves) {
  GraphAllocator allocator;
  allocator.AllocCopies(1024, 1);
  GraphAllocator::Place first = allocator.Alloc(256);
  allocator.Alloc(256);
  ASSERT_EQ(first.offset, 1024);
  allocator.Free(&first);
  allocator.Shift(1024, 512);
  EXPECT_EQ(allocator.Alloc(256).offset, 1024 + 512);
  EXPECT_EQ(allocator.peak(), 1024 + 2 * 256 + 512);
}

// Experts in RAM leave no pipeline, however many cards there are.
TEST(LlamaEnds, NoPipelineWithExpertsInRam) {
  GgufLayout layout;
  layout.layers.assign(16, {MiB(100), MiB(400)});
  layout.output = MiB(50);
  SumLayers(&layout);
  Resolved resolved;
  resolved.version = {"date", 0, 20261101};
  resolved.n_gpu_layers = 17;
  EXPECT_EQ(PlaceLlamaModel(resolved, layout, {GiB(24), GiB(24)}).copies, 4);
  resolved.n_cpu_moe = 1;
  EXPECT_EQ(PlaceLlamaModel(resolved, layout, {GiB(24), GiB(24)}).copies, 1);
  resolved.n_cpu_moe = 0;
  resolved.n_gpu_layers = 16;
  EXPECT_EQ(PlaceLlamaModel(resolved, layout, {GiB(24), GiB(24)}).copies, 1);
}

// Builds count commits: b4750 lies half way from b4500 (18 January) to b5000 (1 April), 73 days.
TEST(LlamaEnds, DatesBetweenKnownBuilds) {
  EXPECT_EQ(ReadLlamaVersion("b4500", "")->date, 20250118);
  EXPECT_EQ(ReadLlamaVersion("b4750", "")->date, 20250223);
  EXPECT_EQ(ReadLlamaVersion("b5000", "")->date, 20250401);
}

}  // namespace
}  // namespace plimsoll
