#include "core/engines/vllm/vllm_engine.h"

#include <gtest/gtest.h>

#include <string>

#include "core/engines/vllm/vllm_rules.h"
#include "core/resolve/memory_parts.h"
#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

// Every card's parts add up to its total, and the depth-0 terms to the fullest card's.
TEST(EngineVllm, PartsAndTermsAddUp) {
  for (const Model& model : TestCatalog().models()) {
    if (model.refused()) continue;
    for (const char* layout : {R"("gpus":8)", R"("gpus":8,"tp":2,"pp":4)", R"("gpus":4,"tp":2,"dp":2)"}) {
      const EstimatedCase c = EstimateText(R"({"model":")" + model.id + R"(","gpu":"h200",)" + layout + "}");
      ASSERT_EQ(c.error, "") << model.id;
      Bytes fullest_total, least(internal::kInt64Max);
      for (const GpuReport& gpu : c.report.per_gpu) {
        EXPECT_EQ(SumOfParts(gpu), gpu.total);
        EXPECT_GE(gpu.weights, Bytes(0));
        if (gpu.headroom < least) {
          least = gpu.headroom;
          fullest_total = gpu.total;
        }
      }
      Bytes sum;
      for (const Term& term : VllmEngine().Explain(c.resolved, c.report)) {
        if (term.depth == 0) sum += term.bytes;
        EXPECT_FALSE(term.source.empty()) << term.name;
      }
      EXPECT_EQ(sum, fullest_total) << model.id << " " << layout;
    }
  }
}

// Where only a later start has room the answer is that one's, whose pool is larger.
TEST(EngineVllm, MoreContextNeverHelps) {
  for (const char* model : {"llama-3.1-8b", "gemma-3-12b", "qwen3.5-9b", "gpt-oss-20b"}) {
    double before = 1e18;
    Bytes headroom(internal::kInt64Max);
    for (int length : {512, 2048, 8192, 32768}) {
      const EstimatedCase c =
          EstimateText(std::string(R"({"model":")") + model + R"(","gpu":"rtx-5090","max_model_len":)" +
                       std::to_string(length) + "}");
      EXPECT_LE(c.report.kv.max_concurrency, before) << model;
      if (c.report.Has(kFirstStartTooSmall)) break;
      EXPECT_LE(c.report.per_gpu[0].headroom, headroom) << model;
      before = c.report.kv.max_concurrency;
      headroom = c.report.per_gpu[0].headroom;
    }
  }
}

TEST(EngineVllm, MoreSequencesNeverEnlargeThePool) {
  Bytes before(internal::kInt64Max);
  for (int sequences : {8, 64, 256, 1024}) {
    const EstimatedCase c =
        EstimateText(R"({"model":"qwen3-14b","gpu":"l40s","max_num_batched_tokens":4096,"max_num_seqs":)" +
                     std::to_string(sequences) + "}");
    EXPECT_LE(c.report.kv.available, before);
    before = c.report.kv.available;
  }
}

TEST(EngineVllm, MoreShareEnlargesThePool) {
  Bytes before;
  for (const char* share : {"0.5", "0.7", "0.9", "0.95"}) {
    const EstimatedCase c = EstimateText(
        std::string(R"({"model":"qwen3-8b","gpu":"l40s","gpu_memory_utilization":)") + share + "}");
    EXPECT_GT(c.report.kv.available, before);
    before = c.report.kv.available;
  }
}

TEST(EngineVllm, FailsWhereTheEngineWould) {
  const struct {
    const char* config;
    FailureStage stage;
  } cases[] = {
      {R"({"model":"llama-3-70b","gpu":"a100-sxm-80gb","engine_version":"0.5.0.post1"})",
       FailureStage::kLoading},
      {R"({"model":"llama-3.1-8b","gpu":"rtx-3090","engine_version":"0.6.4","max_model_len":29000})",
       FailureStage::kCacheTooSmall},
      {R"({"model":"qwen3-32b","gpu":"h100-sxm","engine_version":"0.11.0","max_model_len":32000})",
       FailureStage::kCacheTooSmall},
      {R"({"model":"llama-3.1-8b","gpu":"l40s","max_num_batched_tokens":400000,"max_num_seqs":4})",
       FailureStage::kProfiling},
      {R"({"model":"llama-3.1-8b","gpu":"l40s","gpu_memory_utilization":0.999})", FailureStage::kLoading},
      {R"({"model":"llama-3.1-8b","gpu":"l40s","max_model_len":8192})", FailureStage::kNone},
  };
  for (const auto& c : cases) {
    const EstimatedCase answer = EstimateText(c.config);
    EXPECT_EQ(answer.report.failure, c.stage) << c.config;
    EXPECT_EQ(answer.report.fits(), c.stage == FailureStage::kNone) << c.config;
  }
}

TEST(EngineVllm, SaysItInTheEnginesWords) {
  const EstimatedCase v1 = EstimateText(
      R"({"model":"qwen3-32b","gpu":"h100-sxm","engine_version":"0.11.0","max_model_len":32000})");
  const std::string line = VllmEngine().ExpectedLog(v1.resolved, v1.report).back();
  EXPECT_NE(line.find("models's max seq len (32000)"), std::string::npos) << line;
  EXPECT_NE(
      line.find("estimated maximum model length is " + std::to_string(v1.report.kv.max_model_len_that_fits)),
      std::string::npos)
      << line;
  const EstimatedCase v0 = EstimateText(
      R"({"model":"llama-3.1-8b","gpu":"rtx-3090","engine_version":"0.6.4","max_model_len":29000})");
  const std::string old = VllmEngine().ExpectedLog(v0.resolved, v0.report).back();
  EXPECT_NE(old.find("larger than the maximum number of tokens that can be stored in KV cache"),
            std::string::npos);
}

// The texts changed: 0.8.5 began to suggest a length, 0.13 to point to the documentation.
TEST(EngineVllm, SaysItInTheWordsOfItsRelease) {
  const auto last = [](const char* version) {
    const EstimatedCase c =
        EstimateText(R"({"model":"llama-3.1-8b","gpu":"rtx-4090","max_model_len":131072,"engine_version":")" +
                     std::string(version) + "\"}");
    const std::vector<std::string> lines = VllmEngine().ExpectedLog(c.resolved, c.report);
    return lines.empty() ? std::string() : lines.back();
  };
  EXPECT_EQ(last("0.8.4").find("estimated maximum"), std::string::npos);
  EXPECT_NE(last("0.10.0").find("(16.00 GiB KV cache is needed"), std::string::npos) << last("0.10.0");
  EXPECT_NE(last("0.10.0").find("estimated maximum model length is"), std::string::npos);
  EXPECT_NE(last("0.15.0").find("(16.0 GiB KV cache is needed"), std::string::npos) << last("0.15.0");
  EXPECT_NE(last("0.15.0").find("conserving_memory"), std::string::npos);
  EXPECT_NE(last("0.15.0").find("the models's max seq len"), std::string::npos);
  EXPECT_NE(last("0.22.0").find("the model's max seq len (131072)"), std::string::npos) << last("0.22.0");
}

