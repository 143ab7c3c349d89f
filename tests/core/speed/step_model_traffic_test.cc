// What travels between cards, and what drafting reads: by hand.
#include <gtest/gtest.h>

#include <memory>

#include "core/catalog/interconnect.h"
#include "core/config/config_codec.h"
#include "core/engines/server.h"
#include "core/engines/settle.h"
#include "core/speed/measured_speeds_table.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

struct Served {
  Config config;
  std::unique_ptr<Resolved> resolved;
  StepModel model;
};

Served Make(const char* url) {
  Served setup;
  setup.config = DecodeConfigUrl(url)->config;
  Result<Resolved> resolved = Settle(setup.config, ShippedCatalog());
  EXPECT_TRUE(resolved.ok()) << url;
  setup.resolved = std::make_unique<Resolved>(std::move(*resolved));
  setup.model = MakeStepModel(*setup.resolved);
  return setup;
}

// qwen3-30b-a3b: 48 layers of experts, 8 of 128 chosen, hidden 2048. Eight replicas of one card over NVLink.
TEST(StepModelTraffic, ExpertsSpreadOverReplicasCostAnExchangeEachWay) {
  const Served spread = Make("m=qwen3-30b-a3b&g=h100-sxm&n=8&tp=1&dp=8&ep=1");
  const Served whole = Make("m=qwen3-30b-a3b&g=h100-sxm&n=8&tp=1&dp=8");
  const Link link = FindLink(*spread.resolved->cards.front().gpu, 8, false);
  const CollectiveCost exchange = AllToAll(link, 8);
  const StepCoefficients& c = spread.model.coefficients();
  EXPECT_DOUBLE_EQ(c.reduce_latency, exchange.latency.value() * 2 * 48);
  EXPECT_DOUBLE_EQ(c.reduce_per_token, exchange.seconds_per_byte * 2 * 2048 * 8 * 2 * 48);
  EXPECT_EQ(whole.model.coefficients().reduce_latency, 0) << "replicas alone exchange nothing";
}

TEST(StepModelTraffic, WithinOneTensorParallelGroupNothingMoreTravels) {
  const Served spread = Make("m=qwen3-30b-a3b&g=h100-sxm&n=8&tp=8&ep=1");
  const Served cut = Make("m=qwen3-30b-a3b&g=h100-sxm&n=8&tp=8");
  EXPECT_EQ(spread.model.coefficients().reduce_per_token, cut.model.coefficients().reduce_per_token);
}

// A draft reads its own bits for every proposed token: twice the bits, twice the reading.
TEST(StepModelTraffic, ADraftReadsTheBitsOfItsOwnFile) {
  const auto draft_of = [](const char* format) {
    const std::string json =
        std::string(R"({"model":"qwen3-32b","engine":"llama.cpp","format":"gguf-q4_k_m",)") +
        R"("gpu":"rtx-4090","gpus":2,"speculative":{"method":"draft","model":"qwen3-0.6b","format":")" +
        format + R"(","num_tokens":4}})";
    Served setup;
    setup.config = DecodeConfigJsonText(json)->config;
    Result<Resolved> resolved = Settle(setup.config, ShippedCatalog());
    EXPECT_TRUE(resolved.ok()) << json;
    return std::make_pair(resolved->draft_bits, MakeStepModel(*resolved).coefficients().draft);
  };
  const auto [bits16, seconds16] = draft_of("gguf-bf16");
  const auto [bits8, seconds8] = draft_of("gguf-q8_0");
  EXPECT_NEAR(bits16, 16, 0.1);
  EXPECT_NEAR(bits8, 8.5, 0.1);
  const auto [bits4, seconds4] = draft_of("gguf-q4_k_m");
  // Launches are the same, so differences are reading alone.
  EXPECT_NEAR((seconds16 - seconds8) / (seconds8 - seconds4), (bits16 - bits8) / (bits8 - bits4), 1e-6);
}

}  // namespace
}  // namespace plimsoll
