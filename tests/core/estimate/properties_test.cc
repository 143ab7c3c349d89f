#include "tests/support/properties.h"

#include <gtest/gtest.h>

#include "core/base/text.h"
#include "core/config/config_codec.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/solve/solver.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

Config FromLink(std::string_view link) {
  const Result<DecodedConfig> decoded = DecodeConfigUrl(link);
  EXPECT_TRUE(decoded.ok()) << link;
  return decoded.ok() ? decoded->config : Config();
}

// More by cmake --build --preset release --target plimsoll_campaign.
TEST(Properties, HoldOverRandomConfigurations) {
  EXPECT_EQ(CheckRandomConfigs(20261128, 100000, 200, 10, ShippedCatalog()), 0);
}

// What an hour of attack found; every one was a contradiction, a negative figure or a wrong answer.
TEST(Properties, HoldForTheLinksThatOnceBrokeThem) {
  constexpr std::string_view kLinks[] = {
      "m=qwen3.5-9b&e=vllm&g=l40&ctx=2048&kv=fp16&cp=0",
      "m=gemma-4-31b&q=gptq-int8&e=vllm&g=b200&nn=4&pc=1&cp=0",
      "m=mistral-small-24b-2501&q=gptq-int4&e=vllm&ev=0.8.5&g=rtx-5080-laptop&ep=1&ctx=2048&seqs=4&util=0.98&"
      "bs=1",
      "m=jamba-1.5-large&q=gguf-bf16&e=llama.cpp&g=b100&n=8&seqs=626&ngl=40&c=21",
      "m=granite-4.0-h-small&q=fp16&ev=0.9.2&g=rtx-4090&n=16&ep=1&off=13",
      "m=kimi-k2.5&q=gguf-q6_k&e=llama.cpp&ev=b7000&g=rtx-4090-laptop&ncmoe=120&ot=exps%3DCPU",
      "m=minimax-m2.5&q=unsloth/MiniMax-M2.7-GGUF&e=llama.cpp&ev=b9272&g=rtx-pro-6000-blackwell-ws&ctx=59&ot="
      "exps%3DCPU",
      "m=deepseek-r1-distill-llama-70b&q=fp8&e=vllm&ev=0.6.6&g=h20-96gb&ctx=505&pc=0",
  };
  for (const std::string_view link : kLinks) {
    const Config config = FromLink(link);
    const Checked answer = CheckAnswer(config, ShippedCatalog());
    EXPECT_TRUE(answer.answered) << link;
    EXPECT_EQ(answer.fault, "") << link;
    EXPECT_EQ(CheckSolutions(config, ShippedCatalog()).fault, "") << link;
  }
}

TEST(Properties, TheLongestIsWhatTheSolverFinds) {
  const Config config = FromLink("m=qwen3.5-9b&e=vllm&g=l40&ctx=2048&kv=fp16&cp=0");
  const Result<Report> report = Estimate(config, ShippedCatalog());
  ASSERT_TRUE(report.ok());
  const auto solved = Solve(SolveFor::kMaxModelLen, config, ShippedCatalog());
  ASSERT_TRUE(solved.ok() && solved->has_value());
  EXPECT_EQ(report->kv.max_model_len_that_fits, (*solved)->number);
  EXPECT_LT(report->kv.max_model_len_that_fits, 262144);
}

// Short contexts leave the cache so much that nothing is left to capture CUDA graphs in.
TEST(Properties, TheSolverSaysWhereShorterDoesNotFit) {
  const Config config = FromLink(
      "m=mistral-small-24b-2501&q=gptq-int4&e=vllm&ev=0.8.5&g=rtx-5080-laptop&ep=1&ctx=2048&seqs=4&util=0.98&"
      "bs=1");
  const auto solved = Solve(SolveFor::kMaxModelLen, config, ShippedCatalog());
  ASSERT_TRUE(solved.ok() && solved->has_value());
  EXPECT_GT((*solved)->number, 2000);
  EXPECT_GT((*solved)->least, 100);
  EXPECT_LT((*solved)->least, 1000);
}

TEST(Properties, OffloadTakesTheWeightsOfEveryRank) {
  const Config config = FromLink("m=granite-4.0-h-small&q=fp16&ev=0.9.2&g=rtx-4090&n=16&ep=1&off=13");
  const Result<Report> report = Estimate(config, ShippedCatalog());
  ASSERT_TRUE(report.ok());
  for (const GpuReport& gpu : report->per_gpu) EXPECT_EQ(gpu.weights, Bytes(0)) << gpu.rank;
}

TEST(Properties, RowSplitLosesNoByte) {
  const Result<Report> one =
      Estimate(FromLink("m=llama-3.1-8b&q=gguf-q4_k_m&e=llama.cpp&g=rtx-4090"), ShippedCatalog());
  ASSERT_TRUE(one.ok());
  for (const std::string_view cards : {"2", "3", "7"}) {
    const std::string link =
        "m=llama-3.1-8b&q=gguf-q4_k_m&e=llama.cpp&g=rtx-4090&sm=row&n=" + std::string(cards);
    const Result<Report> rows = Estimate(FromLink(link), ShippedCatalog());
    ASSERT_TRUE(rows.ok());
    Bytes sum;
    for (const GpuReport& gpu : rows->per_gpu) sum += gpu.weights;
    EXPECT_EQ(sum, one->per_gpu[0].weights) << cards;
  }
}

}  // namespace
}  // namespace plimsoll
