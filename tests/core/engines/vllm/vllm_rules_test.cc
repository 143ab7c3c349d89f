#include "core/engines/vllm/vllm_rules.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

VllmRules RulesOf(const std::string& version,
                  const std::string& rest = R"("model":"llama-3.1-8b","gpu":"h100-sxm")") {
  const EstimatedCase c =
      EstimateText("{" + rest + R"(,"max_model_len":8192,"engine_version":")" + version + "\"}");
  EXPECT_EQ(c.error, "") << rest;
  return RulesFor(c.resolved);
}

// A rule holds from its release on and not in the one before (releases as vllm_version.cc knows them).
TEST(VllmRules, EachRuleBeginsWithItsRelease) {
  const struct {
    const char* name;
    const char* before;
    const char* from;
    bool (*holds)(const VllmRules&);
  } cases[] = {
      {"utilization 0.92", "0.20.0", "0.21.0",
       [](const VllmRules& r) { return r.default_utilization == 0.92; }},
      {"communicators outside", "0.10.2", "0.11.0",
       [](const VllmRules& r) { return !r.communicators_inside; }},
      {"graphs inside", "0.19.0", "0.20.0", [](const VllmRules& r) { return r.graphs_inside; }},
      {"free memory checked", "0.8.5", "0.9.0", [](const VllmRules& r) { return r.free_memory_checked; }},
      {"full graphs", "0.10.2", "0.11.0", [](const VllmRules& r) { return r.full_graphs; }},
      {"spread sizes", "0.11.2", "0.12.0", [](const VllmRules& r) { return r.spread_graph_sizes; }},
      {"lora graphs", "0.11.0", "0.11.1", [](const VllmRules& r) { return r.lora_graphs; }},
      {"hybrid manager", "0.9.1", "0.9.2", [](const VllmRules& r) { return r.hybrid_manager; }},
      {"concurrency by pages", "0.9.0", "0.9.1", [](const VllmRules& r) { return r.concurrency_by_pages; }},
      {"tokens per group", "0.9.1", "0.9.2",
       [](const VllmRules& r) { return r.tokens != CacheTokens::kBlocks; }},
      {"tokens by concurrency", "0.20.0", "0.21.0",
       [](const VllmRules& r) { return r.tokens == CacheTokens::kConcurrency; }},
      {"two batches in flight", "0.25.0", "0.26.0",
       [](const VllmRules& r) { return r.batches_in_flight == 2; }},
      {"a state per sequence", "0.18.0", "0.19.0", [](const VllmRules& r) { return r.state_per_sequence; }},
      {"aligned states", "0.24.0", "0.25.0", [](const VllmRules& r) { return r.align_recurrent; }},
      {"no chunks of experts", "0.16.0", "0.17.0", [](const VllmRules& r) { return r.moe_chunk == 0; }},
      {"chunks of 16384", "0.11.2", "0.12.0", [](const VllmRules& r) { return r.moe_chunk == 16384; }},
      {"chunks of 32768", "0.7.3", "0.8.0", [](const VllmRules& r) { return r.moe_chunk == 32768; }},
      {"shared expert buffers", "0.8.5", "0.9.0", [](const VllmRules& r) { return r.moe_shares_buffers; }},
      {"MLA", "0.7.0", "0.7.1", [](const VllmRules& r) { return r.latent_attention; }},
      {"no whole products", "0.7.3", "0.8.0", [](const VllmRules& r) { return !r.latent_absorbed; }},
      {"whole products", "0.7.0", "0.7.1", [](const VllmRules& r) { return r.latent_absorbed; }},
      {"prefix expanded", "0.10.1", "0.10.2",
       [](const VllmRules& r) { return r.latent_context_rows == 65536; }},
      {"no vocabulary adapters", "0.11.2", "0.12.0", [](const VllmRules& r) { return !r.lora_vocabulary; }},
      {"four copies", "0.6.6", "0.7.0", [](const VllmRules& r) { return r.residual_copies == 4; }},
      {"triton on Hopper", "0.10.1", "0.10.2", [](const VllmRules& r) { return r.mxfp4_triton_on_hopper; }},
      {"V1", "0.7.3", "0.8.0", [](const VllmRules& r) { return r.v1; }},
  };
  for (const auto& c : cases) {
    EXPECT_FALSE(c.holds(RulesOf(c.before))) << c.name << " in " << c.before;
    EXPECT_TRUE(c.holds(RulesOf(c.from))) << c.name << " in " << c.from;
  }
}

// The CUDA context counted in V0 up to 0.6.4 and once more in V1's first releases.
TEST(VllmRules, TheContextCountsTwiceInHistory) {
  const struct {
    const char* version;
    bool inside;
  } cases[] = {{"0.6.4", true}, {"0.6.5", false}, {"0.7.3", false},
               {"0.8.0", true}, {"0.8.5", true},  {"0.9.0", false}};
  for (const auto& c : cases) EXPECT_EQ(RulesOf(c.version).driver_inside, c.inside) << c.version;
  EXPECT_TRUE(RulesOf("0.11.0").states_asserted);
  EXPECT_TRUE(RulesOf("0.17.0").states_asserted);
  EXPECT_FALSE(RulesOf("0.18.0").states_asserted);
  EXPECT_FALSE(RulesOf("0.10.2").states_asserted);
}

