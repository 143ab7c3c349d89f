#include "core/solve/ways_out.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>

#include "core/config/config_codec.h"
#include "core/config/config_url.h"
#include "core/engines/levers.h"
#include "core/estimate/estimate.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

Config FromUrl(std::string_view url) {
  Result<DecodedConfig> decoded = DecodeConfigUrl(url);
  EXPECT_TRUE(decoded.ok()) << url;
  return decoded.ok() ? decoded->config : Config();
}

bool Fits(const Config& config) {
  const Result<Report> report = Estimate(config, ShippedCatalog());
  return report.ok() && report->fits();
}

TEST(WaysOut, EveryWayFitsAndIsAnotherConfiguration) {
  for (const char* url :
       {"m=llama-3.1-70b&q=awq-int4&g=rtx-4090&ctx=16384", "m=qwen3-235b-a22b&q=awq-int4&g=rtx-4090&ctx=4096",
        "m=llama-3.1-8b&g=rtx-4090", "m=qwen2.5-72b&q=gptq-int8&g=rtx-4090&n=3",
        "m=llama-3.1-8b&g=rtx-3060-12gb&ctx=8192",
        "m=llama-3.1-70b&e=llama.cpp&q=gguf-q4_k_m&g=rtx-4090&ctx=8192",
        "m=qwen3-30b-a3b&e=llama.cpp&q=gguf-q4_k_m&g=rtx-4060&ctx=32768", "m=deepseek-r1&g=h100-sxm&n=8"}) {
    const Config config = FromUrl(url);
    ASSERT_FALSE(Fits(config)) << url;
    const std::vector<WayOut> ways = WaysOut(config, ShippedCatalog());
    EXPECT_FALSE(ways.empty()) << url;
    EXPECT_LE(ways.size(), 8u);
    std::set<std::string> seen;
    double before = 0;
    for (const WayOut& way : ways) {
      EXPECT_TRUE(Fits(way.config)) << url << ": " << way.label;
      EXPECT_FALSE(way.label.empty()) << url;
      EXPECT_TRUE(seen.insert(EncodeConfigUrl(way.config)).second) << url << ": " << way.label;
      EXPECT_GE(way.rank, before) << url << ": " << way.label;
      EXPECT_GE(way.rank, way.distance);
      EXPECT_GT(way.tokens_per_s, 0) << way.label;
      before = way.rank;
    }
  }
}

TEST(WaysOut, AShorterContextComesFirstWhereItSuffices) {
  const std::vector<WayOut> ways = WaysOut(FromUrl("m=llama-3.1-8b&g=rtx-4090"), ShippedCatalog());
  ASSERT_FALSE(ways.empty());
  EXPECT_NE(ways[0].label.find("context"), std::string::npos) << ways[0].label;
  EXPECT_EQ(*ways[0].config.max_model_len % 1024, 0);
}

TEST(WaysOut, AnIllegalLayoutIsCutAnotherWay) {
  const std::vector<WayOut> ways =
      WaysOut(FromUrl("m=llama-3.1-8b&g=rtx-4090&n=3&ctx=8192"), ShippedCatalog());
  ASSERT_FALSE(ways.empty());
  EXPECT_EQ(ways[0].label, "tp 1 × pp 3");
}

TEST(WaysOut, ExpertsMoveToRam) {
  const std::vector<WayOut> ways =
      WaysOut(FromUrl("m=qwen3-235b-a22b&q=awq-int4&g=rtx-4090&ctx=4096"), ShippedCatalog());
  bool experts = false;
  for (const WayOut& way : ways) experts |= way.config.n_cpu_moe.has_value();
  EXPECT_TRUE(experts);
}

