// Beside gguf_header_test.cc: the keys of a config.json as a file's metadata tells them.
#include "core/files/gguf_config.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "core/arch/class_names.h"
#include "core/weights/read_architecture.h"
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

// One value per layer, by a test of its number.
template <typename Value>
Json PerLayer(int64_t layers, Value value) {
  Json list = Json::MakeArray();
  for (int64_t i = 0; i < layers; ++i) list.Append(Json(int64_t{value(i)}));
  return list;
}

int64_t Parameters(std::string_view arch, const char* keys,
                   std::vector<std::pair<const char*, Json>> arrays = {}) {
  GgufHeader header;
  header.metadata = Json::MakeObject();
  header.metadata.Set("general.architecture", Json(arch));
  const auto own = [arch](std::string_view key) { return std::string(arch) + "." + std::string(key); };
  const Json given = JsonOfText(keys);
  for (const Json::Member& member : given.members()) header.metadata.Set(own(member.first), member.second);
  for (auto& [key, list] : arrays) header.metadata.Set(own(key), list);
  const Result<Json> config = ConfigOfGguf(header);
  EXPECT_TRUE(config.ok()) << arch;
  if (!config.ok()) return 0;
  const Result<Architecture> read = ReadArchitecture(*config, "model");
  EXPECT_TRUE(read.ok()) << arch << ": " << read.error().Message();
  return read.ok() ? CountParameters(*read).total : 0;
}

// What llama.cpp's converter writes of published models comes to what their publishers count.
TEST(GgufConfig, LayersWithoutAttention) {
  EXPECT_EQ(
      Parameters(
          "lfm2",
          R"({"block_count":16,"embedding_length":2048,"feed_forward_length":8192,"vocab_size":65536,
                           "attention.head_count":32,"shortconv.l_cache":3})",
          {{"attention.head_count_kv",
            PerLayer(16, [](int64_t i) { return i == 2 || i == 5 || (i >= 8 && i % 2 == 0) ? 8 : 0; })}}),
      1170340608 + 65536 * 2048);
  EXPECT_EQ(
      Parameters("mamba2",
                 R"({"block_count":64,"embedding_length":4096,"vocab_size":32768,"feed_forward_length":0,
                           "attention.head_count":0,"ssm.inner_size":8192,"ssm.time_step_rank":128,
                           "ssm.group_count":8,"ssm.state_size":128,"ssm.conv_kernel":4})"),
      7285403648);
  EXPECT_EQ(Parameters("mamba",
                       R"({"block_count":64,"embedding_length":4096,"vocab_size":65024,"ssm.dt_b_c_rms":true,
                           "ssm.inner_size":8192,"ssm.time_step_rank":256,"ssm.state_size":16,"ssm.conv_kernel":4})"),
            7272665088);
}

TEST(GgufConfig, LayersThatSlideByAPattern) {
  const auto sliding = [](int64_t i) { return i % 4 != 0 ? 1 : 0; };
  EXPECT_EQ(
      Parameters("laguna",
                 R"({"block_count":40,"embedding_length":2048,"feed_forward_length":8192,"vocab_size":100352,
                           "attention.key_length":128,"attention.head_count_kv":8,"attention.sliding_window":512,
                           "expert_count":256,"expert_used_count":8,"expert_feed_forward_length":512,
                           "expert_shared_feed_forward_length":512,"leading_dense_block_count":1})",
                 {{"attention.sliding_window_pattern", PerLayer(40, sliding)},
                  {"attention.head_count", PerLayer(40, [](int64_t i) { return i % 4 != 0 ? 64 : 48; })}}),
      33442617088);
  // Without Step's layers that predict further; the gate per head shows in the tensors alone.
  EXPECT_EQ(
      Parameters("step35",
                 R"({"block_count":45,"embedding_length":4096,"feed_forward_length":11264,"vocab_size":128896,
                           "attention.key_length":128,"attention.sliding_window":512,"expert_count":288,
                           "expert_used_count":8,"expert_feed_forward_length":1280,
                           "expert_shared_feed_forward_length":1280,"leading_dense_block_count":3})",
                 {{"attention.sliding_window_pattern", PerLayer(45, sliding)},
                  {"attention.head_count_kv", PerLayer(45, [](int64_t) { return 8; })},
                  {"attention.head_count", PerLayer(45, [](int64_t i) { return i % 4 != 0 ? 96 : 64; })}}),
      196956130368 - 4096 * (12 * 64 + 33 * 96));
}

