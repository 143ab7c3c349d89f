#include "core/arch/moe_families.h"

#include <gtest/gtest.h>

#include "core/arch/kv_cache.h"
#include "tests/support/read_config.h"

namespace plimsoll {
namespace {

// Hidden 8, two heads of 4, one KV head, four experts of width 16 (Mixtral) or 4, of which two are chosen.
constexpr int64_t kEnds = 80 + 80 + 8;
constexpr int64_t kAttention = 64 + 32 + 32 + 64;

TEST(MoeFamilies, MixtralsExpertsAreTheMlp) {
  const ParameterCounts counts = CountParameters(ReadConfig(
      R"({"architectures":["MixtralForCausalLM"],"hidden_size":8,"num_attention_heads":2,"num_key_value_heads":1,
          "num_hidden_layers":2,"vocab_size":10,"intermediate_size":16,"num_local_experts":4,
          "num_experts_per_tok":2})"));
  EXPECT_EQ(counts.total, kEnds + 2 * (kAttention + 16 + 4 * 8 + 4 * 3 * 128));
  EXPECT_EQ(counts.active, counts.total - 2 * 2 * 3 * 128) << "two of four experts in each layer";
}

TEST(MoeFamilies, QwenLeavesLayersDense) {
  const char* config =
      R"({"architectures":["Qwen3MoeForCausalLM"],"hidden_size":8,"num_attention_heads":2,"num_key_value_heads":1,
          "head_dim":4,"num_hidden_layers":4,"vocab_size":10,"intermediate_size":16,"moe_intermediate_size":4,
          "num_experts":4,"num_experts_per_tok":2,"mlp_only_layers":[0]})";
  const Architecture a = ReadConfig(config);
  const int64_t both = kAttention + 16 + 2 * 4;
  EXPECT_EQ(CountParameters(a).total, kEnds + 4 * both + 3 * 128 + 3 * (4 * 8 + 4 * 3 * 32));
  ASSERT_EQ(a.groups.size(), 2u);
  EXPECT_EQ(a.groups[0].shape.mlp.kind, MlpKind::kDense);
  EXPECT_EQ(a.groups[0].count, 1);
  EXPECT_EQ(a.groups[1].shape.mlp.experts_per_token, 2);
}

// Llama Guard 4: Scout without its experts.
TEST(MoeFamilies, Llama4MayHaveNoSparseLayer) {
  const Architecture a = ReadConfig(
      R"({"architectures":["Llama4ForCausalLM"],"hidden_size":8,"num_attention_heads":2,"num_key_value_heads":1,
          "head_dim":4,"num_hidden_layers":4,"vocab_size":10,"intermediate_size":16,"intermediate_size_mlp":16,
          "num_local_experts":0,"num_experts_per_tok":0,"moe_layers":[],"interleave_moe_layer_step":0,
          "tie_word_embeddings":false})");
  for (const LayerGroup& group : a.groups) EXPECT_EQ(group.shape.mlp.kind, MlpKind::kDense);
  EXPECT_EQ(CountParameters(a).total, kEnds + 4 * (kAttention + 16 + 3 * 128));
}

TEST(MoeFamilies, GptOssSlidesInEveryOtherLayerAndHasSinks) {
  const Architecture a = ReadConfig(
      R"({"architectures":["GptOssForCausalLM"],"hidden_size":8,"num_attention_heads":2,"num_key_value_heads":1,
          "head_dim":4,"num_hidden_layers":4,"vocab_size":10,"intermediate_size":16,"num_local_experts":4,
          "num_experts_per_tok":2,"sliding_window":128,"max_position_embeddings":4096,
          "layer_types":["sliding_attention","full_attention","sliding_attention","full_attention"]})");
  ASSERT_EQ(a.groups.size(), 2u);
  EXPECT_EQ(a.groups[0].shape.attention.window, 128);
  EXPECT_TRUE(a.groups[0].shape.attention.sinks);
  // Attention with biases 8 + 4 + 4 + 8 and a sink per head; the router 4 x 8 + 4; an expert 3 x 128 and
  // biases 16 + 16 + 8.
  EXPECT_EQ(CountParameters(a).total, kEnds + 4 * (kAttention + 24 + 2 + 16 + 36 + 4 * (3 * 128 + 40)));
}

// Hunyuan-Large: every second layer reads the keys and values of the one before it. Two of four layers keep them.
TEST(MoeFamilies, HunyuanSharesCachesBetweenLayers) {
  const Architecture a = ReadConfig(
      R"({"architectures":["HunYuanForCausalLM"],"model_type":"hunyuan","hidden_size":8,"num_attention_heads":2,
          "num_key_value_heads":1,"num_hidden_layers":4,"vocab_size":10,"intermediate_size":16,"num_experts":4,
          "moe_topk":1,"num_shared_expert":1,"use_cla":true,"cla_share_factor":2,"tie_word_embeddings":true})");
  const int64_t experts = 4 * 8 + 5 * 3 * 128;
  EXPECT_EQ(CountParameters(a).total, 88 + 4 * (64 + 64 + 16 + experts) + 2 * (32 + 32));
  EXPECT_EQ(KvBytesPerToken(a, {KvType::kBf16, KvType::kBf16}).count(), 2 * 2 * 4 * 2);
}

}  // namespace
}  // namespace plimsoll
