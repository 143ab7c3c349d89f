// Beside vllm_gates_test.cc: which card computes which format, release by release.
#include <gtest/gtest.h>

#include <string>

#include "core/engines/vllm/vllm_gates.h"
#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

bool Says(const char* gpu, const char* format, const char* version, std::string_view code) {
  const EstimatedCase c =
      EstimateText(std::string(R"({"model":"llama-3.1-8b","max_model_len":2048,"gpu":")") + gpu +
                   R"(","format":")" + format + R"(","engine_version":")" + version + "\"}");
  EXPECT_EQ(c.error, "");
  return c.Has(code);
}

// Marlin's kernels took Turing in with 0.14.
TEST(VllmGatesHardware, MarlinAndTuring) {
  for (const char* format : {"fp8", "fp8-block", "w4a16"}) {
    EXPECT_TRUE(Says("t4", format, "0.13.0", "format_needs_newer_card")) << format;
    EXPECT_FALSE(Says("t4", format, "0.14.0", "format_needs_newer_card")) << format;
    EXPECT_TRUE(Says("v100-32gb", format, "0.14.0", "format_needs_newer_card")) << format;
    EXPECT_FALSE(Says("a100-sxm-80gb", format, "0.13.0", "format_needs_newer_card")) << format;
  }
  for (const char* format : {"awq-int4", "gptq-int4"}) {
    EXPECT_TRUE(Says("t4", format, "0.13.0", "marlin_needs_newer_card")) << format;
    EXPECT_FALSE(Says("t4", format, "0.14.0", "marlin_needs_newer_card")) << format;
    EXPECT_TRUE(Says("v100-32gb", format, "0.14.0", "marlin_needs_newer_card")) << format;
  }
}

// Blackwell's kernels first, Marlin's from 0.9 on Ampere (experts 0.9.1) and from 0.16 on Turing.
TEST(VllmGatesHardware, Nvfp4ByRelease) {
  EXPECT_TRUE(Says("rtx-a6000", "nvfp4", "0.8.5", "format_needs_newer_card"));
  EXPECT_FALSE(Says("rtx-a6000", "nvfp4", "0.9.0", "format_needs_newer_card"));
  EXPECT_FALSE(Says("b200", "nvfp4", "0.8.5", "format_needs_newer_card"));
  EXPECT_TRUE(Says("t4", "nvfp4", "0.15.0", "format_needs_newer_card"));
  EXPECT_FALSE(Says("t4", "nvfp4", "0.16.0", "format_needs_newer_card"));
  EXPECT_TRUE(Says("v100-32gb", "nvfp4", "0.16.0", "format_needs_newer_card"));
  const auto experts = [](const char* version) {
    return EstimateText(
               std::string(
                   R"({"model":"qwen3-30b-a3b","format":"nvfp4","gpu":"rtx-a6000","max_model_len":2048,)") +
               R"("engine_version":")" + version + "\"}")
        .Has("format_needs_newer_card");
  };
  EXPECT_TRUE(experts("0.9.0"));
  EXPECT_FALSE(experts("0.9.1"));
}

// Marlin's MXFP4 kernel wants bfloat16.
TEST(VllmGatesHardware, Mxfp4NeedsAmpere) {
  EXPECT_TRUE(Says("t4", "mxfp4", "0.27.0", "format_needs_newer_card"));
  EXPECT_FALSE(Says("a100-sxm-80gb", "mxfp4", "0.27.0", "format_needs_newer_card"));
}

// get_min_capability of the quantisation classes.
TEST(VllmGatesHardware, WhatNeedsTuringWhateverTheRelease) {
  for (const char* format : {"awq-int4", "int8"}) {
    EXPECT_TRUE(Says("v100-32gb", format, "0.19.0", "format_needs_newer_card")) << format;
    EXPECT_FALSE(Says("t4", format, "0.12.0", "format_needs_newer_card")) << format;
  }
  EXPECT_FALSE(Says("v100-32gb", "gptq-int4", "0.19.0", "format_needs_newer_card"));
}

// Weights in 8 or 4 bits that the units do not take save memory, not time.
TEST(VllmGatesHardware, WhereFormatsAreComputedInSixteenBits) {
  const struct {
    const char* format;
    const char* last_without;
    const char* first_with;
  } cases[] = {{"fp8", "rtx-3090", "rtx-4090"},
               {"fp8-block", "a100-sxm-80gb", "l40s"},
               {"nvfp4", "h100-sxm", "b200"},
               {"mxfp4", "rtx-4090", "h100-sxm"}};
  for (const auto& c : cases) {
    EXPECT_TRUE(Says(c.last_without, c.format, "0.20.0", "weight_only_kernels")) << c.format;
    EXPECT_FALSE(Says(c.first_with, c.format, "0.20.0", "weight_only_kernels")) << c.format;
  }
}

TEST(VllmGatesHardware, OtherMakersAreNotAskedForAComputeCapability) {
  EXPECT_FALSE(Says("mi300x", "fp8", "0.20.0", "format_needs_newer_card"));
  EXPECT_FALSE(Says("mi300x", "fp8", "0.20.0", "compute_capability_too_low"));
}

TEST(VllmGatesHardware, AnFp8CacheByTheCardsUnits) {
  const auto says = [](const char* gpu, std::string_view code) {
    return EstimateText(
               std::string(
                   R"({"model":"llama-3.1-8b","format":"fp16","max_model_len":2048,"kv_cache_dtype":"fp8","gpu":")") +
               gpu + "\"}")
        .Has(code);
  };
  EXPECT_TRUE(says("t4", "fp8_cache_needs_newer_card"));
  EXPECT_FALSE(says("a100-sxm-80gb", "fp8_cache_needs_newer_card"));
  EXPECT_TRUE(says("a100-sxm-80gb", "fp8_cache_without_fp8_units"));
  EXPECT_TRUE(says("rtx-3090", "fp8_cache_without_fp8_units"));
  EXPECT_FALSE(says("rtx-4090", "fp8_cache_without_fp8_units"));
}

// Groups that a dimension does not fill anyway are padded; those that tp breaks are not.
TEST(VllmGatesHardware, GroupsThatTensorParallelismBreaks) {
  const auto breaks = [](int width) {
    const EstimatedCase c = EstimateText(
        R"({"gpu":"h100-sxm","gpus":2,"max_model_len":1024,"format":"gptq-int4","model":{"architectures":
            ["LlamaForCausalLM"],"hidden_size":512,"num_attention_heads":4,"num_hidden_layers":2,"vocab_size":1000,
            "max_position_embeddings":4096,"intermediate_size":)" +
        std::to_string(width) + "}}");
    EXPECT_EQ(c.error, "");
    return c.Has("tp_breaks_quantization_groups");
  };
  EXPECT_TRUE(breaks(23 * 128)) << "11.5 groups each";
  EXPECT_FALSE(breaks(24 * 128));
  EXPECT_FALSE(breaks(2880)) << "22.5 groups in the file already";
}

}  // namespace
}  // namespace plimsoll
