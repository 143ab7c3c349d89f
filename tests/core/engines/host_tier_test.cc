#include "core/engines/host_tier.h"

#include <gtest/gtest.h>

#include <string>

#include "core/engines/server.h"
#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

HostTier TierOf(const std::string& rest, const std::string& gpu = R"("gpu":"h100-sxm")") {
  const EstimatedCase c = EstimateText(R"({"model":"llama-3.1-8b","max_model_len":8192,)" + gpu + rest + "}");
  return MakeSchedulerSetup(c.resolved, c.report).host;
}

// Llama 3.1 8B: 32 layers of 8 heads of 128, keys and values of 2 bytes: 128 KiB a token, 2 MiB a block of 16. PCIe 5 at
// 0.8 of 64 GB/s takes 41 microseconds for one, as against three milliseconds of computing its tokens.
TEST(HostTier, BlocksOfOneCard) {
  const HostTier tier = TierOf(R"(,"kv_offloading_gib":10)");
  EXPECT_EQ(tier.units, 5120);
  EXPECT_NEAR(tier.load, 2097152 / (0.8 * 64e9), 1e-12);
  EXPECT_TRUE(tier.waits);
  EXPECT_EQ(tier.least, 0);
}

// Each of four ranks has a quarter of a block and loads it over its own link; RAM has the whole.
TEST(HostTier, RanksLoadTheirPartsAtOnce) {
  const HostTier tier = TierOf(R"(,"kv_offloading_gib":10,"gpus":4,"tp":4,"ram_gb_per_s":600)");
  EXPECT_EQ(tier.units, 5120);
  EXPECT_NEAR(tier.load, 524288 / (0.8 * 64e9), 1e-12);
  const HostTier slow = TierOf(R"(,"kv_offloading_gib":10,"gpus":4,"tp":4,"ram_gb_per_s":100)");
  EXPECT_NEAR(slow.load, 2097152 / 100e9, 1e-12) << "more than RAM delivers";
}

// Of what all ranks have together each replica has its share.
TEST(HostTier, ReplicasShareIt) {
  const HostTier tier = TierOf(R"(,"kv_offloading_gib":10,"gpus":4,"tp":1,"dp":4,"ram_gb_per_s":600)");
  EXPECT_EQ(tier.units, 1280);
  EXPECT_NEAR(tier.load, 2097152 / (0.8 * 64e9), 1e-12);
}

TEST(HostTier, WithoutRamThereIsNone) {
  EXPECT_EQ(TierOf("").units, 0);
  EXPECT_EQ(TierOf(R"(,"kv_offloading_gib":0)").units, 0);
  EXPECT_EQ(TierOf(R"(,"kv_offloading_gib":10,"engine_version":"0.6.3","gpu_memory_utilization":0.9)").units,
            0)
      << "V0 has no connector";
  EXPECT_EQ(HostTierOf(Resolved(), Report(), 100).units, 0);
}

// SGLang: pages of one token by default, each layer ahead of its part of the step, nothing below ten tokens.
TEST(HostTier, SglangLoadsLayerByLayer) {
  const HostTier tier = TierOf(R"(,"engine":"sglang","kv_offloading_gib":10)");
  EXPECT_EQ(tier.units, 81920);
  EXPECT_NEAR(tier.load, 131072 / (0.8 * 64e9), 1e-13);
  EXPECT_FALSE(tier.waits);
  EXPECT_EQ(tier.layers, 32);
  EXPECT_EQ(tier.least, 10);
  EXPECT_EQ(TierOf(R"(,"engine":"sglang","kv_offloading_gib":10,"enable_prefix_caching":false)").units, 0);
}

// A public run of vLLM on 16 H100, eight engines of two (llm-d, guides/tiered-prefix-cache/cpu/README.md): Qwen3-32B with
// 9,271 blocks on the cards, 45 users, 45 beginnings of 30,000 tokens that ten prompts each share, 1,024 tokens of answer.
// Each engine sees five or six of them.
struct PublicRun {
  double tokens_per_s = 0, end_to_end_s = 0;
};
PublicRun SimulatedRun(const char* offloading) {
  const EstimatedCase c = EstimateText(
      std::string(R"({"model":"qwen3-32b","gpu":"h100-sxm","gpus":2,"tp":2,"engine_version":"0.11.2",)") +
      R"("max_model_len":40960,"kv_cache_memory_bytes":19442696192)" + offloading + "}");
  const SchedulerSetup setup = MakeSchedulerSetup(c.resolved, c.report);
  PublicRun run;
  const auto add = [&](int64_t users, double engines) {
    Workload workload;
    workload.users = workload.different_prompts = users;
    workload.requests = users * 10;
    workload.prompt.mean = 30256;
    workload.output.mean = 1024;
    const SimulationSummary summary = Simulate(setup, *GenerateRequests(workload)).Summarize({});
    run.tokens_per_s += engines * summary.total_tokens_per_s;
    run.end_to_end_s += engines * static_cast<double>(users) / 45 * summary.end_to_end_ms.mean / 1e3;
  };
  add(6, 5);
  add(5, 3);
  return run;
}

TEST(HostTier, APublicRunWithAndWithoutIt) {
  const PublicRun without = SimulatedRun("");
  EXPECT_NEAR(without.tokens_per_s / 38534.8, 1, 0.1);
  EXPECT_NEAR(without.end_to_end_s / 37.8, 1, 0.1);
  const PublicRun with = SimulatedRun(R"(,"kv_offloading_gib":160.2)");  // 41,000 blocks of 4 MiB
  EXPECT_NEAR(with.tokens_per_s / 46662.5, 1, 0.1);
  EXPECT_NEAR(with.end_to_end_s / 31.0, 1, 0.1);
}

}  // namespace
}  // namespace plimsoll
