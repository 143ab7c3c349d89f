#include "core/engines/vllm/vllm_server.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

SchedulerSetup ServerOf(const EstimatedCase& c) {
  SchedulerSetup setup;
  SetUpVllmServer(c.resolved, c.report, &setup);
  return setup;
}

TEST(VllmServer, APlainModelHasOneGroup) {
  const EstimatedCase c = EstimateText(
      R"({"model":"llama-3.1-8b","gpu":"h100-sxm","max_model_len":8192,"max_num_batched_tokens":4096,"max_num_seqs":64})");
  const SchedulerSetup setup = ServerOf(c);
  EXPECT_EQ(setup.block_size, 16);
  EXPECT_EQ(setup.full_groups, 1);
  EXPECT_EQ(setup.window_groups, 0);
  EXPECT_EQ(setup.state_blocks, 0);
  EXPECT_EQ(setup.blocks, c.report.kv.num_blocks - 1) << "block 0 is the null block";
  EXPECT_EQ(setup.max_num_batched_tokens, 4096);
  EXPECT_TRUE(setup.chunked_prefill);
  EXPECT_TRUE(setup.prefix_caching);
  EXPECT_TRUE(setup.reserve_prompt);
  EXPECT_EQ(setup.lookahead, 0);
}

// Steps with prompts replay graphs up to the largest captured step: 512 tokens, twice the sequences where these are
// few, what was asked for; none without graphs, and none in V0, which captured decoding alone.
TEST(VllmServer, SmallStepsWithPromptsReplayGraphs) {
  const auto tokens = [](const std::string& rest) {
    return VllmStyle(
               EstimateText(R"({"model":"llama-3.1-8b","gpu":"h100-sxm","max_model_len":8192)" + rest + "}")
                   .resolved)
        .graph_tokens;
  };
  EXPECT_EQ(tokens(R"(,"max_num_seqs":256)"), 512);
  EXPECT_EQ(tokens(R"(,"max_num_seqs":8)"), 16);
  EXPECT_EQ(tokens(R"(,"max_num_seqs":256,"max_cudagraph_capture_size":128)"), 128);
  EXPECT_EQ(tokens(R"(,"enforce_eager":true)"), 0);
  EXPECT_EQ(tokens(R"(,"engine_version":"0.6.3")"), 0);
}

// gpt-oss: 12 layers of a window of 128 tokens and 12 that keep everything. Eight blocks of 16 hold the
// window, and one more the block that it has begun to leave.
TEST(VllmServer, AWindowHoldsItsBlocksAndOneMore) {
  const SchedulerSetup setup =
      ServerOf(EstimateText(R"({"model":"gpt-oss-20b","gpu":"h100-sxm","max_model_len":8192})"));
  EXPECT_EQ(setup.block_size, 16);
  EXPECT_EQ(setup.full_groups, 1);
  ASSERT_EQ(setup.window_groups, 1);
  EXPECT_EQ(setup.windows[0].most_blocks, 128 / 16 + 1);
  // Gemma 3 27B: 52 of 62 layers slide over 1024 tokens, in groups of ten like the full ones: six of them.
  const SchedulerSetup gemma =
      ServerOf(EstimateText(R"({"model":"gemma-3-27b","gpu":"h200","max_model_len":8192})"));
  EXPECT_EQ(gemma.full_groups, 1);
  ASSERT_EQ(gemma.window_groups, 6);
  for (size_t i = 0; i < 6; ++i) EXPECT_EQ(gemma.windows[i].most_blocks, 1024 / 16 + 1);
}

TEST(VllmServer, RecurrentLayersTakeTheirBlocksWhateverTheLength) {
  // Three layers in four are recurrent: three groups as large as the attention's, a block for the running
  // state and one for the aligned one.
  const SchedulerSetup setup =
      ServerOf(EstimateText(R"({"model":"qwen3-next-80b-a3b","gpu":"h200","gpus":2,"max_model_len":8192})"));
  EXPECT_EQ(setup.full_groups, 1);
  EXPECT_EQ(setup.state_blocks, 3 * 2);
  const SchedulerSetup plain = ServerOf(EstimateText(
      R"({"model":"qwen3-next-80b-a3b","gpu":"h200","gpus":2,"max_model_len":8192,"enable_prefix_caching":false})"));
  EXPECT_EQ(plain.state_blocks, 3);
}

TEST(VllmServer, OptionsAndReleases) {
  EXPECT_FALSE(ServerOf(EstimateText(R"({"model":"llama-3.1-8b","gpu":"h100-sxm","max_model_len":8192,
                                         "engine_version":"0.16.0"})"))
                   .reserve_prompt)
      << "whole prompts are reserved since March 2026";
  EXPECT_TRUE(ServerOf(EstimateText(R"({"model":"llama-3.1-8b","gpu":"h100-sxm","max_model_len":8192,
                                        "engine_version":"0.17.0"})"))
                  .reserve_prompt);
  const SchedulerSetup drafted = ServerOf(EstimateText(
      R"({"model":"llama-3.1-8b","gpu":"h100-sxm","max_model_len":8192,"enable_prefix_caching":false,
          "speculative":{"method":"eagle","num_tokens":3}})"));
  EXPECT_EQ(drafted.lookahead, 3);
  EXPECT_FALSE(drafted.prefix_caching);
}

TEST(VllmServer, DrivesAStepByItsDegrees) {
  const EstimatedCase c = EstimateText(
      R"({"model":"llama-3.1-70b","gpu":"h100-sxm","gpus":8,"tp":4,"pp":2,"cpu_offload_gb":5,"max_model_len":8192})");
  const StepStyle style = VllmStyle(c.resolved);
  EXPECT_EQ(style.ranks, 4);
  EXPECT_EQ(style.stages, 2);
  EXPECT_EQ(style.sent_weights, GiB(5));
  EXPECT_EQ(style.engine, "vllm");
  EXPECT_EQ(style.kernels, KernelGroup::kTorch);
  EXPECT_FALSE(style.layer_split);
  EXPECT_EQ(VllmMetrics().size(), 6u);
  EXPECT_EQ(VllmMetrics()[0].name, "vllm:kv_cache_usage_perc");
}

}  // namespace
}  // namespace plimsoll
