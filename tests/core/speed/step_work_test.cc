#include "core/speed/step_work.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "core/engines/registry.h"
#include "tests/support/speed_setup.h"

namespace plimsoll {
namespace {

double Sum(const std::array<double, kFormatClasses>& values) {
  double sum = 0;
  for (double value : values) sum += value;
  return sum;
}

TEST(CausalPairs, AgreesWithCountingThem) {
  for (const int64_t from : {0, 1, 7, 100}) {
    for (const int64_t count : {0, 1, 5, 64}) {
      for (const int64_t span : {int64_t{1}, int64_t{6}, int64_t{90}, kWholeSequence}) {
        double pairs = 0;
        for (int64_t i = 0; i < count; ++i) pairs += static_cast<double>(std::min(from + i + 1, span));
        EXPECT_DOUBLE_EQ(CausalPairs(from, count, span), pairs) << from << " " << count << " " << span;
      }
    }
  }
}

TEST(CountWork, DenseModelInSixteenBits) {
  const auto s = Make(R"({"model":"llama-3.1-8b","gpu":"h100-sxm"})");
  // 8,030,261,248 parameters; the embedding (128256 x 4096) is looked up, the head of the same size is
  // multiplied.
  const double embedding = 128256.0 * 4096;
  const double dense = 8030261248.0 - 2 * embedding;
  EXPECT_DOUBLE_EQ(s->work.dense_total, 2 * dense);
  EXPECT_DOUBLE_EQ(s->work.head_bytes, 2 * embedding);
  // Norms are no matrix products, but they are 0.003 % of the weights.
  EXPECT_NEAR(Sum(s->work.dense_flops) / (2 * dense), 1, 1e-4);
  EXPECT_EQ(s->work.expert_total, 0);
  EXPECT_EQ(s->work.span_count, 1);
  EXPECT_EQ(s->work.span[0], kWholeSequence);
  EXPECT_DOUBLE_EQ(s->work.cached_bytes[0], 32 * 2 * 8 * 128 * 2);
  EXPECT_DOUBLE_EQ(s->work.cached_flops[0], 32 * 32 * 4 * 128);
}

TEST(CountWork, TensorParallelismDividesWeightsAndHeadsUntilTheyReplicate) {
  const auto one = Make(R"({"model":"llama-3.1-8b","gpu":"h100-sxm"})");
  const auto eight = Make(R"({"model":"llama-3.1-8b","gpu":"h100-sxm","gpus":8})");
  EXPECT_NEAR(eight->work.dense_total / one->work.dense_total, 1.0 / 8, 1e-4);
  EXPECT_DOUBLE_EQ(eight->work.cached_bytes[0], one->work.cached_bytes[0] / 8);
  const auto two_heads = Make(R"({"model":"qwen3-30b-a3b","gpu":"h100-sxm","gpus":8})");
  const auto whole = Make(R"({"model":"qwen3-30b-a3b","gpu":"h100-sxm"})");
  // Four KV heads on eight ranks: each holds one.
  EXPECT_DOUBLE_EQ(two_heads->work.cached_bytes[0], whole->work.cached_bytes[0] / 4);
}

TEST(CountWork, MixtureOfExperts) {
  const auto s = Make(R"({"model":"qwen3-30b-a3b","gpu":"h100-sxm"})");
  EXPECT_EQ(s->work.expert_count, 128);
  EXPECT_EQ(s->work.experts_per_token, 8);
  // 48 layers of 128 experts of 3 x 2048 x 768.
  EXPECT_DOUBLE_EQ(s->work.expert_total, 2.0 * 48 * 128 * 3 * 2048 * 768);
  EXPECT_DOUBLE_EQ(Sum(s->work.expert_flops), 2.0 * 48 * 3 * 2048 * 768);
  EXPECT_EQ(s->work.moe_layers, 48);
}

TEST(CountWork, WindowsAreSpansOfTheirOwn) {
  const auto s = Make(R"({"model":"gpt-oss-20b","gpu":"h100-sxm"})");
  ASSERT_EQ(s->work.span_count, 2);
  const int window = s->work.span[0] == 128 ? 0 : 1;
  EXPECT_EQ(s->work.span[static_cast<size_t>(window)], 128);
  EXPECT_EQ(s->work.span[static_cast<size_t>(1 - window)], kWholeSequence);
  // Half of the 24 layers each.
  EXPECT_DOUBLE_EQ(s->work.cached_bytes[0], s->work.cached_bytes[1]);
}

TEST(CountWork, ALatentIsReadWholeOnEveryRank) {
  const auto one = Make(R"({"model":"deepseek-v2-lite","gpu":"h100-sxm"})");
  const auto four = Make(R"({"model":"deepseek-v2-lite","gpu":"h100-sxm","gpus":4})");
  EXPECT_DOUBLE_EQ(one->work.cached_bytes[0], 27 * 576 * 2);
  EXPECT_DOUBLE_EQ(four->work.cached_bytes[0], one->work.cached_bytes[0]);
  EXPECT_DOUBLE_EQ(four->work.cached_flops[0], one->work.cached_flops[0] / 4);
  EXPECT_EQ(one->work.latent_layers, 27);
  EXPECT_EQ(Make(R"({"model":"llama-3.1-8b","gpu":"h100-sxm"})")->work.latent_layers, 0);
}

TEST(CountWork, FileTypesOfLlamaCppReadTheirTensorsOnce) {
  const auto s =
      Make(R"({"model":"llama-3-8b","engine":"llama.cpp","format":"gguf-q4_k_m","gpu":"rtx-3090"})");
  // 4.58 GiB of file less token_embd (Q4_K, 288 MiB): 4403 MiB are read per token, as llama-bench's size
  // shows.
  const double read = (s->work.dense_total + s->work.head_bytes) / 1048576;
  EXPECT_NEAR(read, 4403, 5);
}

// Of a matrix that two ranks divide, each moves its own half of one side and the whole other side.
TEST(CountWork, ActivationsByHand) {
  // q and o 4096 + 4096, k and v 4096 + 1024, gate, up and down 4096 + 14336; two norms a layer and one
  // behind.
  const double matrices = 2 * 8192 + 2 * 5120 + 3 * 18432, norm = 4096 + 1;
  EXPECT_DOUBLE_EQ(Make(R"({"model":"llama-3.1-8b","gpu":"h100-sxm"})")->work.activations,
                   32 * (matrices + 2 * norm) + norm);
  EXPECT_DOUBLE_EQ(Make(R"({"model":"llama-3.1-8b","gpu":"h100-sxm","gpus":2})")->work.activations,
                   32 * (0.75 * matrices + 2 * norm) + norm);
}

// Qwen3 14B on 164 units: 5120 rows are 40 tiles (queries with keys and values, the output, the MLP's way down), 17408
// are 136 (gate and up). Per layer 152.0 of 330.3 million weights take 164 / 40 times as long, the others 164 / 136.
TEST(CountWork, TilesThatLeaveUnitsIdleTakeLonger) {
  const auto old = Make(R"({"model":"qwen3-14b","format":"fp8","gpu":"rtx-5090","engine_version":"0.12.0"})");
  EXPECT_NEAR(old->work.fp8_idle, (152.0 * 164 / 40 + 178.3 * 164 / 136) / 330.3, 0.01);
  for (const char* other :
       {R"({"model":"qwen3-14b","format":"fp8","gpu":"rtx-5090","engine_version":"0.19.0"})",
        R"({"model":"qwen3-14b","format":"bf16","gpu":"rtx-5090","engine_version":"0.12.0"})",
        R"({"model":"qwen3-14b","format":"fp8","gpu":"h100-sxm","engine_version":"0.12.0"})"})
    EXPECT_EQ(Make(other)->work.fp8_idle, 1) << other;
}

// Of NVFP4 a unit multiplies 2.25 times the bytes of its few tiles: 164 / 40 of idle units cost 164 / 40 / 2.25, and
// 164 / 136 nothing. The kernel of FlashInfer (#2460) took 0.124 ms for 5,120 rows of 25,600 weights on the 188 units of
// an RTX PRO 6000; with all of them busy, and 0.6 of 1,792 GB/s reached as after that change, it is 0.069 ms.
TEST(CountWork, FewTilesOfNvfp4CostLess) {
  const auto old =
      Make(R"({"model":"qwen3-14b","format":"nvfp4","gpu":"rtx-5090","engine_version":"0.12.0"})");
  EXPECT_NEAR(old->work.nvfp4_idle, (152.0 * 164 / 40 / 2.25 + 178.3) / 330.3, 0.01);
  EXPECT_EQ(old->work.fp8_idle, 1);
  const auto later =
      Make(R"({"model":"qwen3-14b","format":"nvfp4","gpu":"rtx-5090","engine_version":"0.20.0"})");
  EXPECT_EQ(later->work.nvfp4_idle, 1);
  EXPECT_NEAR(0.069 * (188.0 / 40) / kNvfp4UnitSpeed, 0.124, 0.025);
}

// A file in BF16 asks the Vulkan driver for what AMD's drivers have from RDNA4 on; other backends multiply it as it is.
TEST(CountWork, Bf16OnVulkanNeedsMatrixUnitsThatTakeIt) {
  const auto plain = [](const char* json) {
    const auto s = Make(json);
    return EngineOf(s->resolved).StyleOf(s->resolved).plain_bf16;
  };
  EXPECT_TRUE(plain(R"({"model":"qwen3-8b","engine":"llama.cpp","format":"gguf-bf16","gpu":"ryzen-ai-max-395",
                        "backend":"vulkan"})"));
  EXPECT_FALSE(
      plain(R"({"model":"qwen3-8b","engine":"llama.cpp","format":"gguf-bf16","gpu":"ryzen-ai-max-395",
                         "backend":"hip"})"));
  EXPECT_FALSE(plain(R"({"model":"qwen3-8b","engine":"llama.cpp","format":"gguf-f16","gpu":"ryzen-ai-max-395",
                         "backend":"vulkan"})"));
  EXPECT_FALSE(
      plain(R"({"model":"qwen3-8b","engine":"llama.cpp","format":"gguf-bf16","gpu":"radeon-ai-pro-r9700",
                         "backend":"vulkan"})"));
}

}  // namespace
}  // namespace plimsoll
