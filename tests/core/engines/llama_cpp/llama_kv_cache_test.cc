#include "core/engines/llama_cpp/llama_kv_cache.h"

#include <gtest/gtest.h>

#include "core/engines/llama_cpp/llama_engine.h"

namespace plimsoll {
namespace {

Attention Heads(AttentionKind kind, int64_t kv_heads, int64_t head, int64_t window = 0) {
  Attention attention;
  attention.kind = kind;
  attention.heads = kv_heads * 4;
  attention.kv_heads = kv_heads;
  attention.key_dim = head;
  attention.value_dim = head;
  attention.window = window;
  return attention;
}

Architecture With(const Attention& a, int32_t count_a, const Attention& b = {}, int32_t count_b = 0) {
  Architecture architecture;
  LayerShape shape;
  shape.attention = a;
  architecture.groups.push_back({shape, count_a});
  if (count_b > 0) {
    shape.attention = b;
    architecture.groups.push_back({shape, count_b});
  }
  return architecture;
}

Resolved At(const Architecture& architecture, int32_t date, int64_t slots = 1, bool unified = true) {
  Resolved resolved;
  resolved.architecture = &architecture;
  resolved.engine = &LlamaCppEngine().traits();
  resolved.version = {"date", 0, date};
  resolved.max_num_seqs = slots;
  resolved.kv_unified = unified;
  resolved.kv_cache_dtype = {KvType::kFp16, KvType::kFp16};
  return resolved;
}

constexpr int32_t kNow = 20261101;

Bytes Whole(const LlamaCache& cache, const Architecture& architecture) {
  Bytes bytes;
  for (const LayerGroup& group : architecture.groups) {
    bytes += LayerCacheBytes(cache, group.shape.attention) * group.count;
  }
  return bytes;
}

// Llama 3.1 8B: 32 layers of 8 heads of 128 in 16 bits, both K and V: 128 KiB a token.
TEST(LlamaKvCache, FullLayersHoldEveryCell) {
  const Architecture llama = With(Heads(AttentionKind::kFull, 8, 128), 32);
  const LlamaCache cache = ShapeLlamaCache(At(llama, kNow), 32768);
  EXPECT_EQ(cache.cells, 32768);
  EXPECT_EQ(Whole(cache, llama), MiB(4096));
}

TEST(LlamaKvCache, BlockTypesTakeTheirBytesPerBlock) {
  const Architecture llama = With(Heads(AttentionKind::kFull, 8, 128), 32);
  Resolved resolved = At(llama, kNow);
  resolved.kv_cache_dtype = {KvType::kQ8_0, KvType::kQ8_0};
  EXPECT_EQ(Whole(ShapeLlamaCache(resolved, 32768), llama), MiB(2176));
  resolved.kv_cache_dtype = {KvType::kQ8_0, KvType::kQ4_0};
  EXPECT_EQ(Whole(ShapeLlamaCache(resolved, 32768), llama), MiB(1088) + MiB(576));
}

// Gemma 3 27B at 32768 with batches of 512: 10 full layers, 52 with a window of 1024.
TEST(LlamaKvCache, WindowsKeepTheWindowAndABatch) {
  const Architecture gemma =
      With(Heads(AttentionKind::kFull, 16, 128), 10, Heads(AttentionKind::kSliding, 16, 128, 1024), 52);
  const LlamaCache cache = ShapeLlamaCache(At(gemma, kNow), 32768);
  EXPECT_EQ(cache.window_cells, 1536);
  EXPECT_EQ(Whole(cache, gemma), MiB(3184));
  EXPECT_EQ(ShapeLlamaCache(At(gemma, 20250501), 32768).window_cells, 32768)
      << "before May 2025 every layer held the whole context";
}

TEST(LlamaKvCache, SlotsShareOneStreamOrHaveTheirOwn) {
  const Architecture gpt =
      With(Heads(AttentionKind::kFull, 8, 64), 12, Heads(AttentionKind::kSliding, 8, 64, 128), 12);
  EXPECT_EQ(Whole(ShapeLlamaCache(At(gpt, kNow, 4, true), 32768), gpt), MiB(792));
  const LlamaCache split = ShapeLlamaCache(At(gpt, kNow, 4, false), 32768);
  EXPECT_EQ(split.streams, 4);
  EXPECT_EQ(split.cells, 8192);
  EXPECT_EQ(Whole(split, gpt), MiB(840));
}

TEST(LlamaKvCache, PaddingFollowsTheBuild) {
  const Architecture llama = With(Heads(AttentionKind::kFull, 8, 128), 32);
  Resolved resolved = At(llama, 20250601);
  resolved.flash_attention = false;
  EXPECT_EQ(ShapeLlamaCache(resolved, 4100).cells, 4128);
  resolved.flash_attention = true;
  EXPECT_EQ(ShapeLlamaCache(resolved, 4100).cells, 4352);
  resolved = At(llama, kNow);
  resolved.flash_attention = false;
  EXPECT_EQ(ShapeLlamaCache(resolved, 4100).cells, 4352);
}

// DeepSeek-V3 at 32768: 61 layers.
TEST(LlamaKvCache, LatentCacheLostItsCopyOfV) {
  Attention mla;
  mla.kind = AttentionKind::kLatent;
  mla.heads = 128;
  mla.kv_lora_rank = 512;
  mla.rope_dim = 64;
  mla.nope_dim = 128;
  mla.value_dim = 128;
  const Architecture deepseek = With(mla, 61);
  EXPECT_EQ(Whole(ShapeLlamaCache(At(deepseek, kNow), 32768), deepseek), MiB(2196));
  EXPECT_EQ(Whole(ShapeLlamaCache(At(deepseek, 20250901), 32768), deepseek),
            Bytes(61) * 32768 * 2 * (576 + 512));
  EXPECT_EQ(Whole(ShapeLlamaCache(At(deepseek, 20250201), 32768), deepseek),
            Bytes(61) * 32768 * 2 * 128 * (192 + 128));
}

// Qwen3.6 27B: 149.62 MiB of states for one slot in its 48 linear layers; four times that for three drafts.
TEST(LlamaKvCache, StatesArePerSlotAndPerDraftedToken) {
  Recurrent delta;
  delta.kind = RecurrentKind::kGatedDeltaNet;
  delta.conv_kernel = 4;
  delta.conv_channels = 10240;
  delta.heads = 48;
  delta.head_dim = 128;
  delta.key_dim = 128;
  const Architecture none = With(Heads(AttentionKind::kFull, 4, 256), 16);
  Resolved resolved = At(none, kNow);
  const Bytes one = LayerStateBytes(ShapeLlamaCache(resolved, 4096), delta) * 48;
  EXPECT_NEAR(one.mib(), 149.62, 0.01);
  resolved.speculative.num_tokens = 3;
  EXPECT_EQ(LayerStateBytes(ShapeLlamaCache(resolved, 4096), delta) * 48, one * 4);
  resolved.max_num_seqs = 2;
  EXPECT_EQ(LayerStateBytes(ShapeLlamaCache(resolved, 4096), delta) * 48, one * 8);
}

TEST(LlamaKvCache, SharedLayersTakeNothing) {
  Attention shared = Heads(AttentionKind::kFull, 8, 128);
  shared.shares_kv = true;
  const Architecture model = With(shared, 4);
  EXPECT_EQ(Whole(ShapeLlamaCache(At(model, kNow), 4096), model), Bytes(0));
}

}  // namespace
}  // namespace plimsoll