// vllm/engine/arg_utils.py _is_v1_supported_oracle.
TEST(VllmRules, WhatFellBackToV0) {
  const struct {
    const char* version;
    const char* rest;
    bool v1;
  } cases[] = {
      {"0.8.5", R"("model":"llama-3.1-8b","gpu":"h100-sxm")", true},
      {"0.8.5", R"("model":"llama-3.1-8b","format":"fp16","gpu":"t4")", false},  // before Ampere
      {"0.10.2", R"("model":"llama-3.1-8b","format":"fp16","gpu":"t4")", false},
      {"0.11.0", R"("model":"llama-3.1-8b","format":"fp16","gpu":"t4")", true},  // V0 was removed
      {"0.8.5", R"("model":"llama-3.1-8b","gpu":"h100-sxm","gpus":2,"pp":2)", false},
      {"0.9.0", R"("model":"llama-3.1-8b","gpu":"h100-sxm","gpus":2,"pp":2)", true},
      {"0.8.5", R"("model":"llama-3.1-8b","gpu":"h100-sxm","lora":{"max_loras":1,"max_rank":16})", false},
      {"0.8.5", R"("model":"llama-3.1-8b","gpu":"h100-sxm","enable_chunked_prefill":false)", false},
      {"0.9.2", R"("model":"llama-3.1-8b","gpu":"l40s","kv_cache_dtype":"fp8")", false},
      {"0.9.2", R"("model":"llama-3.1-8b","gpu":"h100-sxm","kv_cache_dtype":"fp8")", true},
      {"0.10.0", R"("model":"llama-3.1-8b","gpu":"l40s","kv_cache_dtype":"fp8")", true},
      {"0.9.2",
       R"("model":"llama-3.1-8b","gpu":"h100-sxm","speculative":{"method":"draft","model":"llama-3.2-1b","num_tokens":3})",
       false},
      {"0.9.2", R"("model":"llama-3.1-8b","gpu":"h100-sxm","speculative":{"method":"eagle","num_tokens":3})",
       true},
      {"0.9.2", R"("model":"falcon-h1-7b","gpu":"h100-sxm")", false},
      {"0.10.0", R"("model":"falcon-h1-7b","gpu":"h100-sxm")", true},
  };
  for (const auto& c : cases) EXPECT_EQ(RulesOf(c.version, c.rest).v1, c.v1) << c.version << " " << c.rest;
}

TEST(VllmRules, WhichSamplerRuns) {
  const auto bytes = [](const char* version, const char* model, const char* gpu) {
    return RulesOf(version, std::string(R"("model":")") + model + R"(","format":"fp16","gpu":")" + gpu + "\"")
        .sampler_bytes;
  };
  EXPECT_EQ(bytes("0.15.0", "llama-3.1-8b", "h100-sxm"), 38.3);
  EXPECT_EQ(bytes("0.16.0", "llama-3.1-8b", "h100-sxm"), 14);
  EXPECT_EQ(bytes("0.25.0", "llama-3.1-8b", "h100-sxm"), 2) << "model runner V2";
  EXPECT_EQ(bytes("0.25.0", "qwen3-30b-a3b", "h100-sxm"), 14) << "for dense models";
  EXPECT_EQ(bytes("0.25.0", "qwen3.5-27b", "h100-sxm"), 14) << "without recurrent layers";
}

TEST(VllmRules, AskedForPrefixCachingAlignsStatesEarlier) {
  const char* hybrid = R"("model":"qwen3-next-80b-a3b","gpu":"h200","gpus":2)";
  const char* asked = R"("model":"qwen3-next-80b-a3b","gpu":"h200","gpus":2,"enable_prefix_caching":true)";
  EXPECT_FALSE(RulesOf("0.13.0", asked).align_recurrent);
  EXPECT_TRUE(RulesOf("0.14.0", asked).align_recurrent);
  EXPECT_FALSE(RulesOf("0.14.0", hybrid).align_recurrent);
  EXPECT_TRUE(RulesOf("0.10.2", hybrid).full_graphs) << "a release earlier than others";
}

TEST(VllmRules, AdaptersOnHopperTakeMarlinAgain) {
  const char* lora = R"("model":"gpt-oss-20b","gpu":"h100-sxm","lora":{"max_loras":1,"max_rank":16})";
  EXPECT_TRUE(RulesOf("0.12.0", lora).mxfp4_triton_on_hopper);
  EXPECT_FALSE(RulesOf("0.13.0", lora).mxfp4_triton_on_hopper);
}

}  // namespace
}  // namespace plimsoll
