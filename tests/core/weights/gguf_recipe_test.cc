#include "core/weights/gguf_recipe.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/formats/format_object.h"
#include "core/weights/format_binding.h"
#include "core/weights/read_architecture.h"
#include "core/weights/weights.h"
#include "tests/support/test_data.h"

namespace plimsoll {
namespace {

Architecture Read(const Json& config) {
  Result<Architecture> architecture = ReadArchitecture(config, "model");
  EXPECT_TRUE(architecture.ok()) << (architecture.ok() ? "" : architecture.error().Message());
  return architecture.ok() ? *architecture : Architecture();
}

WeightFormat Format(std::string_view id, bool imatrix = false) {
  Json object = Json::MakeObject();
  object.Set("id", Json(id));
  object.Set("imatrix", Json(imatrix));
  Result<WeightFormat> format = ReadWeightFormat(object, "format");
  EXPECT_TRUE(format.ok()) << id;
  return format.ok() ? *format : WeightFormat();
}

Json Golden() {
  Result<Json> data = Json::Parse(ReadTestFile("gguf_tensor_bytes.json"), "gguf_tensor_bytes.json");
  EXPECT_TRUE(data.ok());
  return data.ok() ? *data : Json();
}

// llama.cpp's own layout of synthetic models, to the byte.
TEST(GgufRecipe, TensorBytesEqualLlamaCpp) {
  const Json golden = Golden();
  std::vector<Architecture> models;
  for (const Json& config : golden.Find("models")->items()) models.push_back(Read(config));
  const Json::Array& rows = golden.Find("rows")->items();
  ASSERT_EQ(rows.size(), 262U);
  for (const Json& row : rows) {
    const Architecture& model = models[static_cast<size_t>(*row.items()[0].AsInt())];
    const std::string& format = row.items()[1].AsString();
    EXPECT_EQ(LayOutGguf(model, Format(format)).tensors, Bytes(*row.items()[2].AsInt()))
        << model.name << " " << model.layers << " layers, " << format;
  }
}

constexpr std::string_view kLlama8b = R"({"architectures":["LlamaForCausalLM"],"model_type":"llama",
  "hidden_size":4096,"intermediate_size":14336,"num_hidden_layers":32,"num_attention_heads":32,
  "num_key_value_heads":8,"head_dim":128,"vocab_size":128256,"max_position_embeddings":131072,
  "tie_word_embeddings":false,"rope_scaling":{"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,
  "high_freq_factor":4.0,"original_max_position_embeddings":8192}})";

constexpr std::string_view kQwen3Moe = R"({"architectures":["Qwen3MoeForCausalLM"],"model_type":"qwen3_moe",
  "hidden_size":2048,"intermediate_size":6144,"moe_intermediate_size":768,"num_experts":128,
  "num_experts_per_tok":8,"num_hidden_layers":48,"num_attention_heads":32,"num_key_value_heads":4,"head_dim":128,
  "vocab_size":151936,"max_position_embeddings":40960,"tie_word_embeddings":false})";

Architecture Model(std::string_view text) { return Read(*Json::Parse(text, "model")); }

int32_t FindTensor(const Architecture& model, std::string_view name) {
  for (size_t i = 0; i < model.gguf.size(); ++i) {
    if (model.gguf[i].name == name) return static_cast<int32_t>(i);
  }
  ADD_FAILURE() << name;
  return -1;
}

std::vector<GgmlType> Types(const Architecture& model, const WeightFormat& format, std::string_view name) {
  return GgufTensorTypes(model, format, FindTensor(model, name));
}

// use_more_bits(i, 32): the first four, the last four and every third between get Q6_K.
TEST(GgufRecipe, MoreBitsAtTheEnds) {
  const Architecture model = Model(kLlama8b);
  const std::vector<GgmlType> types = Types(model, Format("gguf-q4_k_m"), "blk.{}.ffn_down.weight");
  ASSERT_EQ(types.size(), 32U);
  for (const size_t high : {0U, 3U, 6U, 9U, 27U, 28U, 31U}) EXPECT_EQ(types[high], GgmlType::kQ6K) << high;
  for (const size_t low : {4U, 5U, 7U, 25U, 26U}) EXPECT_EQ(types[low], GgmlType::kQ4K) << low;
  EXPECT_EQ(Types(model, Format("gguf-q4_k_m"), "output.weight")[0], GgmlType::kQ6K);
  EXPECT_EQ(Types(model, Format("gguf-q4_k_m"), "blk.{}.attn_q.weight")[0], GgmlType::kQ4K);
  EXPECT_EQ(Types(model, Format("gguf-q4_k_m"), "blk.{}.attn_norm.weight")[0], GgmlType::kF32);
}

