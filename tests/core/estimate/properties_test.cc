#include "tests/support/properties.h"

#include <gtest/gtest.h>

#include "core/base/text.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/solve/solver.h"
#include "tests/support/estimates.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

// ./test asks the optimised build 100,000 (tests/campaign), and the target plimsoll_campaign two million.
TEST(Properties, HoldOverRandomConfigurations) {
  EXPECT_EQ(CheckRandomConfigs(20261128, 10000, 200, 10, ShippedCatalog()), 0);
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
    const Config config = ConfigOfLink(link);
    const Checked answer = CheckAnswer(config, ShippedCatalog());
    EXPECT_TRUE(answer.answered) << link;
    EXPECT_EQ(answer.fault, "") << link;
    EXPECT_EQ(CheckSolutions(config, ShippedCatalog()).fault, "") << link;
  }
}

TEST(Properties, TheLongestIsWhatTheSolverFinds) {
  const Config config = ConfigOfLink("m=qwen3.5-9b&e=vllm&g=l40&ctx=2048&kv=fp16&cp=0");
  const Result<Report> report = Estimate(config, ShippedCatalog());
  ASSERT_TRUE(report.ok());
  const auto solved = Solve(SolveFor::kMaxModelLen, config, ShippedCatalog());
  ASSERT_TRUE(solved.ok() && solved->has_value());
  EXPECT_EQ(report->kv.max_model_len_that_fits, (*solved)->number);
  EXPECT_LT(report->kv.max_model_len_that_fits, 262144);
}

// Short contexts leave the cache so much that nothing is left to capture CUDA graphs in.
TEST(Properties, TheSolverSaysWhereShorterDoesNotFit) {
  const Config config = ConfigOfLink(
      "m=mistral-small-24b-2501&q=gptq-int4&e=vllm&ev=0.8.5&g=rtx-5080-laptop&ep=1&ctx=2048&seqs=4&util=0.98&"
      "bs=1");
  const auto solved = Solve(SolveFor::kMaxModelLen, config, ShippedCatalog());
  ASSERT_TRUE(solved.ok() && solved->has_value());
  EXPECT_GT((*solved)->number, 2000);
  EXPECT_GT((*solved)->least, 100);
  EXPECT_LT((*solved)->least, 1000);
}

TEST(Properties, OffloadTakesTheWeightsOfEveryRank) {
  const Config config = ConfigOfLink("m=granite-4.0-h-small&q=fp16&ev=0.9.2&g=rtx-4090&n=16&ep=1&off=13");
  const Result<Report> report = Estimate(config, ShippedCatalog());
  ASSERT_TRUE(report.ok());
  for (const GpuReport& gpu : report->per_gpu) EXPECT_EQ(gpu.weights, Bytes(0)) << gpu.rank;
}

TEST(Properties, RowSplitLosesNoByte) {
  const Result<Report> one =
      Estimate(ConfigOfLink("m=llama-3.1-8b&q=gguf-q4_k_m&e=llama.cpp&g=rtx-4090"), ShippedCatalog());
  ASSERT_TRUE(one.ok());
  for (const std::string_view cards : {"2", "3", "7"}) {
    const std::string link =
        "m=llama-3.1-8b&q=gguf-q4_k_m&e=llama.cpp&g=rtx-4090&sm=row&n=" + std::string(cards);
    const Result<Report> rows = Estimate(ConfigOfLink(link), ShippedCatalog());
    ASSERT_TRUE(rows.ok());
    Bytes sum;
    for (const GpuReport& gpu : rows->per_gpu) sum += gpu.weights;
    EXPECT_EQ(sum, one->per_gpu[0].weights) << cards;
  }
}

// The ranks of a tensor-parallel group may hold up to half a percent less than one card, and only because
// PyTorch's allocator rounds whole matrices up where it need not round their halves: the tensors themselves
// never become fewer.
TEST(Properties, RanksHoldNoLessThanOneCardButForTheAllocatorsRounding) {
  const auto tensors = [](const std::string& link) {
    const Config config = ConfigOfLink(link);
    const Result<Resolved> resolved = Settle(config, ShippedCatalog());
    EXPECT_TRUE(resolved.ok()) << link;
    const Report report = EstimateResolved(*resolved);
    Bytes weights, rounding;
    for (const Term& term : Explain(*resolved, report).terms) {
      if (term.name == "Allocator rounding") rounding += term.bytes;
      if (term.depth == 0 && term.name == "Weights") weights = term.bytes;
    }
    EXPECT_GT(weights, Bytes(0)) << link;
    return (weights - rounding) * static_cast<int64_t>(report.per_gpu.size());
  };
  for (const char* model : {"gemma-2-2b", "qwen2.5-7b", "phi-4", "llama-3.1-70b", "mixtral-8x7b"}) {
    const std::string link = std::string("m=") + model + "&g=b300&n=";
    EXPECT_GE(tensors(link + "2"), tensors(link + "1")) << model;
  }
}

}  // namespace
}  // namespace plimsoll
