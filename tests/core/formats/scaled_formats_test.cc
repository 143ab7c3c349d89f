#include "core/formats/scaled_formats.h"

#include <gtest/gtest.h>

#include "core/formats/quantization_config.h"

namespace plimsoll {
namespace {

WeightFormat Read(const char* text) {
  const Result<WeightFormat> format =
      ReadQuantizationConfig(*Json::Parse(text, "test"), "quantization_config");
  EXPECT_TRUE(format.ok()) << text << (format.ok() ? "" : format.error().Message());
  return format.ok() ? *format : WeightFormat();
}

// A matrix of 1000 outputs and 4096 inputs.
int64_t BytesOf(const char* text) {
  const WeightFormat format = Read(text);
  return format.schemes.empty() ? 0 : EncodedBytes(format.schemes[0], false, 1000, 4096).count();
}

TEST(ScaledFormats, BytesByTheToolsRules) {
  // MLX: 4 bits and, per 64 values, a scale and a bias of two bytes each.
  EXPECT_EQ(BytesOf(R"({"group_size":64,"bits":4})"), 1000 * (4096 / 2 + 4096 / 64 * 4));
  EXPECT_EQ(BytesOf(R"({"group_size":32,"bits":4,"mode":"mxfp4"})"), 1000 * (4096 / 2 + 4096 / 32));
  EXPECT_EQ(
      BytesOf(R"({"quant_method":"hqq","quant_config":{"weight_quant_params":{"nbits":4,"group_size":64}}})"),
      1000 * (4096 / 2 + 4096 / 64 * 4));
  EXPECT_EQ(BytesOf(R"({"quant_method":"torchao","quant_type":"int8_weight_only"})"), 1000 * (4096 + 2));
  // AQLM 1x16: 16 bits for 8 values, a codebook of 65536 vectors of 8 half floats, a scale per output.
  EXPECT_EQ(BytesOf(R"({"quant_method":"aqlm","in_group_size":8,"num_codebooks":1,"nbits_per_codebook":16})"),
            1000 * 4096 / 8 * 2 + 65536 * 8 * 2 + 1000 * 2);
  EXPECT_EQ(BytesOf(R"({"quant_method":"exl3","bits":4.0,"head_bits":6})"),
            1000 * 4096 / 2 + 2 * 1000 + 2 * 4096);
  EXPECT_EQ(BytesOf(R"({"quant_method":"bitnet"})"), 1000 * 4096 / 4 + 2);
}

TEST(ScaledFormats, ModulesOfTheirOwn) {
  const WeightFormat format = Read(
      R"({"group_size":64,"bits":4,"model.layers.0.mlp.gate":{"group_size":64,"bits":8},"lm_head.x":false})");
  ASSERT_EQ(format.schemes.size(), 2u);
  EXPECT_EQ(format.schemes[1].value_bits, 8);
  ASSERT_EQ(format.rules.size(), 2u);
  EXPECT_EQ(format.rules[0].scheme, 2);
  EXPECT_EQ(format.rules[1].scheme, 0);
  EXPECT_TRUE(format.embeddings);
}

TEST(ScaledFormats, WhatIsNotUnderstoodIsNamed) {
  for (const char* text : {R"({"quant_method":"torchao","quant_type":"uintx_weight_only"})",
                           R"({"quant_method":"bitnet","linear_class":"autobitlinear"})",
                           R"({"group_size":64,"bits":4,"mode":"spiral"})"}) {
    const Result<WeightFormat> format =
        ReadQuantizationConfig(*Json::Parse(text, "test"), "quantization_config");
    ASSERT_FALSE(format.ok()) << text;
    EXPECT_FALSE(format.error().accepted.empty());
  }
}

}  // namespace
}  // namespace plimsoll