TEST(GgufRecipe, AnImportanceMatrixChangesSomeMixtures) {
  const Architecture model = Model(kLlama8b);
  EXPECT_EQ(Types(model, Format("gguf-iq4_xs"), "blk.{}.ffn_down.weight")[0], GgmlType::kQ5K);
  EXPECT_EQ(Types(model, Format("gguf-iq4_xs", true), "blk.{}.ffn_down.weight")[0], GgmlType::kIq4Xs);
  EXPECT_EQ(Types(model, Format("gguf-q4_0"), "blk.{}.ffn_down.weight")[0], GgmlType::kQ4_0);
  EXPECT_EQ(Types(model, Format("gguf-q4_0", true), "blk.{}.ffn_down.weight")[3], GgmlType::kQ4_1);
  EXPECT_EQ(Types(model, Format("gguf-q4_0", true), "blk.{}.ffn_down.weight")[4], GgmlType::kQ4_0);
  EXPECT_EQ(Types(model, Format("gguf-iq3_xxs"), "blk.{}.ffn_down.weight")[4], GgmlType::kQ3K);
  EXPECT_EQ(Types(model, Format("gguf-iq3_xxs", true), "blk.{}.ffn_down.weight")[4], GgmlType::kIq3Xxs);
}

// A published file: bartowski/Meta-Llama-3.1-8B-Instruct Q4_K_M, 4,920,739,232 bytes with tokenizer and
// padding.
TEST(GgufRecipe, PublishedFileSize) {
  const Architecture model = Model(kLlama8b);
  const WeightFormat format = Format("gguf-q4_k_m");
  const StoredWeights stored = StoreWeights(model, format, BindFormat(model, format));
  EXPECT_EQ(stored.checkpoint, Bytes(4912898304));
  EXPECT_NEAR(static_cast<double>(stored.file.count()), 4920739232.0, 4920739232.0 * 0.0005);
}

TEST(GgufRecipe, LayersAddUpToTheFile) {
  for (const std::string_view text : {kLlama8b, kQwen3Moe}) {
    const Architecture model = Model(text);
    for (const char* id : {"gguf-q4_k_m", "gguf-iq2_m", "gguf-q8_0", "gguf-bf16", "gguf-mxfp4_moe"}) {
      const GgufLayout layout = LayOutGguf(model, Format(id));
      Bytes total = layout.token_embedding + layout.output_norm + (layout.tied ? Bytes(0) : layout.output);
      for (const GgufLayout::Layer& layer : layout.layers) total += layer.dense + layer.experts;
      EXPECT_EQ(total, layout.tensors) << id;
      ASSERT_EQ(static_cast<int64_t>(layout.layers.size()), model.layers);
    }
  }
}

TEST(GgufRecipe, ExpertsStandApart) {
  const Architecture model = Model(kQwen3Moe);
  const GgufLayout layout = LayOutGguf(model, Format("gguf-q8_0"));
  // gate, up and down of 128 experts of 768 x 2048, 34 bytes per 32.
  const Bytes one(128LL * 768 * 2048 / 32 * 34);
  EXPECT_EQ(layout.layers[0].experts, one * 3);
  EXPECT_EQ(layout.largest_expert, one);
  EXPECT_EQ(LayOutGguf(Model(kLlama8b), Format("gguf-q8_0")).layers[0].experts, Bytes(0));
}

TEST(GgufRecipe, TiedEmbeddingsAreHeldTwiceByTheLoader) {
  Json config = *Json::Parse(kLlama8b, "model");
  config.Set("tie_word_embeddings", Json(true));
  const GgufLayout layout = LayOutGguf(Read(config), Format("gguf-q4_k_m"));
  EXPECT_TRUE(layout.tied);
  EXPECT_EQ(layout.output, layout.token_embedding);
  EXPECT_EQ(layout.token_embedding, GgmlBytes(GgmlType::kQ6K, 4096, 128256));
}

TEST(GgufRecipe, RowsThatNoBlockDividesFallBack) {
  Json config = *Json::Parse(kLlama8b, "model");
  config.Set("intermediate_size", Json(14336 + 32));  // a multiple of 32, not of 256
  const Architecture model = Read(config);
  EXPECT_EQ(Types(model, Format("gguf-q4_k_m"), "blk.{}.ffn_down.weight")[4], GgmlType::kQ5_0);
  EXPECT_EQ(Types(model, Format("gguf-q4_k_m"), "blk.{}.ffn_down.weight")[0], GgmlType::kQ8_0);
  EXPECT_EQ(Types(model, Format("gguf-iq2_xs"), "blk.{}.ffn_down.weight")[9], GgmlType::kIq4Nl);
  config.Set("intermediate_size", Json(14336 + 8));
  EXPECT_EQ(Types(Read(config), Format("gguf-q2_k"), "blk.{}.ffn_down.weight")[9], GgmlType::kF16);
}

TEST(GgufRecipe, MoreBitsNeverMakeASmallerFile) {
  const Architecture model = Model(kLlama8b);
  Bytes last(0);
  for (const char* id :
       {"gguf-iq1_s", "gguf-iq2_xxs", "gguf-iq2_m", "gguf-iq3_xxs", "gguf-q3_k_m", "gguf-q4_k_s",
        "gguf-q4_k_m", "gguf-q5_k_m", "gguf-q6_k", "gguf-q8_0", "gguf-f16", "gguf-f32"}) {
    const Bytes bytes = LayOutGguf(model, Format(id)).tensors;
    EXPECT_GT(bytes, last) << id;
    last = bytes;
  }
}

}  // namespace
}  // namespace plimsoll
