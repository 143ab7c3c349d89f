#include "core/arch/classic_families.h"

#include <gtest/gtest.h>

#include "core/arch/architecture_reader.h"
#include "core/arch/kv_cache.h"
#include "tests/support/architecture_totals.h"
#include "tests/support/json_text.h"
#include "tests/support/read_config.h"

namespace plimsoll {
namespace {

// All of hidden 8, two heads of 4, a vocabulary of 10.
TEST(ClassicFamilies, ParametersByHand) {
  const Counted cases[] = {
      // Embedding 80 (the head is tied), positions 16 x 8; a layer: norms 2 x 16, c_attn 8 x 24 + 24, c_proj
      // 64 + 8,
      // c_fc 8 x 32 + 32, c_proj 32 x 8 + 8; the last norm 16.
      {R"({"architectures":["GPT2LMHeadModel"],"n_embd":8,"n_head":2,"n_layer":2,"vocab_size":10,"n_positions":16})",
       80 + 128 + 2 * (32 + 216 + 72 + 288 + 264) + 16},
      // Two rows of positions more than there are; four projections of 64 + 8.
      {R"({"architectures":["OPTForCausalLM"],"hidden_size":8,"num_attention_heads":2,"num_hidden_layers":1,
           "vocab_size":10,"max_position_embeddings":16,"ffn_dim":16})",
       80 + 18 * 8 + (4 * 72 + 32 + 8 * 16 + 16 + 16 * 8 + 8) + 16},
      // ALiBi: no positions, but a norm behind the embedding.
      {R"({"architectures":["BloomForCausalLM"],"hidden_size":8,"n_head":2,"n_layer":1,"vocab_size":10})",
       80 + 16 + (8 * 24 + 24 + 72 + 32 + 8 * 32 + 32 + 32 * 8 + 8) + 16},
      // One KV head of 4: c_attn makes 8 + 4 + 4.
      {R"({"architectures":["GPTBigCodeForCausalLM"],"n_embd":8,"n_head":2,"n_layer":1,"vocab_size":10,
           "n_positions":16,"multi_query":true})",
       80 + 128 + (32 + 8 * 16 + 16 + 72 + 288 + 264) + 16},
      // One norm per layer, and a bias of the head.
      {R"({"architectures":["PhiForCausalLM"],"hidden_size":8,"num_attention_heads":2,"num_hidden_layers":1,
           "vocab_size":10,"intermediate_size":16})",
       80 + (16 + 4 * 72 + 8 * 16 + 16 + 16 * 8 + 8) + 16 + 80 + 10},
      // Like Llama without biases: untied, fused w1 w3 w2.
      {R"({"architectures":["InternLM2ForCausalLM"],"hidden_size":8,"num_attention_heads":2,
           "num_key_value_heads":1,"num_hidden_layers":1,"vocab_size":10,"intermediate_size":16,"bias":false})",
       80 + 80 + 8 + (16 + 8 * 16 + 64 + 3 * 128)},
  };
  for (const Counted& c : cases) EXPECT_EQ(CountParameters(ReadConfig(c.config)).total, c.total) << c.config;
}

TEST(ClassicFamilies, RotateAQuarterOrNothing) {
  EXPECT_EQ(ReadConfig(R"({"architectures":["GPTNeoXForCausalLM"],"hidden_size":64,"num_attention_heads":2,
      "num_hidden_layers":1,"vocab_size":10,"intermediate_size":16})")
                .rotary_dim,
            8)
      << "a quarter of 32";
  EXPECT_EQ(ReadConfig(R"({"architectures":["BloomForCausalLM"],"hidden_size":64,"n_head":2,"n_layer":1,
      "vocab_size":10})")
                .rotary_dim,
            0);
}

TEST(ClassicFamilies, PublishedTotals) { EXPECT_EQ(ExpectPublishedTotals("classic"), 5); }

// The table is as narrow as its projections say, and the head with it; norms behind the halves leave no last one.
TEST(ClassicFamilies, ProjectAnEmbedding) {
  const Architecture opt = ReadCase("opt-350m");
  for (const Tensor& tensor : opt.tensors) {
    if (tensor.role == TensorRole::kEmbedding) {
      EXPECT_EQ(tensor.columns, 512);
    }
    EXPECT_EQ(tensor.name.find("model.decoder.final_layer_norm"), std::string::npos);
  }
  EXPECT_EQ(opt.hidden, 1024);
  EXPECT_FALSE(ReadCaseWith("opt-350m", "tie_word_embeddings", "false").ok());
}

// Every other layer of GPT-Neo keeps 256 tokens.
TEST(ClassicFamilies, GptNeoSlidesInEverySecondLayer) {
  const Architecture neo = ReadCase("gpt-neo-2.7b");
  const int64_t layer = 2 * 2560 * 2;
  const KvTypes k16{KvType::kFp16, KvType::kFp16};
  EXPECT_EQ(KvBytesPerToken(neo, k16).count(), 16 * layer);
  EXPECT_EQ(KvBytesPerSequence(neo, k16, 2000).count(), 16 * layer * (2000 + 256));
  EXPECT_FALSE(ReadCaseWith("gpt-neo-2.7b", "attention_types", R"([[["global","local"],3]])").ok());
}

}  // namespace
}  // namespace plimsoll
