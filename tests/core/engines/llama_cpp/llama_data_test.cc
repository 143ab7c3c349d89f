#include "core/engines/llama_cpp/llama_data.h"

#include <gtest/gtest.h>

#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

TEST(LlamaData, TheBackendAskedForWinsOverTheCards) {
  const EstimatedCase own = EstimateText(R"({"model":"llama-3.1-8b","engine":"llama.cpp","gpu":"rtx-4090"})");
  EXPECT_EQ(BackendOf(own.resolved), LlamaBackend::kCuda);
  const EstimatedCase asked =
      EstimateText(R"({"model":"llama-3.1-8b","engine":"llama.cpp","gpu":"rtx-4090","backend":"vulkan"})");
  EXPECT_EQ(BackendOf(asked.resolved), LlamaBackend::kVulkan);
}

TEST(LlamaData, OverridesAndOptionsAreKept) {
  const EstimatedCase c = EstimateText(
      R"({"model":"qwen3-30b-a3b","engine":"llama.cpp","gpu":"rtx-4090","override_tensor":"exps=CPU","main_gpu":0,"fit":false})");
  EXPECT_FALSE(OverridesOf(c.resolved).empty());
  EXPECT_DOUBLE_EQ(OverridesOf(c.resolved).host_experts, 1);
  EXPECT_FALSE(OptionsOf(c.resolved).fit);
}

}  // namespace
}  // namespace plimsoll
