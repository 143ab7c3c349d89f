#include "core/arch/dense_families.h"

#include <gtest/gtest.h>

#include <string>

#include "core/arch/architecture_reader.h"
#include "tests/support/architecture_totals.h"
#include "tests/support/json_text.h"
#include "tests/support/read_config.h"

namespace plimsoll {
namespace {

// All of hidden 8, two heads, one KV head, an MLP of 16, a vocabulary of 10: embedding and head 80 each, the
// last norm 8; a layer of heads of 4: q and o 64 each, k and v 32 each, the MLP 3 x 128, two norms of 8.
#define PLAIN                                                                                \
  "\"hidden_size\":8,\"num_attention_heads\":2,\"num_key_value_heads\":1,\"vocab_size\":10," \
  "\"intermediate_size\":16,\"num_hidden_layers\":"
constexpr int64_t kLayer = 64 + 32 + 32 + 64 + 3 * 128 + 16;

TEST(DenseFamilies, ParametersByHand) {
  const Counted cases[] = {
      {"{\"architectures\":[\"LlamaForCausalLM\"]," PLAIN "2}", 168 + 2 * kLayer},
      {"{\"architectures\":[\"LlamaForCausalLM\"],\"attention_bias\":true,\"mlp_bias\":true," PLAIN "2}",
       168 + 2 * (kLayer + 8 + 4 + 4 + 8 + 16 + 16 + 8)},
      {"{\"architectures\":[\"LlamaForCausalLM\"],\"tie_word_embeddings\":true," PLAIN "1}", 88 + kLayer},
      // Biases of q, k and v, none of o.
      {"{\"architectures\":[\"Qwen2ForCausalLM\"]," PLAIN "1}", 168 + kLayer + 8 + 4 + 4},
      // Heads of 128 whatever the hidden size, with a norm of that width for q and one for k.
      {"{\"architectures\":[\"Qwen3ForCausalLM\"]," PLAIN "1}",
       168 + (256 + 128 + 128 + 256) * 8 + 2 * 128 + 3 * 128 + 16},
      // Fused projections hold as much.
      {"{\"architectures\":[\"Phi3ForCausalLM\"]," PLAIN "1}", 168 + kLayer},
      // Norms behind attention and MLP, over all heads of q and k.
      {"{\"architectures\":[\"Olmo2ForCausalLM\"]," PLAIN "1}", 168 + kLayer + 8 + 4},
      // Tied, four norms.
      {"{\"architectures\":[\"Gemma2ForCausalLM\"],\"head_dim\":4," PLAIN "2}", 88 + 2 * (kLayer + 16)},
  };
  for (const Counted& c : cases) EXPECT_EQ(CountParameters(ReadConfig(c.config)).total, c.total) << c.config;
}

TEST(DenseFamilies, WindowsWhereTheFamilyHasThem) {
  // Gemma 2 slides in every other layer, Gemma 3 in five of six.
  const Architecture two = ReadConfig(
      "{\"architectures\":[\"Gemma2ForCausalLM\"],\"head_dim\":4,"
      "\"sliding_window\":128," PLAIN "12}");
  ASSERT_EQ(two.groups.size(), 2u);
  EXPECT_EQ(two.groups[0].shape.attention.kind, AttentionKind::kSliding);
  EXPECT_EQ(two.groups[0].count, 6);
  const Architecture three = ReadConfig(
      "{\"architectures\":[\"Gemma3ForCausalLM\"],\"head_dim\":4,"
      "\"sliding_window\":128," PLAIN "12}");
  ASSERT_EQ(three.groups.size(), 2u);
  EXPECT_EQ(three.groups[0].shape.attention.kind, AttentionKind::kSliding);
  EXPECT_EQ(three.groups[0].count, 10);
  // Qwen's window waits for its switch, and then for the layer from which on it counts.
  const char* qwen =
      "{\"architectures\":[\"Qwen2ForCausalLM\"],\"sliding_window\":128,"
      "\"max_window_layers\":8,\"use_sliding_window\":";
  EXPECT_EQ(ReadConfig((std::string(qwen) + "false," PLAIN "12}").c_str()).groups.size(), 1u);
  const Architecture slid = ReadConfig((std::string(qwen) + "true," PLAIN "12}").c_str());
  ASSERT_EQ(slid.groups.size(), 2u);
  EXPECT_EQ(slid.groups[0].count, 8);
  EXPECT_EQ(slid.groups[1].shape.attention.window, 128);
}

// EXAONE 4 writes its period out or as a number; without one every layer is full.
TEST(DenseFamilies, ExaonesPeriodWrittenOut) {
  const char* exaone =
      "{\"architectures\":[\"Exaone4ForCausalLM\"],\"sliding_window\":128,\"head_dim\":4,"
      "\"sliding_window_pattern\":";
  for (const char* pattern : {"\"LLLG\"", "4"}) {
    const Architecture read = ReadConfig((std::string(exaone) + pattern + "," PLAIN "12}").c_str());
    ASSERT_EQ(read.groups.size(), 2u) << pattern;
    EXPECT_EQ(read.groups[0].count, 9) << pattern;
    EXPECT_EQ(read.layer_group[3], 1) << pattern;
  }
  EXPECT_EQ(ReadConfig((std::string(exaone) + "null," PLAIN "12}").c_str()).groups.size(), 1u);
  const Result<Architecture> wrong =
      BuildArchitecture(JsonOfText((std::string(exaone) + "\"LXG\"," PLAIN "12}").c_str()), "");
  ASSERT_FALSE(wrong.ok());
  EXPECT_NE(wrong.error().field.find("sliding_window_pattern"), std::string::npos);
}

// MiniCPM-MoE: every layer's MLP eight times, with a router. Tied.
TEST(DenseFamilies, MiniCpmsExperts) {
  EXPECT_EQ(
      CountParameters(ReadConfig("{\"architectures\":[\"MiniCPMForCausalLM\"],\"num_experts\":8," PLAIN "2}"))
          .total,
      88 + 2 * (kLayer + 7 * 3 * 128 + 8 * 8));
}

// tiiuae/falcon-40b says multi_query beside its eight KV heads; the renewed decoder does not look at it.
TEST(DenseFamilies, FalconsRenewedDecoderHasItsOwnKvHeads) {
  const Architecture falcon = ReadConfig(
      R"({"architectures":["FalconForCausalLM"],"hidden_size":8192,"num_attention_heads":128,"num_kv_heads":8,
          "num_hidden_layers":60,"vocab_size":65024,"new_decoder_architecture":true,"multi_query":true,
          "parallel_attn":true,"bias":false,"alibi":false})");
  const int64_t h = 8192, layer = h * (h + 2 * 8 * 64) + h * h + 8 * h * h + 4 * h;
  EXPECT_EQ(CountParameters(falcon).total, 65024 * h + 60 * layer + 2 * h);
  EXPECT_EQ(falcon.groups[0].shape.attention.kv_heads, 8);
}

// DeciLM-7B: the first layer keeps both heads' keys, the second those of one.
TEST(DenseFamilies, DeciCountsKvHeadsByTheLayer) {
  const char* deci = R"({"architectures":["DeciLMForCausalLM"],"hidden_size":8,"num_attention_heads":2,
      "num_key_value_heads_per_layer":[2,1],"num_hidden_layers":2,"vocab_size":10,"intermediate_size":16})";
  const Architecture a = ReadConfig(deci);
  ASSERT_EQ(a.groups.size(), 2u);
  EXPECT_EQ(CountParameters(a).total, 168 + 2 * (64 + 64 + 384 + 16) + 2 * 64 + 2 * 32);
}

TEST(DenseFamilies, PublishedTotals) { EXPECT_EQ(ExpectPublishedTotals("dense"), 3); }

}  // namespace
}  // namespace plimsoll
