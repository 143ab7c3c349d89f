#include "core/formats/format_object.h"

#include <gtest/gtest.h>

#include "core/formats/gguf_types.h"
#include "tests/support/json_text.h"

namespace plimsoll {
namespace {

WeightFormat Read(const char* text) {
  Result<WeightFormat> format = ReadWeightFormat(JsonOfText(text), "format");
  EXPECT_TRUE(format.ok()) << text << (format.ok() ? "" : format.error().Message());
  return format.ok() ? *format : WeightFormat();
}

TEST(FormatObject, OptionsChangeTheScheme) {
  const WeightFormat format = Read(
      R"({"id":"gptq-int4","group_size":32,"symmetric":false,"desc_act":true,"unquantized":["lm_head","attn"]})");
  EXPECT_EQ(format.id, "gptq-int4");
  EXPECT_EQ(format.schemes[0].group_size, 32);
  EXPECT_FALSE(format.schemes[0].symmetric);
  EXPECT_TRUE(format.schemes[0].desc_act);
  ASSERT_EQ(format.rules.size(), 2u);
  EXPECT_EQ(format.rules[0].pattern, "lm_head");
  EXPECT_TRUE(format.rules_given);
  EXPECT_EQ(Read(R"({"format":"awq-int4"})").id, "awq-int4") << "as the catalog writes it";
  EXPECT_FALSE(Read(R"({"id":"bnb-nf4","double_quant":false})").schemes[0].double_quant);
  EXPECT_TRUE(Read(R"({"id":"fp8","static_activations":true})").schemes[0].static_activations);
  EXPECT_FALSE(Read(R"({"id":"fp8","per_channel":false})").schemes[0].per_channel);
  const WeightFormat blocks = Read(R"({"id":"fp8-block","block_size":[64,256]})");
  EXPECT_EQ(blocks.schemes[0].block_rows, 64);
  EXPECT_EQ(blocks.schemes[0].block_columns, 256);
}

TEST(FormatObject, TypesOfScales) {
  const struct {
    const char* name;
    int32_t bytes;
  } cases[] = {{"fp32", 4},     {"float32", 4}, {"bf16", 2},  {"FP16", 2},
               {"bfloat16", 2}, {"float16", 2}, {"ue8m0", 1}, {"e8m0", 1}};
  for (const auto& c : cases) {
    EXPECT_EQ(Read((std::string(R"({"id":"fp8-block","scale_dtype":")") + c.name + "\"}").c_str())
                  .schemes[0]
                  .scale_bytes,
              c.bytes)
        << c.name;
  }
}

TEST(FormatObject, TypesOfSingleGgufTensors) {
  const WeightFormat format = Read(
      R"({"id":"gguf-q4_k_m","tensor_types":{"ffn_down_exps":"Q6_K","attn_v":{"0":"q8_0","12":"q5_k"}}})");
  ASSERT_EQ(format.tensor_types.size(), 3u);
  EXPECT_EQ(format.tensor_types[0].tensor, "ffn_down_exps");
  EXPECT_EQ(format.tensor_types[0].type, static_cast<int32_t>(GgmlType::kQ6K));
  EXPECT_EQ(format.tensor_types[2].from, 12);
  EXPECT_EQ(format.tensor_types[2].type, static_cast<int32_t>(GgmlType::kQ5K));
}

TEST(FormatObject, GivenBitsTakeThePlaceOfAnAverage) {
  const WeightFormat format = Read(R"({"id":"gguf-ud-q4_k_xl","bits_per_weight":4.5})");
  EXPECT_EQ(format.given_bits, 4.5);
  EXPECT_EQ(format.average.factor, 0);
  EXPECT_TRUE(format.approximate());
}

TEST(FormatObject, APublishedConfigKeepsItsIdAndBringsItsRules) {
  const WeightFormat format = Read(
      R"({"id":"fp8","quantization_config":{"quant_method":"fp8","modules_to_not_convert":["lm_head"]}})");
  EXPECT_EQ(format.id, "fp8");
  EXPECT_FALSE(format.rules.empty());
}

TEST(FormatObject, RefusalsNameTheKey) {
  const struct {
    const char* json;
    const char* field;
  } cases[] = {{R"({"id":"fp8","colour":1})", "format.\"colour\""},
               {R"({"id":"fp8","symmetric":1})", "format.symmetric"},
               {R"({"id":"fp8","scale_dtype":"fp64"})", "format.scale_dtype"},
               {R"({"id":"gguf-q4_0","bits_per_weight":0.4})", "format.bits_per_weight"},
               {R"({"id":"gguf-q4_0","bits_per_weight":32.5})", "format.bits_per_weight"},
               {R"({"id":"gguf-q4_0","tensor_types":{"attn_v":"q9_0"}})", "format.tensor_types"},
               {R"({"id":"gguf-q4_0","tensor_types":{"attn_v":{"x":"q8_0"}}})", "format.tensor_types"},
               {R"({"id":"gguf-q4_0","imatrix":"yes"})", "format.imatrix"},
               {R"({"group_size":32})", "format.id"},
               {"[]", "format"}};
  for (const auto& c : cases) {
    const Result<WeightFormat> format = ReadWeightFormat(JsonOfText(c.json), "format");
    ASSERT_FALSE(format.ok()) << c.json;
    EXPECT_EQ(format.error().field, c.field) << c.json;
  }
}

TEST(FormatObject, KnowsItsKeys) {
  for (const char* key : {"id", "group_size", "tensor_types", "repo"}) EXPECT_TRUE(IsFormatKey(key)) << key;
  for (const char* key : {"", "ID", "group", "quant_method"}) EXPECT_FALSE(IsFormatKey(key)) << key;
}

}  // namespace
}  // namespace plimsoll