TEST(EngineVllm, PredictsTheLog) {
  const EstimatedCase c =
      EstimateText(R"({"model":"llama-3.1-8b","gpu":"l40s","engine_version":"0.19.0","max_model_len":8192})");
  const std::vector<std::string> lines = VllmEngine().ExpectedLog(c.resolved, c.report);
  ASSERT_GE(lines.size(), 4u);
  EXPECT_EQ(lines[0], "Model loading took 14.9888 GiB");
  EXPECT_EQ(lines[1].rfind("Available KV cache memory: ", 0), 0u);
  EXPECT_EQ(lines[2].rfind("GPU KV cache size: ", 0), 0u);
  EXPECT_EQ(lines[3].rfind("Maximum concurrency for 8,192 tokens per request: ", 0), 0u);
  EXPECT_NE(lines.back().find("nvidia-smi"), std::string::npos);
}

TEST(EngineVllm, ExampleQwen235bOnOneCard) {
  const EstimatedCase c = EstimateText(
      R"({"model":"qwen3-235b-a22b","format":"awq-int4","engine_version":"0.6.3","gpu":"rtx-4090","gpu_memory_utilization":0.95,"max_model_len":4096})");
  EXPECT_FALSE(c.report.fits());
  EXPECT_EQ(c.report.weights.text_params, 235093634560);
  EXPECT_NEAR(c.report.per_gpu[0].weights.gib(), 115.5, 0.5);
  EXPECT_EQ(c.report.kv.per_token, Bytes(192512));
  EXPECT_NEAR(c.report.kv.per_sequence.gib(), 0.73, 0.01);
  const auto fits = [](const char* cards) {
    return EstimateText(
               std::string(R"({"model":"qwen3-235b-a22b","format":"awq-int4","max_model_len":4096,)") +
               cards + "}")
        .report;
  };
  EXPECT_FALSE(fits(R"("gpu":"rtx-4090","gpus":4)").fits());
  EXPECT_EQ(fits(R"("gpu":"rtx-4090","gpus":6)").verdict, Verdict::kInvalid);
  EXPECT_TRUE(fits(R"("gpu":"rtx-4090","gpus":6,"tp":2,"pp":3)").fits());
  EXPECT_TRUE(fits(R"("gpu":"rtx-4090","gpus":8)").fits());
  EXPECT_TRUE(fits(R"("gpu":"a100-sxm-80gb","gpus":4)").fits());
  const Report h100 = fits(R"("gpu":"h100-sxm","gpus":2)");
  EXPECT_TRUE(h100.fits());
  EXPECT_NEAR(h100.per_gpu[0].weights.gib(), 57.8, 0.3);
  EXPECT_TRUE(
      EstimateText(
          R"({"model":"qwen3-32b","format":"awq-int4","gpu":"rtx-4090","max_model_len":8192,"max_num_seqs":16})")
          .report.fits());
  EXPECT_EQ(
      EstimateText(R"({"model":"qwen2.5-72b","format":"int8","gpu":"rtx-4090","gpus":3})").report.verdict,
      Verdict::kInvalid);
}

