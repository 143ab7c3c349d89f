#include "core/engines/vllm/vllm_kv_cache.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

CacheLayout LayoutOf(const EstimatedCase& c) {
  return LayOutCache(c.resolved, RulesFor(c.resolved), PipelineStage(c.resolved.architecture->layers, 1, 0),
                     true);
}

// Startup logs give pool, tokens and concurrency; the block arithmetic must reproduce them exactly.
TEST(VllmKvCache, ExactPools) {
  const EstimatedCase next = EstimateText(
      R"({"model":"qwen3-next-80b-a3b","gpu":"h200","gpus":2,"engine_version":"0.10.2","kv_cache_memory_bytes":47878721024})");
  EXPECT_EQ(next.report.kv.num_blocks, 7162);
  EXPECT_EQ(next.report.kv.capacity_tokens, 973760);
  EXPECT_NEAR(next.report.kv.max_concurrency, 14.77, 0.005);

  const EstimatedCase qwen = EstimateText(
      R"({"model":"qwen3.5-27b","gpu":"h200","engine_version":"0.19.0","max_model_len":32768,"kv_cache_memory_bytes":76402393088})");
  EXPECT_EQ(qwen.report.kv.num_blocks, 1487);
  EXPECT_EQ(qwen.report.kv.capacity_tokens, 290864);
  EXPECT_NEAR(qwen.report.kv.max_concurrency, 33.04, 0.005);

  const EstimatedCase mistral = EstimateText(
      R"({"model":"mistral-7b-v0.3","gpu":"h100-sxm","engine_version":"0.10.2","max_model_len":4096,"kv_cache_memory_bytes":59212694937})");
  EXPECT_EQ(mistral.report.kv.capacity_tokens, 451744);
  EXPECT_NEAR(mistral.report.kv.max_concurrency, 110.29, 0.005);

  const EstimatedCase kimi = EstimateText(
      R"({"model":"kimi-k2","gpu":"h200","gpus":8,"engine_version":"0.11.1","kv_cache_memory_bytes":50251117363})");
  EXPECT_EQ(kimi.report.kv.block_size, 64);
  EXPECT_NEAR(static_cast<double>(kimi.report.kv.capacity_tokens), 715072, 64);
}

// Logs of 0.20.2 with MTP: tokens count by sequences, of which each takes 2 + 3 states in three groups. TP 4:
// 432 blocks / 138 x 196608; TP 2: 244 / 138.
TEST(VllmKvCache, TokensCountBySequencesSince0202) {
  const auto tokens = [](int tp, int64_t pool, const char* version) {
    return EstimateText(R"({"model":"qwen3.6-27b","gpu":"rtx-5090","gpus":)" + std::to_string(tp) +
                        R"(,"kv_cache_dtype":"fp8","enable_prefix_caching":true,"max_model_len":196608,
                        "speculative":{"method":"mtp","num_tokens":3},"kv_cache_memory_bytes":)" +
                        std::to_string(pool) + R"(,"engine_version":")" + version + "\"}")
        .report.kv.capacity_tokens;
  };
  EXPECT_EQ(tokens(4, 6023691632, "0.20.2"), 615468);  // 5.61 GiB
  EXPECT_EQ(tokens(2, 6818260582, "0.20.2"), 347625);  // 6.35 GiB
  EXPECT_LT(tokens(4, 6023691632, "0.20.1"), 200000);  // blocks by group
}

// A model whose layers all slide: 137407 blocks, 769 per request.
TEST(VllmKvCache, SlidingWindowConcurrency) {
  const EstimatedCase c = EstimateText(
      R"({"model":"starcoder2-3b","format":"bf16","gpu":"h100-sxm","engine_version":"0.9.1","max_model_len":16384,"max_num_batched_tokens":8192,"kv_cache_memory_bytes":67538288640})");
  EXPECT_EQ(c.report.kv.num_blocks, 137407);
  EXPECT_NEAR(c.report.kv.max_concurrency, 178.68, 0.005);
}

TEST(VllmKvCache, HybridBlockSizes) {
  const struct {
    const char* config;
    int64_t block;
  } cases[] = {
      {R"({"model":"qwen3-next-80b-a3b","gpu":"h200","gpus":2})", 544},
      {R"({"model":"qwen3.5-35b-a3b","gpu":"h100-sxm"})", 1056},
      {R"({"model":"qwen3.5-27b","gpu":"h100-sxm"})", 784},
      {R"({"model":"qwen3.5-27b","gpu":"h100-sxm","kv_cache_dtype":"fp8"})", 1568},
      {R"({"model":"llama-3.1-8b","gpu":"h100-sxm"})", 16},
      {R"({"model":"deepseek-v3","gpu":"h200","gpus":8})", 64},
  };
  for (const auto& c : cases) EXPECT_EQ(EstimateText(c.config).report.kv.block_size, c.block) << c.config;
}

