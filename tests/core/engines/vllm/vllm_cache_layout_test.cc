#include "core/engines/vllm/vllm_cache_layout.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

CacheSpec Spec(CacheKind kind, int64_t block, int64_t groups, int64_t window = 0) {
  CacheSpec spec;
  spec.kind = kind;
  spec.block = block;
  spec.groups = groups;
  spec.window = window;
  return spec;
}

CacheLayout Layout(std::initializer_list<CacheSpec> specs) {
  CacheLayout layout;
  for (const CacheSpec& spec : specs) layout.specs[static_cast<size_t>(layout.count++)] = spec;
  layout.block_bytes = 1 << 20;
  return layout;
}

// Blocks of 16 tokens: 100 tokens take seven, twice; a window of 32 may begin inside a block; a chunk may not.
TEST(VllmCacheLayout, BlocksOfASequenceByKind) {
  EXPECT_EQ(Layout({Spec(CacheKind::kFull, 16, 2)}).BlocksPerSequence(100), 14);
  EXPECT_EQ(Layout({Spec(CacheKind::kSliding, 16, 1, 32)}).BlocksPerSequence(100), 2 + 1);
  EXPECT_EQ(Layout({Spec(CacheKind::kChunked, 16, 1, 32)}).BlocksPerSequence(100), 2);
  EXPECT_EQ(Layout({Spec(CacheKind::kCross, 16, 1, 1601)}).BlocksPerSequence(100), 101)
      << "the encoder's tokens, whatever the sequence";
  EXPECT_EQ(Layout({Spec(CacheKind::kState, 16, 3)}).BlocksPerSequence(100000), 3);
}

TEST(VllmCacheLayout, AStateForEachBlockOfTokens) {
  CacheLayout layout = Layout({Spec(CacheKind::kState, 16, 1)});
  layout.state_block = 1000;
  EXPECT_EQ(layout.BlocksPerSequence(1000), 1);
  EXPECT_EQ(layout.BlocksPerSequence(1001), 2);
}

TEST(VllmCacheLayout, TheLongestFitsAndTheNextOneDoesNot) {
  const CacheLayout layout = Layout({Spec(CacheKind::kFull, 16, 1)});
  const int64_t longest = LongestSequence(layout, MiB(10), 1 << 20);
  EXPECT_EQ(longest, 160);
  EXPECT_EQ(LongestSequence(layout, MiB(10), 100), 100) << "at most the limit";
  EXPECT_EQ(LongestSequence(layout, Bytes(1), 100), 0);
}

}  // namespace
}  // namespace plimsoll