TEST(EngineVllm, ExampleQwen35OnFourT4) {
  const char* config =
      R"({"model":"qwen3.5-35b-a3b","format":"gptq-int4","gpu":"t4","gpus":4,"gpu_memory_utilization":0.85,"max_model_len":16384})";
  const EstimatedCase c = EstimateText(config);
  EXPECT_TRUE(c.report.fits());
  EXPECT_TRUE(c.Has("bfloat16_needs_ampere"));
  EXPECT_TRUE(c.Has("kv_heads_replicated"));
  EXPECT_EQ(c.report.kv.per_token, Bytes(20480));
  Bytes weights;
  for (const GpuReport& gpu : c.report.per_gpu) weights += gpu.weights;
  EXPECT_NEAR(weights.gib(), 21.5, 1.0);
  const EstimatedCase draft = EstimateText(
      R"({"model":"qwen3.5-35b-a3b","format":"gptq-int4","gpu":"t4","gpus":4,"speculative":{"method":"draft","model":"qwen2.5-7b","num_tokens":5}})");
  EXPECT_TRUE(draft.Has("draft_vocabulary_differs"));
}

TEST(EngineVllm, ExampleLlama70bOnOneCard) {
  const EstimatedCase c = EstimateText(
      R"({"model":"llama-3.1-70b","format":"awq-int4","gpu":"rtx-4090","kv_cache_dtype":"fp8","max_model_len":16384,"max_num_seqs":4,"enable_prefix_caching":true,"gpu_memory_utilization":0.95})");
  EXPECT_EQ(c.report.verdict, Verdict::kDoesNotFit);
  EXPECT_EQ(c.report.failure, FailureStage::kLoading);
  EXPECT_NEAR(c.report.per_gpu[0].weights.gib(), 37.1, 0.3);
  EXPECT_LT(c.report.per_gpu[0].headroom.gib(), -14);
  EXPECT_EQ(c.report.kv.per_token, Bytes(163840));
  // A pool of 5.5 GiB would hold 36,044 tokens at fp8 and 18,022 at 16 bits, block rounding aside.
  const auto tokens = [](const char* type) {
    return EstimateText(
               std::string(
                   R"({"model":"llama-3.1-70b","format":"awq-int4","gpu":"h100-sxm","engine_version":"0.19.0","max_model_len":16384,"kv_cache_memory_bytes":5905580032,"kv_cache_dtype":")") +
               type + "\"}")
        .report.kv.capacity_tokens;
  };
  EXPECT_NEAR(static_cast<double>(tokens("fp8")), 36044, 16);
  EXPECT_NEAR(static_cast<double>(tokens("bf16")), 18022, 16);
  EXPECT_TRUE(
      EstimateText(
          R"({"model":"llama-3.1-70b","format":"awq-int4","gpu":"rtx-4090","gpus":2,"kv_cache_dtype":"fp8","max_model_len":8192,"max_num_seqs":4,"gpu_memory_utilization":0.95})")
          .report.fits());
}

TEST(EngineVllm, SurvivesExtremes) {
  for (const char* config :
       {R"({"model":"llama-3.1-8b","gpu":"l40s","max_model_len":1000000000,"max_num_seqs":1000000})",
        R"({"model":"deepseek-v3","gpu":"h200","gpus":512,"tp":512,"max_num_batched_tokens":1000000000})",
        R"({"model":"llama-3.1-8b","gpu":"l40s","gpus":64,"tp":1,"pp":64})",
        R"({"model":"qwen3.5-27b","gpu":"l40s","block_size":1})",
        R"({"model":"gemma-3-27b","gpu":"l40s","gpu_memory_mib":1})",
        R"({"model":"llama-3.1-8b","gpu":"l40s","kv_cache_memory_bytes":1})"}) {
    const EstimatedCase c = EstimateText(config);
    if (!c.error.empty()) continue;  // refused with a reason
    EXPECT_FALSE(c.report.fits()) << config;
    EXPECT_GE(c.report.kv.num_blocks, 0) << config;
    EXPECT_GE(c.report.kv.capacity_tokens, 0) << config;
  }
}

}  // namespace
}  // namespace plimsoll