TEST(VllmKvCache, GroupsAsTheEngineFormsThem) {
  // 10 full and 52 sliding layers: groups of 10, one and six, eight layers of padding.
  const EstimatedCase gemma =
      EstimateText(R"({"model":"gemma-3-27b","gpu":"h100-sxm","max_model_len":32768})");
  const CacheLayout layout = LayoutOf(gemma);
  EXPECT_EQ(layout.group_size, 10);
  EXPECT_EQ(layout.groups, 7);
  EXPECT_EQ(LayoutOf(EstimateText(R"({"model":"gpt-oss-20b","gpu":"h100-sxm"})")).groups, 2);
  EXPECT_EQ(LayoutOf(EstimateText(R"({"model":"qwen3-next-80b-a3b","gpu":"h200"})")).groups, 4);
  // Without the hybrid manager (Llama 4 by default, V0 always) all layers keep every token.
  EXPECT_EQ(LayoutOf(EstimateText(R"({"model":"llama-4-scout","gpu":"h100-sxm","gpus":4})")).groups, 1);
  EXPECT_EQ(
      LayoutOf(EstimateText(R"({"model":"gemma-3-27b","gpu":"h100-sxm","engine_version":"0.7.3"})")).groups,
      1);
}

// A log of Qwen3.6-27B, TP 2 and MTP 3: block 1584 with a float32 scale for each token and head.
TEST(VllmKvCache, TypesWithScales) {
  EXPECT_EQ(
      EstimateText(R"({"model":"qwen3.6-27b","gpu":"rtx-5090","gpus":2,"kv_cache_dtype":"int8_per_token_head",
                             "speculative":{"method":"mtp","num_tokens":3},"engine_version":"0.24.0"})")
          .report.kv.block_size,
      1584);
  const auto block = [](const char* type) {
    return LayoutOf(EstimateText(std::string(R"({"model":"llama-3.1-8b","gpu":"b200","kv_cache_dtype":")") +
                                 type + "\"}"))
        .block_bytes;
  };
  const int64_t heads = 16 * 2 * 8 * 32;
  EXPECT_EQ(block("fp8"), heads * 128);
  EXPECT_EQ(block("fp8_e4m3"), heads * 128);
  EXPECT_EQ(block("fp8_e5m2"), heads * 128);
  EXPECT_EQ(block("int8_per_token_head"), heads * (128 + 4));
  EXPECT_EQ(block("fp8_per_token_head"), heads * (128 + 4));
  EXPECT_EQ(block("int4_per_token_head"), heads * (64 + 4));
  EXPECT_EQ(block("nvfp4"), heads * (64 + 8));
}

// What states take and how many a sequence keeps can be asked for.
TEST(VllmKvCache, OptionsOfRecurrentStates) {
  const auto layout = [](const char* more) {
    return LayoutOf(EstimateText(
        std::string(
            R"({"model":"qwen3.5-27b","gpu":"h100-sxm","max_model_len":8192,"engine_version":"0.19.0")") +
        more + "}"));
  };
  EXPECT_EQ(layout("").BlocksPerSequence(8192), 11 + 3);
  EXPECT_EQ(layout(R"(,"mamba_cache_mode":"align")").BlocksPerSequence(8192), 11 + 3 * 2);
  EXPECT_EQ(layout(R"(,"mamba_cache_mode":"all")").BlocksPerSequence(8192), 11 + 3 * 11);
  // 3 x 10240 values of 2 bytes and 48 x 128 x 128 of 4; or all of 2.
  EXPECT_EQ(layout("").specs[1].state_bytes + layout("").specs[0].state_bytes, 61440 + 4 * 786432);
  EXPECT_EQ(layout(R"(,"mamba_ssm_cache_dtype":"bfloat16")").block_size, 400);
  EXPECT_NE(EstimateText(R"({"model":"qwen3.5-27b","gpu":"h100-sxm","mamba_cache_mode":"some"})").error, "");
}

// MLA latents are whole on every rank; KV heads are replicated beyond their number.
TEST(VllmKvCache, ShardsHeadsButNotLatents) {
  const auto block = [](const char* config) { return LayoutOf(EstimateText(config)).block_bytes; };
  EXPECT_EQ(block(R"({"model":"deepseek-v3","gpu":"h200","gpus":8,"tp":8})"), 64 * 1152 * 61);
  EXPECT_EQ(block(R"({"model":"deepseek-v3","gpu":"h200","gpus":8,"tp":4,"pp":1})"), 64 * 1152 * 61);
  EXPECT_EQ(block(R"({"model":"llama-3.1-70b","gpu":"h200","gpus":8})"), 16 * 2 * 128 * 2 * 80);
  EXPECT_EQ(block(R"({"model":"qwen3-235b-a22b","gpu":"h200","gpus":8})"),
            block(R"({"model":"qwen3-235b-a22b","gpu":"h200","gpus":4})"));
  // V0 padded 576 elements to 640.
  EXPECT_EQ(block(R"({"model":"deepseek-r1","gpu":"h200","gpus":8,"engine_version":"0.7.3"})"),
            16 * 1280 * 61);
}