// Experts of the first layers in RAM leave the first card empty unless it gets more layers.
TEST(WaysOut, CardsAreFilled) {
  const std::vector<WayOut> ways =
      WaysOut(FromUrl("m=gpt-oss-120b&g=rtx-3090&n=2&ctx=32768"), ShippedCatalog());
  const WayOut* host = nullptr;
  for (const WayOut& way : ways) host = way.config.n_cpu_moe ? &way : host;
  ASSERT_NE(host, nullptr);
  const Result<Report> report = Estimate(host->config, ShippedCatalog());
  ASSERT_TRUE(report.ok());
  for (const GpuReport& gpu : report->per_gpu)
    EXPECT_GT(gpu.total.gib(), 0.75 * gpu.capacity.gib()) << "GPU " << gpu.rank << " of " << host->label;
  Config even = host->config;
  even.tensor_split.clear();
  EXPECT_FALSE(Fits(even)) << "fewer experts in RAM than an even division needs";
}

TEST(WaysOut, MatricesOfADenseModelMoveToRam) {
  const std::vector<WayOut> ways = WaysOut(
      FromUrl("m=llama-3.1-70b&e=llama.cpp&q=gguf-q4_k_m&g=rtx-4090&ctx=8192&seqs=1"), ShippedCatalog(), 20);
  bool moved = false, layers = false;
  for (const WayOut& way : ways) {
    moved |= !way.config.override_tensor.empty();
    layers |= way.config.n_gpu_layers.has_value();
  }
  EXPECT_TRUE(moved);
  EXPECT_TRUE(layers);
}

// RAM of 64 GiB for a cache of 65 GiB or more, by whatever option: the nearest way is the largest whole number of that
// option, one more of which has no room; every way that is offered has.
TEST(WaysOut, ACacheThatRamIsTooSmallForShrinks) {
  const struct {
    const char* url;
    std::string_view label;
    double gib, more;  // of kv_offloading_gib: the largest, and one more
  } kCases[] = {
      {"koff=80", "a cache in RAM of 64 GiB (--kv-offloading-size)", 64, 65},
      {"koff=80&kob=lmcache", "a cache in RAM of 64 GiB per GPU (LMCACHE_MAX_LOCAL_CPU_SIZE)", 64, 65},
      {"koff=80&n=2&tp=2&kob=lmcache", "a cache in RAM of 32 GiB per GPU (LMCACHE_MAX_LOCAL_CPU_SIZE)", 64,
       66},
      {"koff=40&n=2&dp=2&tp=1", "a cache in RAM of 32 GiB (--kv-offloading-size)", 32, 33},
      // 64 GiB less the 10 that stay free are 57.98 GB.
      {"e=sglang&koff=80", "a cache in RAM of 57 GB per GPU (--hicache-size)", 57 / 1.073741824,
       58 / 1.073741824},
      {"e=sglang&hcr=2", "a cache in RAM of 57 GB per GPU (--hicache-size)", 57 / 1.073741824,
       58 / 1.073741824},
      {"e=tensorrt-llm&koff=80", "a cache in RAM of 64 GiB per GPU (host_cache_size)", 64, 65},
  };
  for (const auto& given : kCases) {
    const Config config = FromUrl("m=llama-3.1-8b&g=h100-sxm&ctx=8192&ram=64&" + std::string(given.url));
    ASSERT_FALSE(Fits(config)) << given.url;
    const std::vector<WayOut> ways = WaysOut(config, ShippedCatalog());
    ASSERT_FALSE(ways.empty()) << given.url;
    EXPECT_EQ(ways[0].label, given.label) << given.url;
    EXPECT_NEAR(ways[0].config.kv_offloading_gib.value_or(0), given.gib, 1e-9) << given.url;
    for (const WayOut& way : ways) EXPECT_TRUE(Fits(way.config)) << given.url << ": " << way.label;
    Config more = ways[0].config;
    more.kv_offloading_gib = given.more;
    EXPECT_FALSE(Fits(more)) << given.url;
  }
}

// The cards have room only with a smaller cache of their own, and RAM only for a smaller one beside.
TEST(WaysOut, RamAndCardsMayBothBeShort) {
  const Config config = FromUrl("m=llama-3.1-8b&g=rtx-4090&ctx=65536&koff=80&ram=64");
  bool both = false;
  for (const WayOut& way : WaysOut(config, ShippedCatalog())) {
    EXPECT_TRUE(Fits(way.config)) << way.label;
    both = both || way.label.find(", a cache in RAM of 64 GiB") != std::string::npos;
  }
  EXPECT_TRUE(both);
}