// The same, for what came with 2026's architectures and for older ones.
TEST(GgufConfig, ListsOfHeadsAndOfRatios) {
  const auto stepped = [](int64_t first, int64_t second, int64_t third) {
    return PerLayer(16, [=](int64_t i) { return i < 5 ? first : i < 12 ? second : third; });
  };
  constexpr int64_t kWidths[] = {768,  1024, 1280, 1536, 1792, 2048, 2560, 2816,
                                 3072, 3328, 3584, 3840, 4352, 4608, 4864, 5120};
  EXPECT_EQ(Parameters("openelm",
                       R"({"block_count":16,"embedding_length":1280,"vocab_size":32000,
                           "attention.key_length":64,"context_length":2048})",
                       {{"attention.head_count", stepped(12, 16, 20)},
                        {"attention.head_count_kv", stepped(3, 4, 5)},
                        {"feed_forward_length", PerLayer(16, [&](int64_t i) { return kWidths[i]; })}}),
            271527168 + 32000 * 1280);
  // DeepSeek-V4-Flash's decoder: 43 layers of windows and of two kinds of compressed keys.
  EXPECT_EQ(
      Parameters("deepseek4",
                 R"({"block_count":43,"embedding_length":4096,"vocab_size":129280,"attention.head_count":64,
                     "attention.head_count_kv":1,"attention.key_length":512,"rope.dimension_count":64,
                     "attention.sliding_window":128,"attention.q_lora_rank":1024,"expert_count":256,
                     "expert_used_count":6,"expert_shared_count":1,"expert_feed_forward_length":2048,
                     "attention.indexer.head_count":64,"attention.indexer.key_length":128,
                     "attention.indexer.top_k":512,"attention.output_group_count":8,
                     "attention.output_lora_rank":1024,"hyper_connection.count":4,"hash_layer_count":3})",
                 {{"attention.compress_ratios",
                   PerLayer(43, [](int64_t i) { return i < 2        ? 0
                                                       : i % 2 == 0 ? 4
                                                                    : 128; })}}),
      284334567511);
}

// A period where the file holds no list.
TEST(GgufConfig, PeriodsOfWindows) {
  const Json mellum = ConfigOf(
      R"({"general.architecture":"mellum","mellum.block_count":8,"mellum.attention.sliding_window":1024,
          "mellum.attention.sliding_window_pattern":4})");
  const Json plamo = ConfigOf(
      R"({"general.architecture":"plamo3","plamo3.block_count":16,"plamo3.attention.sliding_window":2048})");
  const Json command = ConfigOf(
      R"({"general.architecture":"cohere2moe","cohere2moe.block_count":8,"cohere2moe.attention.sliding_window":4096,
          "cohere2moe.expert_count":128,"cohere2moe.expert_feed_forward_length":768,
          "cohere2moe.feed_forward_length":6144})");
  const auto kind = [](const Json& config, size_t layer) {
    return config.Find("layer_types")->items()[layer].AsString();
  };
  EXPECT_EQ(kind(mellum, 2), "sliding_attention");
  EXPECT_EQ(kind(mellum, 3), "full_attention");
  EXPECT_EQ(kind(plamo, 3), "sliding_attention");
  EXPECT_EQ(kind(plamo, 7), "full_attention");
  EXPECT_EQ(kind(command, 0), "full_attention");
  EXPECT_EQ(kind(command, 3), "sliding_attention");
  EXPECT_EQ(Number(command, "intermediate_size"), 768);
  EXPECT_EQ(Number(command, "prefix_dense_intermediate_size"), 6144);
  EXPECT_EQ(
      Parameters("mellum",
                 R"({"block_count":28,"embedding_length":2304,"feed_forward_length":7168,"vocab_size":98304,
                           "attention.head_count":32,"attention.head_count_kv":4,"attention.key_length":128,
                           "attention.sliding_window":1024,"expert_count":64,"expert_used_count":8,
                           "expert_feed_forward_length":896})"),
      12149923072);
  EXPECT_EQ(
      Parameters("grovemoe",
                 R"({"block_count":48,"embedding_length":2048,"vocab_size":151936,"attention.head_count":32,
                           "attention.head_count_kv":4,"attention.key_length":128,"expert_count":128,
                           "expert_used_count":8,"expert_feed_forward_length":768,"experts_per_group":2,
                           "expert_chunk_feed_forward_length":128})"),
      32948041728);
  EXPECT_EQ(
      Parameters("plm",
                 R"({"block_count":32,"embedding_length":2048,"feed_forward_length":8192,"vocab_size":151936,
                           "attention.head_count":16,"attention.kv_lora_rank":512,"attention.key_length":192,
                           "attention.value_length":128,"rope.dimension_count":64})"),
      1825458176 + 151936 * 2048);
}

