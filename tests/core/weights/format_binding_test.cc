#include "core/weights/format_binding.h"

#include <gtest/gtest.h>

#include <string>

#include "core/formats/format_ids.h"
#include "core/formats/format_object.h"
#include "core/weights/read_architecture.h"
#include "tests/support/json_text.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

const Architecture& Of(std::string_view id) { return ShippedCatalog().FindModel(id)->architecture(); }

FormatBinding Bind(const Architecture& architecture, const char* format) {
  Result<WeightFormat> read = ReadWeightFormat(JsonOfText(format), "format");
  EXPECT_TRUE(read.ok()) << format;
  return BindFormat(architecture, *read);
}

// The scheme of the first tensor whose name has this part; -1: there is none.
int SchemeOf(const Architecture& a, const FormatBinding& binding, std::string_view part) {
  for (size_t i = 0; i < a.tensors.size(); ++i) {
    if (a.tensors[i].name.find(part) != std::string::npos) return binding.scheme[i];
  }
  return -1;
}

// Published NVFP4 keeps MLA and linear attention, published MXFP4 mixtures keep all attention.
TEST(FormatBinding, WhatPublishersKeep) {
  const struct {
    const char* model;
    const char* format;
    const char* tensor;
    int scheme;
  } cases[] = {
      {"deepseek-v3", "\"nvfp4\"", "self_attn.kv_b_proj", 0},
      {"deepseek-v3", "\"nvfp4\"", "mlp.experts.{e}.down_proj", 1},
      {"deepseek-v3", "\"fp8-block\"", "self_attn.kv_b_proj", 1},
      {"qwen3-next-80b-a3b", "\"nvfp4\"", "linear_attn.out_proj", 0},
      {"qwen3-next-80b-a3b", "\"awq-int4\"", "linear_attn.out_proj", 1},
      {"qwen3-next-80b-a3b", "\"awq-int4\"", "linear_attn.in_proj_ba", 0},
      {"qwen3-30b-a3b", "\"mxfp4\"", "self_attn.o_proj", 0},
      {"qwen3-30b-a3b", "\"mxfp4\"", "experts.{e}.up_proj", 1},
      {"llama-3.1-8b", "\"mxfp4\"", "self_attn.o_proj", 1},  // no experts: everything
      {"llama-3.1-8b", "\"fp8\"", "lm_head", 0},
      {"llama-3.1-8b", "\"fp8\"", "input_layernorm", 0},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(SchemeOf(Of(c.model), Bind(Of(c.model), c.format), c.tensor), c.scheme)
        << c.model << " " << c.format << " " << c.tensor;
  }
}

TEST(FormatBinding, BytesOfAScaleByItsPublisher) {
  const auto bytes = [](const char* model, const char* format) {
    return Bind(Of(model), format).schemes.at(1).scale_bytes;
  };
  EXPECT_EQ(bytes("deepseek-v3", "\"fp8-block\""), 4);
  EXPECT_EQ(bytes("qwen3-30b-a3b", "\"fp8-block\""), 2);
  EXPECT_EQ(bytes("deepseek-v4-flash", "\"fp8-block\""), 1);
  EXPECT_EQ(bytes("llama-3.1-8b", "\"fp8\""), 2) << "compressed-tensors";
  EXPECT_EQ(bytes("llama-3.1-8b", "\"int8\""), 2);
  EXPECT_EQ(bytes("llama-3.1-8b", R"({"id":"fp8","scale_dtype":"fp32"})"), 4) << "as given";
}