// Nothing of a cache has room beside weights that are to lie there.
TEST(WaysOut, ACacheThatHasNoRoomAtAllGoes) {
  const std::vector<WayOut> ways =
      WaysOut(FromUrl("m=llama-3.1-8b&g=h100-sxm&ctx=8192&koff=8&off=10&ram=10.5"), ShippedCatalog());
  ASSERT_FALSE(ways.empty());
  EXPECT_EQ(ways[0].label, "no cache in RAM");
  EXPECT_EQ(ways[0].config.kv_offloading_gib, std::nullopt);
}

// Of weights so many go to RAM as the cards have no room for, not more than RAM has (all of Llama 3.1 70B are 131 GiB).
TEST(WaysOut, AsManyWeightsGoToRamAsItHas) {
  const std::vector<WayOut> ways =
      WaysOut(FromUrl("m=llama-3.1-70b&g=h100-sxm&ctx=4096&ram=100"), ShippedCatalog(), 20);
  bool offered = false;
  for (const WayOut& way : ways) {
    EXPECT_TRUE(Fits(way.config)) << way.label;
    offered = offered || way.label.find("GiB of weights in RAM") != std::string::npos;
  }
  EXPECT_TRUE(offered);
}

TEST(WaysOut, FewerSequencesWhereStatesDecide) {
  const std::vector<WayOut> ways = WaysOut(
      FromUrl("m=qwen3.6-27b&q=fp8-block&g=h100-sxm&util=0.95&ev=0.20.0&ctx=32768"), ShippedCatalog());
  ASSERT_FALSE(ways.empty());
  EXPECT_TRUE(ways[0].config.max_num_seqs.has_value()) << ways[0].label;
  EXPECT_GT(ways[0].config.max_num_seqs.value_or(0), 700);
}

TEST(WaysOut, WhatFitsNeedsNone) {
  EXPECT_TRUE(WaysOut(FromUrl("m=llama-3.1-8b&g=h100-sxm&ctx=8192"), ShippedCatalog()).empty());
  EXPECT_TRUE(WaysOut(FromUrl("m=no-such-model"), ShippedCatalog()).empty());
}

// The distance of a way is the sum of what it gives up: the constants of levers.h.
TEST(WaysOut, DistancesAreTheSumOfWhatIsGivenUp) {
  bool tight = false, card = false, gpus = false, length = false;
  for (const char* url :
       {"m=llama-3.1-8b&g=rtx-4090", "m=llama-3.1-70b&q=awq-int4&g=rtx-4090&ctx=8192",
        "m=qwen3-32b&g=rtx-4090&ctx=8192", "m=llama-3.1-70b&q=fp8&g=h100-sxm&ctx=4096",
        "m=qwen3-14b&g=rtx-3060-12gb&ctx=4096", "m=gemma-3-27b&g=h100-sxm&ctx=131072&util=0.5"}) {
    const Config config = FromUrl(url);
    for (const WayOut& way : WaysOut(config, ShippedCatalog(), 50)) {
      const Result<Report> report = Estimate(way.config, ShippedCatalog());
      ASSERT_TRUE(report.ok());
      EXPECT_EQ(report->verdict, way.verdict) << way.label;
      const double given = way.verdict == Verdict::kTight ? kDistanceTight : 0;
      tight |= way.verdict == Verdict::kTight;
      Config shorter = config;
      shorter.max_model_len = way.config.max_model_len;
      if (shorter == way.config && !(config == way.config)) {
        // Nothing but the length: one step, and half of one for each halving.
        const double from = static_cast<double>(config.max_model_len.value_or(131072));
        EXPECT_NEAR(
            way.distance,
            kDistanceLength + 0.5 * std::log2(from / static_cast<double>(*way.config.max_model_len)) + given,
            1e-9)
            << way.label;
        length = true;
      }
      Config another = config;
      another.gpu = way.config.gpu;
      if (another == way.config) {
        EXPECT_NEAR(way.distance, kDistanceCard + given, 1e-9) << way.label;
        card = true;
      }
      Config more = config;
      more.gpus = way.config.gpus;
      if (more == way.config && way.config.gpus) {
        EXPECT_NEAR(way.distance, kDistanceGpus + std::log2(static_cast<double>(*way.config.gpus)) + given,
                    1e-9)
            << way.label;
        gpus = true;
      }
    }
  }
  EXPECT_TRUE(tight) << "some way is within the error band";
  EXPECT_TRUE(card);
  EXPECT_TRUE(gpus);
  EXPECT_TRUE(length);
}

