#include "core/engines/sglang/sglang_server.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

EstimatedCase With(const char* model, const std::string& more = "") {
  return EstimateText(std::string(R"({"engine":"sglang","gpu":"h100-sxm","model":")") + model + "\"" + more +
                      "}");
}

SchedulerSetup ServerOf(const EstimatedCase& c) {
  SchedulerSetup setup;
  SetUpSglangServer(c.resolved, c.report, &setup);
  return setup;
}

TEST(SglangServer, ThePoolIsCountedInPages) {
  const EstimatedCase c = With("llama-3.1-8b", R"(,"block_size":16,"max_running_requests":64)");
  const SchedulerSetup setup = ServerOf(c);
  EXPECT_EQ(setup.block_size, 16);
  EXPECT_EQ(setup.blocks * 16, c.report.kv.capacity_tokens);
  EXPECT_EQ(setup.max_num_seqs, 64);
  EXPECT_EQ(setup.max_num_batched_tokens, 8192);
  EXPECT_TRUE(setup.chunked_prefill);
  EXPECT_TRUE(setup.prefix_caching);
  EXPECT_EQ(setup.lookahead, 0);
}

// piecewise_cuda_graph_runner.py, the default since 0.5.10: prompts of up to a chunk; 2048 tokens with a latent cache.
TEST(SglangServer, PromptsReplayGraphsUpToAChunk) {
  const auto tokens = [](const char* model, const std::string& rest) {
    return SglangStyle(With(model, rest).resolved).graph_tokens;
  };
  EXPECT_EQ(tokens("llama-3.1-8b", R"(,"engine_version":"0.5.10")"), 8192);
  EXPECT_EQ(tokens("deepseek-v2-lite", R"(,"engine_version":"0.5.10")"), 2048);
  EXPECT_EQ(tokens("llama-3.1-8b", R"(,"engine_version":"0.5.9")"), 0);
  EXPECT_EQ(tokens("llama-3.1-8b", R"(,"engine_version":"0.5.10","enforce_eager":true)"), 0);
}

// managers/scheduler.py: prompts first and alone; 0.7 of the answers, 0.098 after 600 steps of decoding.
TEST(SglangServer, AdmitsByAShareOfTheAnswers) {
  const SchedulerSetup setup = ServerOf(With("llama-3.1-8b"));
  EXPECT_TRUE(setup.reserve_prompt);
  EXPECT_NEAR(setup.answers.share - 600 * setup.answers.fall, setup.answers.least, 1e-12);
  EXPECT_NEAR(setup.answers.least, 0.098, 1e-12);
  EXPECT_EQ(setup.answers.most, 4096);
}

TEST(SglangServer, ServesTheLengthThatItReadsFromTheRope) {
  const auto length = [](const char* scaling) {
    const EstimatedCase c = EstimateText(
        std::string(R"({"engine":"sglang","gpu":"h100-sxm","model":{"architectures":["LlamaForCausalLM"],)") +
        R"("hidden_size":1024,"num_attention_heads":8,"num_hidden_layers":2,"vocab_size":1000,)" +
        R"("intermediate_size":2048,"max_position_embeddings":1000,"rope_scaling":)" + scaling + "}}");
    EXPECT_EQ(c.error, "");
    return c.resolved.max_model_len;
  };
  EXPECT_EQ(length(R"({"type":"linear","factor":4})"), 4000);
  EXPECT_EQ(length(R"({"type":"yarn","factor":4,"original_max_position_embeddings":250})"), 1000);
}

TEST(SglangServer, FollowsItsKeys) {
  const SchedulerSetup setup = ServerOf(With(
      "llama-3.1-8b",
      R"(,"chunked_prefill_size":-1,"enable_prefix_caching":false,"speculative":{"method":"eagle","num_tokens":3})"));
  EXPECT_FALSE(setup.chunked_prefill);
  EXPECT_FALSE(setup.prefix_caching);
  EXPECT_EQ(setup.max_num_batched_tokens, 16384);
  EXPECT_EQ(setup.lookahead, 4);
}

TEST(SglangServer, DrivesAStepLikeThePyTorchEngines) {
  const EstimatedCase c = With("llama-3.1-70b", R"(,"gpus":4,"tp":2,"pp":2,"cpu_offload_gb":2)");
  const StepStyle style = SglangStyle(c.resolved);
  EXPECT_EQ(style.ranks, 2);
  EXPECT_EQ(style.stages, 2);
  EXPECT_EQ(style.sent_weights, GiB(2));
}

TEST(SglangServer, NamesEveryMetricItself) {
  ASSERT_EQ(SglangMetrics().size(), 6u);
  for (const MetricName& metric : SglangMetrics())
    EXPECT_EQ(metric.name.substr(0, 7), "sglang:") << metric.name;
}

}  // namespace
}  // namespace plimsoll
