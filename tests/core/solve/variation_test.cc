#include "core/solve/variation.h"

#include <gtest/gtest.h>

#include "core/config/config_codec.h"
#include "core/config/config_url.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

Config FromUrl(std::string_view url) {
  Result<DecodedConfig> decoded = DecodeConfigUrl(url);
  EXPECT_TRUE(decoded.ok()) << url;
  return decoded.ok() ? decoded->config : Config();
}

Start StartFrom(const Config& config) {
  const Result<Resolved> resolved = Settle(config, ShippedCatalog());
  EXPECT_TRUE(resolved.ok());
  return StartOf(*resolved, EstimateResolved(*resolved));
}

TEST(Variation, AnotherEngineTakesWhatMeansSomethingToIt) {
  const Config config = FromUrl("m=qwen3-8b&q=fp8&g=h100-sxm&ev=0.10.2&kv=fp8&ctx=8192");
  EXPECT_EQ(EncodeConfigUrl(WithEngine(config, "sglang")), "m=qwen3-8b&q=fp8&e=sglang&g=h100-sxm&ctx=8192");
  const Config ggml = WithEngine(config, "llama.cpp");
  EXPECT_EQ(ggml.format.AsString().rfind("gguf-", 0), 0U);
  EXPECT_TRUE(WithEngine(ggml, "vllm").format.is_null());
}

TEST(Variation, WhereASearchStarts) {
  const Config config = FromUrl("m=qwen3-30b-a3b&g=h100-sxm&n=2&ctx=8192&seqs=12&util=0.8&eager=1&kv=fp8");
  const Start start = StartFrom(config);
  EXPECT_EQ(start.engine->traits().id, "vllm");
  EXPECT_EQ(start.length, 8192);
  EXPECT_EQ(start.longest, 40960);
  EXPECT_EQ(start.sequences, 12);
  EXPECT_EQ(start.layers, 48);
  EXPECT_EQ(start.gpus, 2);
  EXPECT_EQ(start.tp, 2);
  EXPECT_EQ(start.pp, 1);
  EXPECT_TRUE(start.has_experts);
  EXPECT_TRUE(start.eager);
  EXPECT_FALSE(start.invalid);
  EXPECT_EQ(start.utilization, 0.8);
  EXPECT_EQ(start.kv.k, KvType::kFp8);
  EXPECT_EQ(start.gpu->id, "h100-sxm");
  EXPECT_NEAR(start.bits_per_weight, 16, 0.01);
  EXPECT_TRUE(StartFrom(FromUrl("m=llama-3.1-8b&g=h100-sxm&n=3")).invalid) << "32 heads over 3 cards";
}

TEST(Variation, ACacheInRamHasOneSize) {
  Config config;
  config.hicache_ratio = 2;
  config.kv_offloading_backend = "lmcache";
  const Config sized = WithRamCache(config, 12);
  EXPECT_EQ(sized.kv_offloading_gib, 12);
  EXPECT_EQ(sized.hicache_ratio, std::nullopt);
  EXPECT_EQ(sized.kv_offloading_backend, "lmcache");
  EXPECT_EQ(WithRamCache(sized, 0), Config()) << "LMCache has 5 GiB where nobody says a size";
}

TEST(Variation, MoreThanEightCardsAreNodesOfEight) {
  const Config base = FromUrl("m=llama-3.1-70b&g=rtx-4090,rtx-3090&gm=20000,10000&dp=2");
  const struct {
    int64_t count, tp, pp;
    int64_t gpus;
    int64_t nodes;  // 0: not given
    bool degrees;
  } cases[] = {{1, 1, 1, 1, 0, false}, {4, 4, 1, 4, 0, false},  {4, 2, 2, 4, 0, true},
               {8, 8, 1, 8, 0, false}, {16, 8, 2, 8, 2, false}, {16, 4, 4, 8, 2, true}};
  for (const auto& c : cases) {
    const Config config = WithGpus(base, c.count, c.tp, c.pp);
    EXPECT_EQ(config.gpu, std::vector<std::string>{"rtx-4090"}) << "cards like the first";
    EXPECT_EQ(config.gpu_memory_mib, std::vector<double>{20000});
    EXPECT_EQ(config.gpus, c.gpus) << c.count;
    EXPECT_EQ(config.nodes.value_or(0), c.nodes) << c.count;
    EXPECT_EQ(config.tp.has_value(), c.degrees) << c.count << " " << c.tp;
    EXPECT_FALSE(config.dp.has_value());
    if (c.degrees) {
      EXPECT_EQ(config.tp, c.tp);
      EXPECT_EQ(config.pp, c.pp);
    }
  }
}