// DeepSeek-V4 ("expert_dtype": "fp4") holds its routed experts in 4 bits beside FP8 blocks.
TEST(FormatBinding, ExpertsInFp4BesideFp8Blocks) {
  const Architecture& a = Of("deepseek-v4-flash");
  const FormatBinding blocks = Bind(a, "\"fp8-block\"");
  const int scheme = SchemeOf(a, blocks, ".experts.{e}.");
  ASSERT_GT(scheme, 1);
  EXPECT_EQ(blocks.schemes[static_cast<size_t>(scheme)].family, FormatFamily::kMxfp4);
  EXPECT_EQ(blocks.schemes[static_cast<size_t>(scheme)].group_size, 32);
  EXPECT_EQ(SchemeOf(a, blocks, "shared_experts"), 1);
  EXPECT_EQ(SchemeOf(a, Bind(a, "\"fp8\""), ".experts.{e}."), 1) << "another format is whole";
}

// NVIDIA's DeepSeek-V4 is called by its experts' NVFP4; what its list leaves alone stays as the publisher stores it, as
// where the same config is given without that name.
TEST(FormatBinding, AMixturesNameDecidesNothing) {
  constexpr const char* kPublished =
      R"("quantization_config":{"quant_method":"fp8","quant_algo":"MIXED_PRECISION","weight_block_size":[128,128],)"
      R"("quantized_layers":{"layers.*.ffn.experts*":{"quant_algo":"NVFP4","group_size":16}}})";
  const Architecture& a = Of("deepseek-v4-flash");
  const FormatBinding named = Bind(a, (std::string(R"({"id":"nvfp4",)") + kPublished + "}").c_str());
  const FormatBinding bare = Bind(a, (std::string("{") + kPublished + "}").c_str());
  EXPECT_EQ(named.scheme, bare.scheme);
  for (const char* module : {"attn.indexer.wq_b", "mtp.{}.attn.wq_a", "mtp.{}.ffn.shared_experts.w1"}) {
    const int scheme = SchemeOf(a, named, module);
    ASSERT_GT(scheme, 0) << module;
    EXPECT_EQ(named.schemes[static_cast<size_t>(scheme)].family, FormatFamily::kFp8Block) << module;
  }
}

TEST(FormatBinding, TheFirstRuleThatMatchesDecidesAndLayersMayDiffer) {
  const Architecture& a = Of("llama-3.1-8b");
  const FormatBinding one = Bind(a, R"({"id":"awq-int4","unquantized":["model.layers.5.self_attn.q_proj"]})");
  ASSERT_EQ(one.exceptions.size(), 1u);
  EXPECT_EQ(one.exceptions[0].layer, 5);
  EXPECT_EQ(one.exceptions[0].scheme, 0);
  EXPECT_EQ(SchemeOf(a, one, "q_proj"), 1);
  const FormatBinding all = Bind(a, R"({"id":"awq-int4","unquantized":["q_proj"]})");
  EXPECT_TRUE(all.exceptions.empty());
  EXPECT_EQ(SchemeOf(a, all, "q_proj"), 0);
  EXPECT_EQ(SchemeOf(a, all, "k_proj"), 1);
}

TEST(FormatBinding, PlainFormatsBindPlain) {
  const FormatBinding fp32 = Bind(Of("llama-3.1-8b"), "\"fp32\"");
  ASSERT_EQ(fp32.schemes.size(), 1u);
  EXPECT_EQ(fp32.schemes[0].bits, 32);
  EXPECT_EQ(fp32.schemes[0].dtype, DType::kFp32);
  const FormatBinding awq = Bind(Of("llama-3.1-8b"), "\"awq-int4\"");
  EXPECT_EQ(awq.schemes[0].bits, 16) << "what stays is in 16 bits";
}

TEST(FormatBinding, PreparedOnce) {
  const Architecture& a = Of("llama-3.1-8b");
  EXPECT_FALSE(a.gguf.empty());
  for (const Tensor& tensor : a.tensors) {
    const bool matrix = tensor.role == TensorRole::kAttention || tensor.role == TensorRole::kMlp;
    EXPECT_EQ(tensor.quantized_by != 0, matrix) << tensor.name;
    if (matrix) {
      EXPECT_EQ(tensor.quantized_by, (1 << kFormatFamilies) - 1) << tensor.name;
    }
  }
}

}  // namespace
}  // namespace plimsoll
