// Beside gguf_header_test.cc: the keys of a config.json as a file's metadata tells them.
#include <gtest/gtest.h>

#include "core/files/gguf_header.h"
#include "tests/support/json_text.h"

namespace plimsoll {
namespace {

Json ConfigOf(const char* metadata) {
  GgufHeader header;
  header.metadata = JsonOfText(metadata);
  Result<Json> config = ConfigOfGguf(header);
  EXPECT_TRUE(config.ok()) << metadata;
  return config.ok() ? *config : Json();
}

int64_t Number(const Json& config, std::string_view key) {
  const Json* value = config.Find(key);
  return value == nullptr ? -1 : value->AsInt().value_or(-1);
}

// The converter writes a head's whole key, its rotary part included.
TEST(GgufConfig, ALatentsHeadsByTheirParts) {
  const Json v3 = ConfigOf(
      R"({"general.architecture":"deepseek2","deepseek2.block_count":61,"deepseek2.attention.head_count":128,
          "deepseek2.attention.kv_lora_rank":512,"deepseek2.attention.q_lora_rank":1536,
          "deepseek2.rope.dimension_count":64,"deepseek2.attention.key_length":576,
          "deepseek2.attention.key_length_mla":192,"deepseek2.attention.value_length_mla":128})");
  EXPECT_EQ(v3.Find("architectures")->items()[0].AsString(), "DeepseekV3ForCausalLM");
  EXPECT_EQ(Number(v3, "qk_nope_head_dim"), 128);
  EXPECT_EQ(Number(v3, "qk_rope_head_dim"), 64);
  EXPECT_EQ(Number(v3, "v_head_dim"), 128);
  EXPECT_EQ(Number(v3, "num_key_value_heads"), 128);
  const Json v2 = ConfigOf(
      R"({"general.architecture":"deepseek2","deepseek2.block_count":27,"deepseek2.attention.kv_lora_rank":512,
          "deepseek2.rope.dimension_count":64,"deepseek2.attention.key_length":192})");
  EXPECT_EQ(v2.Find("architectures")->items()[0].AsString(), "DeepseekV2ForCausalLM") << "no rank of queries";
  EXPECT_EQ(Number(v2, "qk_nope_head_dim"), 128) << "files from before the latent cache";
}

// Where every MLP is experts the file's width is theirs; elsewhere both are told.
TEST(GgufConfig, WidthsOfExperts) {
  const Json gpt = ConfigOf(R"({"general.architecture":"gpt-oss","gpt-oss.expert_count":32,
      "gpt-oss.feed_forward_length":1,"gpt-oss.expert_feed_forward_length":2880})");
  EXPECT_EQ(Number(gpt, "intermediate_size"), 2880);
  const Json qwen = ConfigOf(R"({"general.architecture":"qwen3moe","qwen3moe.expert_count":128,
      "qwen3moe.feed_forward_length":6144,"qwen3moe.expert_feed_forward_length":768,"qwen3moe.block_count":48,
      "qwen3moe.nextn_predict_layers":1})");
  EXPECT_EQ(Number(qwen, "intermediate_size"), 6144);
  EXPECT_EQ(Number(qwen, "moe_intermediate_size"), 768);
  EXPECT_EQ(Number(qwen, "num_hidden_layers"), 47) << "the layer that predicts on is no layer of the text";
}

}  // namespace
}  // namespace plimsoll