// A context of 1024 tokens is the shortest that is offered, in whole thousands.
TEST(WaysOut, LengthsAreWholeThousands) {
  for (const char* url : {"m=llama-3.1-8b&g=rtx-4090", "m=llama-3.1-8b&g=l4&ctx=131072",
                          "m=qwen3-14b&g=l40s&ctx=40960&util=0.7"}) {
    for (const WayOut& way : WaysOut(FromUrl(url), ShippedCatalog(), 50)) {
      if (!way.config.max_model_len || way.config.max_model_len == FromUrl(url).max_model_len) continue;
      if (way.config.engine == "llama.cpp") continue;  // asks for the length as it was
      EXPECT_EQ(*way.config.max_model_len % 1024, 0) << way.label;
      EXPECT_GE(*way.config.max_model_len, 1024) << way.label;
    }
  }
}

TEST(WaysOut, AsManyAsAreAskedFor) {
  const Config config = FromUrl("m=llama-3.1-70b&q=awq-int4&g=rtx-4090&ctx=16384");
  const std::vector<WayOut> all = WaysOut(config, ShippedCatalog(), 50);
  ASSERT_GT(all.size(), 3u);
  const std::vector<WayOut> three = WaysOut(config, ShippedCatalog(), 3);
  ASSERT_EQ(three.size(), 3u);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(three[i].label, all[i].label) << "the nearest ones";
  EXPECT_TRUE(WaysOut(config, ShippedCatalog(), 0).empty());
}

// A context beyond the model's own is no matter of memory: its own length, or stretched positions, each with what else it takes.
TEST(WaysOut, AContextBeyondTheModelIsShortenedOrStretched) {
  const auto ways = [](const char* url) { return WaysOut(FromUrl(url), ShippedCatalog(), 6, nullptr); };
  const std::vector<WayOut> roomy = ways("m=qwen3-32b&q=awq-int4&g=h100-sxm&ctx=131072");
  ASSERT_EQ(roomy.size(), 2U);
  EXPECT_EQ(roomy[0].label, "YaRN × 4");
  EXPECT_EQ(roomy[0].config.rope_scaling, "yarn:4");
  EXPECT_EQ(roomy[0].config.max_model_len, 131072);
  EXPECT_EQ(roomy[1].label, "40k context, the model's own");
  EXPECT_EQ(roomy[1].config.max_model_len, 40960);
  const std::vector<WayOut> full = ways("m=qwen3-32b&q=awq-int4&g=rtx-4090&ctx=131072");
  ASSERT_FALSE(full.empty());
  for (const WayOut& way : full) {
    EXPECT_TRUE(Fits(way.config)) << way.label;
    const bool stretched = way.label.starts_with("YaRN × 4, ");
    EXPECT_EQ(way.config.rope_scaling, stretched ? "yarn:4" : "") << way.label;
    EXPECT_EQ(*way.config.max_model_len > 40960, stretched) << way.label;
  }
  // What is stretched already is not stretched again.
  for (const WayOut& way : ways("m=llama-3.1-8b&g=h100-sxm&ctx=262144"))
    EXPECT_EQ(way.config.rope_scaling, "") << way.label;
}

}  // namespace
}  // namespace plimsoll
