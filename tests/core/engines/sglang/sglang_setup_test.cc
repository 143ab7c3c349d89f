#include "core/engines/sglang/sglang_setup.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

EstimatedCase With(const std::string& more, const char* model = "llama-3.1-8b",
                   const char* gpu = "h100-sxm") {
  return EstimateText(std::string(R"({"engine":"sglang","model":")") + model + R"(","gpu":")" + gpu + "\"" +
                      more + "}");
}

TEST(SglangSetup, DefaultsOfAnH100) {
  const EstimatedCase c = With(R"(,"engine_version":"0.5.6")");
  EXPECT_EQ(c.resolved.chunked_prefill_size, 8192);
  EXPECT_EQ(c.resolved.mem_fraction_static, 0.835);
  EXPECT_EQ(c.resolved.block_size, 1);
  EXPECT_EQ(c.resolved.max_model_len, 131072);
  EXPECT_EQ(c.resolved.kv_cache_dtype.k, KvType::kBf16);
  EXPECT_EQ(SetupOf(c.resolved).graph_batch, 256);
  EXPECT_EQ(SetupOf(c.resolved).prefill_graphs, 0);
  EXPECT_EQ(c.resolved.max_running_requests, 2048);
}

// server_args.py: pages of a kernel's own, aiter's share, and no workspace of FlashInfer's where Triton attends.
TEST(SglangSetup, KernelsByName) {
  EXPECT_EQ(With(R"(,"attention_backend":"trtllm-mha")", "llama-3.1-8b", "b200").resolved.block_size, 64);
  EXPECT_EQ(With(R"(,"attention_backend":"triton")", "llama-3.1-8b", "b200").resolved.block_size, 1);
  EXPECT_EQ(With(R"(,"attention_backend":"cutlass_mla")", "deepseek-v2-lite").resolved.block_size, 128);
  EXPECT_TRUE(SetupOf(With("", "llama-3.1-8b", "mi300x").resolved).aiter);
  EXPECT_FALSE(SetupOf(With(R"(,"attention_backend":"triton")", "llama-3.1-8b", "mi300x").resolved).aiter);
  const auto beside = [](const char* more) { return With(more).report.per_gpu[0].non_torch; };
  EXPECT_EQ(beside(R"(,"attention_backend":"flashinfer")") - beside(R"(,"attention_backend":"fa3")"),
            MiB(384));
  EXPECT_NE(With(R"(,"attention_backend":"flash_infer")").error.find("flashinfer"), std::string::npos);
  EXPECT_EQ(With(R"(,"moe_backend":"marlin")", "gpt-oss-20b").resolved.moe_backend, "marlin");
}

TEST(SglangSetup, GivenKeysStand) {
  const EstimatedCase c = With(
      R"(,"mem_fraction_static":0.7,"chunked_prefill_size":-1,"max_running_requests":64,"block_size":16,)"
      R"("max_cudagraph_capture_size":32,"enable_prefix_caching":false)");
  EXPECT_EQ(c.resolved.mem_fraction_static, 0.7);
  EXPECT_EQ(SglangFraction(c.resolved), 0.7);
  EXPECT_FALSE(c.resolved.enable_chunked_prefill);
  EXPECT_EQ(SglangChunk(c.resolved), 16384) << "whole prompts, as many as a step may take";
  EXPECT_EQ(c.resolved.max_running_requests, 64);
  EXPECT_EQ(c.resolved.block_size, 16);
  EXPECT_EQ(SetupOf(c.resolved).graph_batch, 32);
  EXPECT_FALSE(c.resolved.enable_prefix_caching);
  EXPECT_EQ(With(R"(,"max_num_seqs":64)").resolved.max_running_requests, 64) << "by everybody's name";
  EXPECT_EQ(With(R"(,"max_num_batched_tokens":4096)").resolved.chunked_prefill_size, 4096);
  EXPECT_EQ(SetupOf(With(R"(,"enforce_eager":true)").resolved).graph_batch, 0);
}