TEST(Variation, Labels) {
  const Start start = StartFrom(FromUrl("m=llama-3.1-8b&g=rtx-4090&ctx=4096"));
  EXPECT_EQ(GpusLabel(WithGpus(FromUrl("m=llama-3.1-8b&g=rtx-4090"), 2, 2, 1), start), "2 × RTX 4090");
  EXPECT_EQ(GpusLabel(WithGpus(FromUrl("m=llama-3.1-8b&g=rtx-4090"), 16, 4, 4), start),
            "16 × RTX 4090 (tp 4 × pp 4)");
}

TEST(Variation, WhatNobodyMakesInPassing) {
  const Start plain = StartFrom(FromUrl("m=llama-3.1-8b&g=h100-sxm&ctx=4096"));
  for (const char* id : {"fp8-block", "w4a16", "nvfp4", "mxfp4"})
    EXPECT_TRUE(NeedsPublication(plain, id)) << id;
  for (const char* id : {"bf16", "fp8", "awq-int4", "gptq-int4", "int8", "bnb-nf4"}) {
    EXPECT_FALSE(NeedsPublication(plain, id)) << id;
  }
  const Start packed = StartFrom(FromUrl("m=gpt-oss-20b&g=h100-sxm&ctx=4096"));
  EXPECT_TRUE(NeedsPublication(packed, "bnb-nf4")) << "bitsandbytes quantises only what is stored in full";
}

TEST(Variation, WhatIsPublished) {
  const Start llama = StartFrom(FromUrl("m=llama-3.1-8b&g=h100-sxm&ctx=4096"));
  EXPECT_TRUE(IsPublished(llama, "bf16", ShippedCatalog())) << "its own";
  EXPECT_TRUE(IsPublished(llama, "awq-int4", ShippedCatalog())) << "a known repository";
  EXPECT_FALSE(IsPublished(llama, "nvfp4", ShippedCatalog()));
  Start nobody = llama;
  nobody.model = nullptr;
  EXPECT_FALSE(IsPublished(nobody, "bf16", ShippedCatalog()));
}

TEST(Variation, BitsOfAFormat) {
  Inquiry inquiry;
  const Config config = FromUrl("m=llama-3.1-8b&g=h100-sxm");
  EXPECT_NEAR(BitsStored(config, ShippedCatalog(), &inquiry), 16, 1e-6);
  EXPECT_NEAR(BitsStored(WithFormat(config, "fp32"), ShippedCatalog(), &inquiry), 32, 1e-6);
  EXPECT_EQ(BitsStored(WithFormat(config, "no-such"), ShippedCatalog(), &inquiry), 0);
  EXPECT_EQ(WithLength(config, 777).max_model_len, 777);
}

TEST(Variation, TriesHandBackWhatFitsOnly) {
  Inquiry inquiry;
  EXPECT_TRUE(Try(FromUrl("m=llama-3.1-8b&g=h100-sxm&ctx=4096"), ShippedCatalog(), &inquiry).has_value());
  EXPECT_FALSE(Try(FromUrl("m=llama-3.1-70b&g=rtx-4090&ctx=4096"), ShippedCatalog(), &inquiry).has_value());
  EXPECT_FALSE(Try(FromUrl("m=no-such"), ShippedCatalog(), &inquiry).has_value());
}

TEST(Variation, TheLargestValueByHalving) {
  for (const int64_t most : {0, 1, 2, 41, 99, 100}) {
    int64_t asked = 0;
    const auto found = Largest(1, 100, [&](int64_t value) -> std::optional<Trial> {
      ++asked;
      if (value > most) return std::nullopt;
      Trial trial;
      trial.config.max_model_len = value;
      return trial;
    });
    EXPECT_LE(asked, 9) << "two ends and seven halvings";
    ASSERT_EQ(found.has_value(), most >= 1) << most;
    if (!found) continue;
    EXPECT_EQ(found->first, most);
    EXPECT_EQ(found->second.config.max_model_len, most) << "the trial of that value";
  }
  EXPECT_FALSE(Largest(5, 4, [](int64_t) { return std::optional<Trial>(Trial{}); }).has_value());
}

}  // namespace
}  // namespace plimsoll
