#include "core/arch/kv_cache.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

constexpr KvTypes k16{KvType::kBf16, KvType::kBf16};
constexpr KvTypes k8{KvType::kFp8, KvType::kFp8};

Attention Gqa(int64_t heads, int64_t kv_heads, int64_t dim) {
  Attention a;
  a.kind = AttentionKind::kFull;
  a.heads = heads;
  a.kv_heads = kv_heads;
  a.key_dim = a.value_dim = dim;
  return a;
}

Architecture Of(const LayerShape& shape, int32_t count) {
  Architecture architecture;
  architecture.groups.push_back({shape, count});
  architecture.layers = count;
  return architecture;
}

TEST(KvCache, GroupedQueryAttention) {
  LayerShape shape;
  shape.attention = Gqa(64, 8, 128);
  const Architecture llama70 = Of(shape, 80);
  EXPECT_EQ(KvBytesPerToken(llama70, k16), Bytes(327680));
  EXPECT_EQ(KvBytesPerToken(llama70, k8), Bytes(163840));
  EXPECT_EQ(KvBytesPerSequence(llama70, k16, 16384), Bytes(327680) * 16384);
}

TEST(KvCache, LatentAttentionKeepsOneLatent) {
  LayerShape shape;
  shape.attention.kind = AttentionKind::kLatent;
  shape.attention.heads = shape.attention.kv_heads = 128;
  shape.attention.kv_lora_rank = 512;
  shape.attention.rope_dim = 64;
  EXPECT_EQ(KvBytesPerToken(Of(shape, 61), k16), Bytes(576 * 2 * 61));
}

TEST(KvCache, IndexerAddsItsKeys) {
  LayerShape shape;
  shape.attention.kind = AttentionKind::kLatent;
  shape.attention.kv_lora_rank = 512;
  shape.attention.rope_dim = 64;
  shape.attention.index_dim = 128;
  EXPECT_EQ(IndexerBytesPerToken(shape.attention), 132);
  EXPECT_EQ(KvBytesPerToken(Of(shape, 1), k16), Bytes(1152 + 132));
}

TEST(KvCache, WindowsStopGrowing) {
  LayerShape shape;
  shape.attention = Gqa(8, 4, 256);
  shape.attention.kind = AttentionKind::kSliding;
  shape.attention.window = 1024;
  const Architecture sliding = Of(shape, 10);
  EXPECT_EQ(KvBytesPerToken(sliding, k16), Bytes(0));
  EXPECT_EQ(KvBytesPerSequence(sliding, k16, 4096), Bytes(1024 * 4 * 512 * 2 * 10));
  EXPECT_EQ(KvBytesPerSequence(sliding, k16, 100), Bytes(100 * 4 * 512 * 2 * 10));
}

TEST(KvCache, SharedLayersKeepNothing) {
  LayerShape shape;
  shape.attention = Gqa(8, 2, 256);
  shape.attention.shares_kv = true;
  EXPECT_EQ(KvBytesPerToken(Of(shape, 10), k16), Bytes(0));
}

TEST(KvCache, BlockTypesHoldThirtyTwoElements) {
  EXPECT_EQ(KvTypeBytes(KvType::kQ8_0, 1024), Bytes(1088));
  EXPECT_EQ(KvTypeBytes(KvType::kQ4_0, 1024), Bytes(576));
  EXPECT_EQ(KvTypeBytes(KvType::kQ5_1, 64), Bytes(48));
  EXPECT_EQ(KvTypeBytes(KvType::kFp32, 3), Bytes(12));
}

TEST(KvCache, RecurrentStates) {
  Recurrent gdn;  // Qwen3-Next, before sharding
  gdn.kind = RecurrentKind::kGatedDeltaNet;
  gdn.conv_kernel = 4;
  gdn.conv_channels = 8192;
  gdn.heads = 32;
  gdn.head_dim = gdn.key_dim = 128;
  EXPECT_EQ(ConvolutionElements(gdn) + StateElements(gdn), 3 * 8192 + 32 * 128 * 128);
  Recurrent mamba2;
  mamba2.kind = RecurrentKind::kMamba2;
  mamba2.heads = 64;
  mamba2.head_dim = 64;
  mamba2.state_dim = 128;
  EXPECT_EQ(StateElements(mamba2), 64 * 64 * 128);
}

TEST(KvCache, CompressedKeysGrowByTheirRatio) {
  LayerShape shape;
  shape.attention.kind = AttentionKind::kCompressed;
  shape.attention.kv_heads = 1;
  shape.attention.key_dim = 512;
  shape.attention.window = 128;
  shape.attention.compress_ratio = 4;
  shape.attention.index_dim = 128;
  EXPECT_EQ(KvBytesPerToken(Of(shape, 4), k16), Bytes(1024 + 132));
  EXPECT_EQ(KvBytesPerSequence(Of(shape, 1), k16, 4096), Bytes(128 * 1024 + 1024 * (1024 + 132)));
}

}  // namespace
}  // namespace plimsoll
