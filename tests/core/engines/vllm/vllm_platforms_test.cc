#include "core/engines/vllm/vllm_platforms.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

EstimatedCase On(const char* gpu, const char* format, const char* version = "0.27.0") {
  EstimatedCase c = EstimateText(std::string(R"({"model":"qwen3-4b","max_model_len":2048,"gpu":")") + gpu +
                                 R"(","format":")" + format + R"(","engine_version":")" + version + "\"}");
  EXPECT_EQ(c.error, "");
  return c;
}

bool Runs(const char* gpu, const char* format, const char* version = "0.27.0") {
  return On(gpu, format, version).report.verdict != Verdict::kInvalid;
}

TEST(VllmPlatforms, NoKernelOfNvfp4OutsideCuda) {
  for (const char* gpu : {"mi210", "mi300x", "mi355x", "rx-7900-xtx", "radeon-ai-pro-r9700", "arc-pro-b60"}) {
    EXPECT_TRUE(On(gpu, "nvfp4").Has("format_not_on_card")) << gpu;
    EXPECT_FALSE(Runs(gpu, "nvfp4")) << gpu;
    EXPECT_TRUE(Runs(gpu, "bf16")) << gpu;
  }
}

// gfx94, gfx95 and gfx12 have fp8 units, older ones have none.
TEST(VllmPlatforms, Fp8NeedsItsUnits) {
  for (const char* format : {"fp8", "fp8-block"}) {
    EXPECT_FALSE(Runs("mi210", format));
    EXPECT_FALSE(Runs("rx-7900-xtx", format));
    EXPECT_FALSE(Runs("ryzen-ai-max-395", format));
    EXPECT_TRUE(Runs("mi300x", format));
    EXPECT_TRUE(Runs("mi355x", format));
    EXPECT_TRUE(Runs("rx-9070-xt", format));
  }
}

TEST(VllmPlatforms, BitsandbytesByWavefront) {
  EXPECT_FALSE(Runs("rx-7900-xtx", "bnb-nf4", "0.11.0"));
  EXPECT_TRUE(Runs("rx-7900-xtx", "bnb-nf4", "0.12.0"));
  EXPECT_FALSE(Runs("mi300x", "bnb-nf4", "0.17.0"));
  EXPECT_TRUE(Runs("mi300x", "bnb-nf4", "0.18.0"));
  EXPECT_FALSE(Runs("arc-pro-b60", "bnb-nf4"));
}

TEST(VllmPlatforms, WhatItIsBuiltFor) {
  for (const char* gpu :
       {"rx-580", "rx-5700-xt", "rx-6700-xt", "radeon-780m", "gaudi2", "gaudi3", "apple-m4-max"}) {
    EXPECT_TRUE(On(gpu, "bf16").Has("card_not_supported")) << gpu;
    EXPECT_FALSE(Runs(gpu, "bf16")) << gpu;
  }
  for (const char* gpu : {"mi50-32gb", "mi100", "rx-6800-xt"}) {
    EXPECT_TRUE(On(gpu, "fp16").Has("card_needs_own_build")) << gpu;
    EXPECT_TRUE(Runs(gpu, "fp16")) << gpu;
  }
  EXPECT_FALSE(On("mi300x", "bf16").Has("card_needs_own_build"));
  EXPECT_TRUE(On("ryzen-ai-max-395", "bf16", "0.10.2").Has("release_older_than_card"));
  EXPECT_FALSE(On("ryzen-ai-max-395", "bf16", "0.14.0").Has("release_older_than_card"));
}

TEST(VllmPlatforms, IntelCards) {
  EXPECT_TRUE(Runs("arc-pro-b60", "awq-int4", "0.10.0"));
  EXPECT_FALSE(Runs("arc-pro-b60", "fp8", "0.10.0"));
  EXPECT_TRUE(Runs("arc-pro-b60", "fp8", "0.11.0"));
  EXPECT_FALSE(Runs("arc-pro-b60", "int8"));
  EXPECT_FALSE(Runs("arc-pro-b60", "gguf-q4_k_m"));
}

}  // namespace
}  // namespace plimsoll