TEST(VllmKvCache, SpeculationAddsLayers) {
  const auto block = [](const char* config) { return LayoutOf(EstimateText(config)).block_bytes; };
  EXPECT_EQ(
      block(R"({"model":"deepseek-v3","gpu":"h200","gpus":8,"speculative":{"method":"mtp","num_tokens":1}})"),
      64 * 1152 * 62);
  EXPECT_EQ(block(R"({"model":"llama-3.1-70b","gpu":"h200","gpus":2,"speculative":
                    {"method":"draft","model":"llama-3.2-1b","num_tokens":4}})"),
            16 * (4 * 2 * 128 * 2 * 80 + 4 * 2 * 64 * 2 * 16));
}

// Bisection against counting down token by token.
TEST(VllmKvCache, LongestSequenceIsTheLongest) {
  for (const char* config :
       {R"({"model":"llama-3.1-8b","gpu":"h100-sxm"})", R"({"model":"gemma-3-4b","gpu":"h100-sxm"})",
        R"({"model":"qwen3.5-4b","gpu":"h100-sxm"})", R"({"model":"starcoder2-3b","gpu":"h100-sxm"})",
        R"({"model":"deepseek-v4-flash","gpu":"h200","gpus":4})"}) {
    const CacheLayout layout = LayoutOf(EstimateText(config));
    for (int64_t mib : {1, 40, 300, 700, 2000}) {
      const Bytes pool = MiB(mib);
      const int64_t blocks = pool.count() / layout.block_bytes;
      int64_t longest = 20000;
      while (longest > 0 && layout.BlocksPerSequence(longest) > blocks) --longest;
      EXPECT_EQ(LongestSequence(layout, pool, 20000), longest) << config << " " << mib;
    }
  }
}

TEST(VllmKvCache, MonotonicInLength) {
  for (const char* model :
       {"gemma-3-27b", "qwen3-next-80b-a3b", "deepseek-v3.2", "mimo-v2-flash", "jamba-1.5-mini"}) {
    const CacheLayout layout =
        LayoutOf(EstimateText(std::string(R"({"model":")") + model + R"(","gpu":"b200","gpus":1})"));
    int64_t before = 0;
    for (int64_t length = 1; length < 300000; length = length * 5 / 4 + 1) {
      const int64_t blocks = layout.BlocksPerSequence(length);
      EXPECT_GE(blocks, before) << model;
      before = blocks;
    }
  }
}

// Whisper large-v3: 448 tokens of text in 28 blocks and 1500 frames of the encoder in 94, of 32 layers each.
TEST(VllmKvCache, CrossAttentionTakesTheEncodersTokens) {
  const EstimatedCase c = EstimateText(
      R"({"model":{"architectures":["WhisperForConditionalGeneration"],"model_type":"whisper","torch_dtype":"float16",
          "d_model":1280,"encoder_layers":32,"decoder_layers":32,"encoder_attention_heads":20,
          "decoder_attention_heads":20,"encoder_ffn_dim":5120,"decoder_ffn_dim":5120,"num_mel_bins":128,
          "vocab_size":51866},"gpu":"h100-sxm"})");
  ASSERT_EQ(c.error, "");
  const CacheLayout layout = LayoutOf(c);
  EXPECT_EQ(layout.groups, 2);
  EXPECT_EQ(layout.block_bytes, 16 * 2 * 1280 * 2 * 32);
  EXPECT_EQ(layout.BlocksPerSequence(448), 28 + 94);
}

// An encoder caches nothing: there is no pool, and whatever its weights leave is free.
TEST(VllmKvCache, EncodersHaveNoPool) {
  const EstimatedCase c = EstimateText(
      R"({"model":{"architectures":["XLMRobertaModel"],"model_type":"xlm-roberta","torch_dtype":"float16",
          "hidden_size":1024,"num_hidden_layers":24,"num_attention_heads":16,"intermediate_size":4096,
          "vocab_size":250002,"max_position_embeddings":8194,"type_vocab_size":1},"gpu":"rtx-4090"})");
  ASSERT_EQ(c.error, "");
  EXPECT_EQ(LayoutOf(c).count, 0);
  EXPECT_TRUE(c.report.fits());
  EXPECT_EQ(c.report.kv.max_model_len_that_fits, 8192);
}

}  // namespace
}  // namespace plimsoll
