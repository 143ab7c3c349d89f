#include "core/engines/vllm/vllm_runtime.h"

#include <gtest/gtest.h>

#include <string>

#include "core/engines/measured_constants.h"
#include "tests/support/estimates.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

struct Held {
  double inside, outside;
};

Held Of(const char* gpu, int gpus, const VllmRules& rules, const char* format = "fp16") {
  const EstimatedCase c =
      EstimateText(std::string(R"({"model":"llama-3.1-8b","format":")") + format +
                   R"(","max_model_len":4096,"gpu":")" + gpu + R"(","gpus":)" + std::to_string(gpus) + "}");
  const VllmRuntime runtime = VllmRuntimeMemory(c.resolved, rules, *c.resolved.cards[0].gpu);
  return {runtime.non_torch.gib(), runtime.driver.gib()};
}

constexpr double kEnd = 1e-8;

TEST(VllmRuntime, NvlinkByItsName) {
  const auto linked = [](const char* id) { return HasNvlink(*ShippedCatalog().FindGpu(id)); };
  EXPECT_TRUE(linked("h100-sxm"));
  EXPECT_TRUE(linked("mi300x")) << "xGMI";
  EXPECT_FALSE(linked("rtx-4090"));
  EXPECT_FALSE(linked("a40")) << "a bridge that may be there is none";
}

TEST(VllmRuntime, OneCardByItsGeneration) {
  const VllmRules rules;
  const struct {
    const char* gpu;
    Measure own, context;
  } cases[] = {{"t4", Measure::kVllmNonTorchTuring, Measure::kVllmContextSmall},
               {"rtx-4090", Measure::kVllmNonTorchAmpere, Measure::kVllmContextSmall},
               {"a100-sxm-80gb", Measure::kVllmNonTorchAmpere, Measure::kVllmContextAmpere},
               {"h100-sxm", Measure::kVllmNonTorchHopper, Measure::kVllmContextHopper},
               {"b200", Measure::kVllmNonTorchHopper, Measure::kVllmContextBlackwell}};
  for (const auto& c : cases) {
    const Held held = Of(c.gpu, 1, rules);
    EXPECT_NEAR(held.inside, Value(c.own), kEnd) << c.gpu;
    EXPECT_NEAR(held.outside, Value(c.context), kEnd) << c.gpu;
  }
}

TEST(VllmRuntime, CommunicatorsMovedOutOfTheBudget) {
  VllmRules rules;
  const double own = Value(Measure::kVllmNonTorchHopper), context = Value(Measure::kVllmContextHopper);
  rules.communicators_inside = true;
  EXPECT_NEAR(Of("h100-sxm", 2, rules).inside, own + Value(Measure::kVllmNcclNvlink), kEnd);
  EXPECT_NEAR(Of("h100-sxm", 2, rules).outside, context, kEnd);
  rules.communicators_inside = false;
  EXPECT_NEAR(Of("h100-sxm", 2, rules).inside, own + Value(Measure::kVllmNcclAfterNvlink), kEnd);
  EXPECT_NEAR(Of("h100-sxm", 2, rules).outside, context + Value(Measure::kVllmNcclNvlink), kEnd);
  const double ada = Value(Measure::kVllmNonTorchAmpere), small = Value(Measure::kVllmContextSmall);
  EXPECT_NEAR(Of("rtx-4090", 2, rules).inside, ada + Value(Measure::kVllmNcclAfterPcie), kEnd);
  EXPECT_NEAR(Of("rtx-4090", 2, rules).outside, small + Value(Measure::kVllmNcclPcie), kEnd);
}

TEST(VllmRuntime, AllOfItCountsWhereTheContextDoes) {
  VllmRules rules;
  rules.driver_inside = true;
  const Held held = Of("h100-sxm", 1, rules);
  EXPECT_NEAR(held.inside, Value(Measure::kVllmNonTorchHopper) + Value(Measure::kVllmContextHopper), kEnd);
  EXPECT_EQ(held.outside, 0);
}

TEST(VllmRuntime, BlockFp8OnHopperInV0) {
  VllmRules rules;
  rules.v1 = false;
  const double own = Value(Measure::kVllmNonTorchHopper), more = Value(Measure::kVllmNonTorchBlockFp8V0);
  EXPECT_NEAR(Of("h100-sxm", 1, rules, "fp8-block").inside, own + more, kEnd);
  EXPECT_NEAR(Of("h100-sxm", 1, rules, "fp8").inside, own, kEnd);
  EXPECT_NEAR(Of("b200", 1, rules, "fp8-block").inside, own, kEnd);
  rules.v1 = true;
  EXPECT_NEAR(Of("h100-sxm", 1, rules, "fp8-block").inside, own, kEnd);
}

}  // namespace
}  // namespace plimsoll
