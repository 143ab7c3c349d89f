#include "core/launch/download.h"

#include <gtest/gtest.h>

#include <string>

#include "core/config/config_url.h"
#include "core/engines/registry.h"
#include "core/engines/settle.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

Download Of(std::string_view url) {
  const Result<DecodedConfig> decoded = DecodeConfigUrl(url);
  EXPECT_TRUE(decoded.ok()) << url;
  const Result<Resolved> resolved = Settle(decoded->config, ShippedCatalog());
  EXPECT_TRUE(resolved.ok()) << url;
  return DownloadOf(decoded->config, ShippedCatalog(), *resolved);
}

// Qwen/Qwen3-30B-A3B has 30,532,122,624 parameters in bf16. No repository of its fp8 with one scale a tensor is known, so that
// vLLM makes it of them.
TEST(Download, WhatIsMadeWhileLoadingIsFetchedAsItIsPublished) {
  const Download made = Of("m=qwen3-30b-a3b&q=fp8&g=h100-sxm&ctx=8192");
  EXPECT_EQ(made.size.count(), 2 * int64_t{30532122624});
  EXPECT_EQ(made.made_from, "bf16");
}

TEST(Download, WhatHasARepositoryIsFetchedFromIt) {
  for (const char* url :
       {"m=qwen3-30b-a3b&q=awq-int4&g=h100-sxm&ctx=8192", "m=qwen3-30b-a3b&g=h100-sxm&ctx=8192",
        "m=qwen3-30b-a3b&e=llama.cpp&q=gguf-q4_k_m&g=h100-sxm&ctx=8192"}) {
    const Download fetched = Of(url);
    EXPECT_EQ(fetched.made_from, "") << url;
    EXPECT_LE(fetched.size.count(), 2 * int64_t{30532122624}) << url;
  }
  EXPECT_LT(Of("m=qwen3-30b-a3b&q=awq-int4&g=h100-sxm&ctx=8192").size.count(), int64_t{18000000000});
}

TEST(Download, OnlyAnEngineWithTheOptionMakesAFormat) {
  EXPECT_TRUE(IsMadeAtLoad(*FindEngine("vllm")->language(), "fp8"));
  EXPECT_FALSE(IsMadeAtLoad(*FindEngine("vllm")->language(), "awq-int4"));
  EXPECT_FALSE(IsMadeAtLoad(*FindEngine("llama.cpp")->language(), "fp8"));
}

}  // namespace
}  // namespace plimsoll