// DP attention divides chunk and requests over its replicas; without it dp multiplies the cards.
TEST(SglangSetup, ReplicasOfAttentionDivideTheRanks) {
  const EstimatedCase c =
      With(R"(,"gpus":8,"tp":8,"dp":8,"enable_dp_attention":true,"max_running_requests":512)", "deepseek-r1",
           "h200");
  EXPECT_TRUE(c.error.empty()) << c.error;
  EXPECT_TRUE(c.resolved.dp_attention);
  EXPECT_EQ(c.report.per_gpu.size(), 8u);
  EXPECT_EQ(SetupOf(c.resolved).attention_tp, 1);
  EXPECT_EQ(SglangChunk(c.resolved), 8192 / 8);
  EXPECT_EQ(c.resolved.max_num_seqs, 64);
  EXPECT_EQ(c.resolved.max_running_requests, 512);
  // As people write it: tp 8 and dp 8 on eight cards can mean nothing else.
  const EstimatedCase said = With(R"(,"gpus":8,"tp":8,"dp":8)", "deepseek-r1", "h200");
  EXPECT_TRUE(said.resolved.dp_attention);
  EXPECT_TRUE(said.Has("dp_attention_assumed"));
  const EstimatedCase replicas = With(R"(,"gpus":8,"tp":4,"dp":2)");
  EXPECT_FALSE(replicas.resolved.dp_attention);
  EXPECT_EQ(SetupOf(replicas.resolved).attention_tp, 4);
}

TEST(SglangSetup, AttentionBackendsWantPages) {
  EXPECT_EQ(With("", "llama-3.1-8b", "b200").resolved.block_size, 64);
  EXPECT_EQ(With(R"(,"gpus":8)", "deepseek-v3.2", "h200").resolved.block_size, 64);
  EXPECT_EQ(With(R"(,"gpus":8)", "deepseek-v3.2", "mi355x").resolved.block_size, 1);
}

// Which models keep a pool for windows apart, by release.
TEST(SglangSetup, PoolsOfWindowsByRelease) {
  const auto apart = [](const char* model, const char* version) {
    return SetupOf(With(std::string(R"(,"engine_version":")") + version + "\"", model).resolved).window_pools;
  };
  EXPECT_FALSE(apart("gemma-3-12b", "0.4.9"));
  EXPECT_TRUE(apart("gemma-3-12b", "0.4.10"));
  EXPECT_FALSE(apart("gemma-3-12b", "0.5.1"));
  EXPECT_FALSE(apart("gemma-3-12b", "0.5.18")) << "every layer keeps everything to this day";
  EXPECT_FALSE(apart("gpt-oss-20b", "0.5.6"));
  EXPECT_TRUE(apart("gpt-oss-20b", "0.5.8"));
  EXPECT_FALSE(apart("gemma-4-31b", "0.5.11"));
  EXPECT_TRUE(apart("gemma-4-31b", "0.5.12"));
  EXPECT_FALSE(apart("llama-3.1-8b", "0.5.18"));
}

TEST(SglangSetup, SlotsOfARequest) {
  const auto slots = [](const std::string& more) {
    return SetupOf(With(more, "qwen3.6-27b").resolved).states_per_request;
  };
  EXPECT_EQ(slots(R"(,"engine_version":"0.5.13")"), 3);
  EXPECT_EQ(slots(R"(,"engine_version":"0.5.14")"), 5);
  EXPECT_EQ(slots(R"(,"enable_prefix_caching":false)"), 1);
}

TEST(SglangSetup, AiterTakesMoreOnRocm) {
  EXPECT_NEAR(SglangFraction(With(R"(,"mem_fraction_static":0.8)", "llama-3.1-8b", "mi300x").resolved), 0.68,
              1e-12);
  EXPECT_EQ(
      SglangFraction(
          With(R"(,"mem_fraction_static":0.8,"max_model_len":8192)", "llama-3.1-8b", "mi300x").resolved),
      0.8);
  // 64 heads of a latent over eight ranks: Triton's kernels.
  EXPECT_EQ(SglangFraction(With(R"(,"mem_fraction_static":0.8,"gpus":8)", "kimi-k2.5", "mi355x").resolved),
            0.8);
}

TEST(SglangSetup, RefusesATypeThatIsNone) {
  const EstimatedCase c = With(R"(,"mamba_ssm_cache_dtype":"int4")", "qwen3.6-27b");
  EXPECT_NE(c.error.find("mamba_ssm_cache_dtype"), std::string::npos) << c.error;
}

}  // namespace
}  // namespace plimsoll
