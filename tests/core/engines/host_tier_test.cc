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

}  // namespace
}  // namespace plimsoll
