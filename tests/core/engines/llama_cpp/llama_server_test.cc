#include "core/engines/llama_cpp/llama_server.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

EstimatedCase Ask(const std::string& rest) {
  EstimatedCase c = EstimateText(
      R"({"engine":"llama.cpp","format":"gguf-q4_k_m","gpu":"rtx-3090","max_model_len":8192,)" + rest + "}");
  EXPECT_EQ(c.error, "") << rest;
  return c;
}

TEST(LlamaServer, HowAStepIsDriven) {
  const StepStyle one =
      LlamaStyle(Ask(R"("model":"llama-3.1-8b","n_ubatch":256,"flash_attention":false)").resolved);
  EXPECT_EQ(one.chunk, 256);
  EXPECT_TRUE(one.slow_attention);
  EXPECT_TRUE(one.layer_split);
  EXPECT_TRUE(one.wide_states);
  EXPECT_EQ(one.ranks, 1);
  EXPECT_FALSE(one.plain_launches);
  EXPECT_EQ(one.host_dense, 0);
  const StepStyle rows = LlamaStyle(Ask(R"("model":"llama-3.1-8b","gpus":2,"split_mode":"row")").resolved);
  EXPECT_FALSE(rows.layer_split);
  EXPECT_EQ(rows.ranks, 2);
  EXPECT_TRUE(
      LlamaStyle(Ask(R"("model":"llama-3.1-8b","engine_version":"2024-12-31")").resolved).plain_launches);
  EXPECT_FALSE(
      LlamaStyle(Ask(R"("model":"llama-3.1-8b","engine_version":"2025-01-01")").resolved).plain_launches);
}

TEST(LlamaServer, SharesThatStayInRam) {
  // Eight of 32 layers.
  const StepStyle layers = LlamaStyle(Ask(R"("model":"llama-3.1-8b","n_gpu_layers":24)").resolved);
  EXPECT_DOUBLE_EQ(layers.host_dense, 0.25);
  EXPECT_DOUBLE_EQ(layers.host_experts, 0.25);
  EXPECT_EQ(LlamaStyle(Ask(R"("model":"llama-3.1-8b","n_gpu_layers":32)").resolved).host_dense, 0);
  // Experts of 12 of 48 layers.
  const StepStyle experts = LlamaStyle(Ask(R"("model":"qwen3-30b-a3b","n_cpu_moe":12)").resolved);
  EXPECT_EQ(experts.host_dense, 0);
  EXPECT_DOUBLE_EQ(experts.host_experts, 0.25);
  EXPECT_DOUBLE_EQ(LlamaStyle(Ask(R"("model":"qwen3-30b-a3b","n_cpu_moe":1000)").resolved).host_experts, 1);
  EXPECT_DOUBLE_EQ(
      LlamaStyle(Ask(R"("model":"qwen3-30b-a3b","override_tensor":"exps=CPU")").resolved).host_experts, 1);
}

TEST(LlamaServer, SlotsInsteadOfPages) {
  const EstimatedCase shared = Ask(R"("model":"llama-3.1-8b","max_num_seqs":4,"kv_unified":true)");
  SchedulerSetup setup;
  setup.max_model_len = 8192;
  SetUpLlamaServer(shared.resolved, shared.report, &setup);
  EXPECT_EQ(setup.block_size, 1);
  EXPECT_EQ(setup.blocks, 8192);
  EXPECT_EQ(setup.max_num_batched_tokens, 2048);
  EXPECT_TRUE(setup.reserve_output);
  EXPECT_EQ(setup.max_model_len, 8192);
  const EstimatedCase divided = Ask(R"("model":"llama-3.1-8b","max_num_seqs":4,"kv_unified":false)");
  SetUpLlamaServer(divided.resolved, divided.report, &setup);
  EXPECT_EQ(setup.max_model_len, 2048) << "each slot has its quarter";
}

TEST(LlamaServer, ItsMetrics) {
  ASSERT_EQ(LlamaMetrics().size(), 3u);
  EXPECT_EQ(LlamaMetrics()[0].name, "llamacpp:requests_processing");
  EXPECT_EQ(LlamaMetrics()[0].signal, Signal::kRunning);
}

}  // namespace
}  // namespace plimsoll
