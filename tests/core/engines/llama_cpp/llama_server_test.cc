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

TEST(LlamaServer, MetalUnpackedWeightsWithOtherKernelsOnce) {
  const auto unpacks = [](const char* gpu, const char* version) {
    const std::string rest =
        R"("model":"llama-3.1-8b","gpu":")" + std::string(gpu) + R"(","engine_version":")" + version;
    return LlamaStyle(Ask((rest + "\"").c_str()).resolved).old_unpacking;
  };
  EXPECT_TRUE(unpacks("apple-m1-max", "b2843"));
  EXPECT_TRUE(unpacks("apple-m1-max", "2025-03-25"));
  EXPECT_FALSE(unpacks("apple-m1-max", "2025-03-26"));
  EXPECT_FALSE(unpacks("rtx-4090", "b2843"));
  EXPECT_FALSE(LlamaStyle(Ask(R"("model":"llama-3.1-8b","gpu":"apple-m1-max")").resolved).old_unpacking)
      << "today's";
}

// The backend that is asked for decides, not the one whose buffers are counted.
TEST(LlamaServer, WhoseKernelsRunOnARadeon) {
  const auto kernels = [](const std::string& rest) {
    return LlamaStyle(Ask((R"("model":"llama-3.1-8b",)" + rest).c_str()).resolved).radeon;
  };
  EXPECT_EQ(kernels(R"("gpu":"rx-7900-xtx")"), RadeonKernels::kUnsaid);
  EXPECT_EQ(kernels(R"("gpu":"rx-7900-xtx","backend":"hip")"), RadeonKernels::kHip);
  EXPECT_EQ(kernels(R"("gpu":"rx-7900-xtx","backend":"vulkan")"), RadeonKernels::kVulkan);
  EXPECT_EQ(kernels(R"("gpu":"ryzen-ai-max-395")"), RadeonKernels::kUnsaid);
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

SlotRules SlotsOf(const std::string& rest) {
  const EstimatedCase c = Ask(rest);
  SchedulerSetup setup;
  SetUpLlamaServer(c.resolved, c.report, &setup);
  EXPECT_TRUE(setup.slots.on);
  EXPECT_FALSE(setup.prefix_caching) << "no two slots share a cell";
  return setup.slots;
}

// --cache-ram since October 2025, idle slots copied there since April 2026 with one cache for all, since June with more.
TEST(LlamaServer, WhatEachBuildRemembers) {
  const SlotRules today = SlotsOf(R"("model":"llama-3.1-8b")");
  EXPECT_EQ(today.similarity, 0.1);
  EXPECT_TRUE(today.one_pool);
  EXPECT_TRUE(today.ram);
  EXPECT_EQ(today.limit, MiB(8192));
  EXPECT_TRUE(today.ram_for_idle);
  const std::string divided = R"("model":"llama-3.1-8b","max_num_seqs":2,"kv_unified":false)";
  EXPECT_FALSE(SlotsOf(divided).one_pool);
  EXPECT_TRUE(SlotsOf(divided).ram_for_idle);
  EXPECT_FALSE(SlotsOf(divided + R"(,"engine_version":"2026-05-01")").ram_for_idle);
  EXPECT_TRUE(SlotsOf(R"("model":"llama-3.1-8b","engine_version":"2026-05-01")").ram_for_idle);
  EXPECT_FALSE(SlotsOf(R"("model":"llama-3.1-8b","engine_version":"2026-04-01")").ram_for_idle);
  EXPECT_TRUE(SlotsOf(R"("model":"llama-3.1-8b","engine_version":"2025-10-10")").ram);
  const SlotRules old =
      SlotsOf(R"("model":"llama-3.1-8b","engine_version":"2025-10-01","cache_ram_mib":100)");
  EXPECT_FALSE(old.ram);
  EXPECT_EQ(old.similarity, 0.5);
}

TEST(LlamaServer, HowMuchRamItsPromptsTake) {
  EXPECT_FALSE(SlotsOf(R"("model":"llama-3.1-8b","cache_ram_mib":0)").ram);
  EXPECT_EQ(SlotsOf(R"("model":"llama-3.1-8b","cache_ram_mib":100)").limit, MiB(100));
  const SlotRules any = SlotsOf(R"("model":"llama-3.1-8b","cache_ram_mib":-1)");
  EXPECT_TRUE(any.ram);
  EXPECT_EQ(any.limit, Bytes(0));
  EXPECT_EQ(any.limit_tokens, 8192) << "as many as the context has";
  // 32 layers of 8 heads of 128, keys and values of 2 bytes.
  EXPECT_EQ(any.token, KiB(128));
  EXPECT_EQ(any.window_token, Bytes(0));
  EXPECT_EQ(any.sequence, Bytes(0));
  EXPECT_EQ(any.checkpoint, 0) << "it can go back to any token";
  // A gigabyte and a half a second: 67 MiB in about 47 ms.
  EXPECT_NEAR(static_cast<double>(MiB(67).count()) * any.seconds_per_byte, 0.047, 0.001);
}

// gpt-oss: every other one of 24 layers has a window of 128, of 8 heads of 64.
TEST(LlamaServer, WindowsAndStatesOfAPrompt) {
  const SlotRules windows = SlotsOf(R"("model":"gpt-oss-20b","format":"gguf-mxfp4_moe")");
  EXPECT_EQ(windows.token, KiB(24));
  EXPECT_EQ(windows.window_token, KiB(24));
  EXPECT_GE(windows.window, 128);
  EXPECT_LT(windows.window, 1024);
  EXPECT_EQ(windows.checkpoint, 64);
  EXPECT_EQ(SlotsOf(R"("model":"gpt-oss-20b","format":"gguf-mxfp4_moe","swa_full":true)").checkpoint, 0);
  // Qwen3.6 35B-A3B: logs give 62.813 MiB for a prompt's states, and 20 KiB for each token of ten layers of 2 heads of 256.
  const SlotRules states = SlotsOf(R"("model":"qwen3.6-35b-a3b")");
  EXPECT_NEAR(static_cast<double>(states.sequence.count()) / 1048576, 62.813, 0.01);
  EXPECT_EQ(states.token, KiB(20));
  EXPECT_EQ(states.checkpoint, 64);
}

TEST(LlamaServer, ItsMetrics) {
  ASSERT_EQ(LlamaMetrics().size(), 3u);
  EXPECT_EQ(LlamaMetrics()[0].name, "llamacpp:requests_processing");
  EXPECT_EQ(LlamaMetrics()[0].signal, Signal::kRunning);
}

}  // namespace
}  // namespace plimsoll