// T5's encoder and decoder are counted apart; heads of 64 do not make up the width.
TEST(GgufConfig, T5HasTwoSides) {
  const Json t5 = ConfigOf(R"({"general.architecture":"t5","t5.block_count":24,"t5.embedding_length":2048,
      "t5.decoder_block_count":20,"t5.feed_forward_length":5120,"t5.attention.head_count":32,
      "t5.attention.key_length":64,"t5.attention.relative_buckets_count":32,"t5.vocab_size":32128})");
  EXPECT_EQ(Number(t5, "num_layers"), 24);
  EXPECT_EQ(Number(t5, "num_decoder_layers"), 20);
  const Result<Architecture> read = ReadArchitecture(t5, "gguf");
  ASSERT_TRUE(read.ok()) << read.error().Message();
  // Two matrices of an MLP where the file shows no gate; the head is untied where no tensor tells.
  const int64_t d = 2048, self = 4 * d * d, mlp = 2 * d * 5120;
  EXPECT_EQ(CountParameters(*read).total,
            2 * 32128 * d + 24 * (self + mlp + 2 * d) + 20 * (2 * self + mlp + 3 * d) + 2 * (32 * 32 + d));
}

// 13 D2 L + 464 D L + 4 D + 2 D V, as where the same model's config.json is read; other ranks count as they are told.
TEST(GgufConfig, RwkvsRanks) {
  const auto total = [](const char* ranks) {
    const Json config =
        ConfigOf((std::string(R"({"general.architecture":"rwkv6","rwkv6.block_count":24,)") + ranks +
                  R"("rwkv6.embedding_length":2048,"rwkv6.feed_forward_length":7168,
                                     "rwkv6.wkv.head_size":64,"rwkv6.attention.head_count":0,
                                     "rwkv6.context_length":1048576,"rwkv6.vocab_size":65536})")
                     .c_str());
    const Result<Architecture> read = ReadArchitecture(config, "gguf");
    EXPECT_TRUE(read.ok()) << read.error().Message();
    return read.ok() ? CountParameters(*read).total : 0;
  };
  const int64_t d = 2048, l = 24;
  EXPECT_EQ(total(""), 1599873024);
  EXPECT_EQ(total(R"("rwkv6.time_mix_extra_dim":64,"rwkv6.time_decay_extra_dim":128,)"),
            1599873024 + (912 - 464) * d * l);
}

TEST(GgufConfig, ATowersFileIsToldApart) {
  GgufHeader header;
  header.metadata = JsonOfText(R"({"general.architecture":"clip"})");
  const Result<Json> config = ConfigOfGguf(header);
  ASSERT_FALSE(config.ok());
  EXPECT_NE(config.error().accepted.find("mmproj"), std::string::npos);
}

// Every architecture's row leads to a class that is read.
TEST(GgufConfig, EveryClassIsKnown) {
  for (const std::string_view name : GgufArchitectures()) {
    GgufHeader header;
    header.metadata = Json::MakeObject();
    header.metadata.Set("general.architecture", Json(name));
    const Result<Json> config = ConfigOfGguf(header);
    ASSERT_TRUE(config.ok()) << name;
    EXPECT_NE(FindClass(config->Find("architectures")->items()[0].AsString()).family, nullptr) << name;
  }
}

}  // namespace
}  // namespace plimsoll
