#include "core/arch/latent_families.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/architecture_totals.h"
#include "tests/support/read_config.h"

namespace plimsoll {
namespace {

constexpr const char* kDeepseek =
    R"({"architectures":["%s"],"hidden_size":8,"num_attention_heads":2,"num_hidden_layers":2,"vocab_size":10,
        "intermediate_size":16,"moe_intermediate_size":4,"n_routed_experts":4,"num_experts_per_tok":2,
        "n_shared_experts":1,"first_k_dense_replace":1,"kv_lora_rank":6,"q_lora_rank":%s,"qk_nope_head_dim":4,
        "qk_rope_head_dim":2,"v_head_dim":4})";

std::string Deepseek(const std::string& name, const std::string& rank) {
  std::string text = kDeepseek;
  text.replace(text.find("%s"), 2, name);
  text.replace(text.find("%s"), 2, rank);
  return text;
}

// kv_a (6 + 2) x 8 with a norm of 6, kv_b two heads x (4 + 4) x 6, o 8 x 8.
constexpr int64_t kLatent = 64 + 6 + 96 + 64;
// Ends, norms of two layers, one dense MLP, one layer of router, four experts and a shared one.
constexpr int64_t kRest = 168 + 2 * 16 + 3 * 128 + 4 * 8 + 5 * 3 * 32;

TEST(LatentFamilies, ParametersByHand) {
  // Queries straight from the hidden state: two heads of 6.
  const ParameterCounts plain =
      CountParameters(ReadConfig(Deepseek("DeepseekV2ForCausalLM", "null").c_str()));
  EXPECT_EQ(plain.total, kRest + 2 * (kLatent + 96));
  EXPECT_EQ(plain.active, plain.total - 2 * 3 * 32);
  // Over a rank of 5 with its norm.
  EXPECT_EQ(CountParameters(ReadConfig(Deepseek("DeepseekV2ForCausalLM", "5").c_str())).total,
            kRest + 2 * (kLatent + 40 + 5 + 60));
  // V3 corrects the choice of experts: one number for each.
  EXPECT_EQ(CountParameters(ReadConfig(Deepseek("DeepseekV3ForCausalLM", "5").c_str())).total,
            kRest + 2 * (kLatent + 40 + 5 + 60) + 4);
}

TEST(LatentFamilies, OneLatentIsCached) {
  const Architecture a = ReadConfig(Deepseek("DeepseekV2ForCausalLM", "null").c_str());
  const Attention& attention = a.groups[0].shape.attention;
  EXPECT_EQ(attention.kind, AttentionKind::kLatent);
  EXPECT_EQ(attention.kv_lora_rank + attention.rope_dim, 8);
  EXPECT_EQ(attention.key_dim, 6) << "nope and rope";
  EXPECT_EQ(attention.value_dim, 4);
}

TEST(LatentFamilies, AnIndexerWhereTheConfigHasOne) {
  std::string config = Deepseek("DeepseekV32ForCausalLM", "5");
  config.insert(config.size() - 1, R"(,"index_n_heads":4,"index_head_dim":128,"index_topk":2048)");
  const Architecture a = ReadConfig(config.c_str());
  const Attention& attention = a.groups[0].shape.attention;
  EXPECT_EQ(attention.index_heads, 4);
  EXPECT_EQ(attention.index_dim, 128);
  EXPECT_EQ(attention.index_topk, 2048);
}

TEST(LatentFamilies, PublishedTotals) { EXPECT_EQ(ExpectPublishedTotals("latent"), 4); }

}  // namespace
}  // namespace plimsoll
