#include "core/engines/generic/generic_engine.h"

#include <gtest/gtest.h>

#include "core/config/config_codec.h"
#include "core/engines/server.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "tests/support/estimates.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

Report Of(const char* json) {
  const Result<DecodedConfig> decoded = DecodeConfigJsonText(json);
  EXPECT_TRUE(decoded.ok()) << json;
  const Result<Report> report = Estimate(decoded->config, ShippedCatalog());
  EXPECT_TRUE(report.ok()) << json;
  return *report;
}

Bytes SumOfTerms(const Resolved& resolved, const Report& report) {
  Bytes sum;
  for (const Term& term : Explain(resolved, report).terms) {
    if (term.depth == 0) sum += term.bytes;
  }
  return sum;
}

TEST(EngineGeneric, CountsWeightsAndTheCacheAskedFor) {
  const Report report = Of(
      R"({"model":"llama-3.1-8b","engine":"lmdeploy","gpu":"rtx-4090","prompt_tokens":1000,"output_tokens":24,"concurrency":4})");
  ASSERT_EQ(report.per_gpu.size(), 1u);
  const GpuReport& gpu = report.per_gpu[0];
  EXPECT_EQ(gpu.weights.count(), 16060522496);         // 8,030,261,248 parameters of two bytes
  EXPECT_EQ(gpu.kv_cache.count(), 4 * 1024 * 131072);  // 2 x 32 layers x 8 heads x 128 x 2 bytes per token
  EXPECT_EQ(gpu.total, gpu.weights + gpu.kv_cache);
  EXPECT_EQ(gpu.headroom, gpu.capacity - gpu.total);
  EXPECT_EQ(report.verdict, Verdict::kFits);
  EXPECT_EQ(report.kv.per_token.count(), 131072);
}

TEST(EngineGeneric, SaysThatItsBudgetIsNotModelled) {
  const Report report = Of(R"({"model":"llama-3.1-8b","engine":"tensorrt-llm","gpu":"h200"})");
  bool said = false;
  for (const Diagnostic& diagnostic : report.diagnostics) {
    said =
        said || (diagnostic.code == "engine_budget_not_modelled" && diagnostic.severity == Severity::kInfo);
  }
  EXPECT_TRUE(said);
}

SchedulerSetup ServerOf(const char* json) {
  const Result<DecodedConfig> decoded = DecodeConfigJsonText(json);
  EXPECT_TRUE(decoded.ok()) << json;
  const Result<Resolved> resolved = Settle(decoded->config, ShippedCatalog());
  EXPECT_TRUE(resolved.ok()) << json;
  return MakeSchedulerSetup(*resolved, EstimateResolved(*resolved));
}

int64_t PoolTokens(const char* json) {
  const SchedulerSetup setup = ServerOf(json);
  return setup.blocks * setup.block_size;
}

// TensorRT-LLM's pages take nine tenths of what is free at the peak: (capacity - 16,060,522,496 of weights -
// activations - driver) x 0.9 bytes of 131,072 a token.
TEST(EngineGeneric, TheServersPoolIsAShareOfWhatThePeakLeaves) {
  const std::string start =
      R"({"model":"llama-3.1-8b","engine":"tensorrt-llm","gpu":"h100-sxm","kv_cache_dtype":"bf16")";
  for (const auto& [more, fraction] :
       {std::pair<const char*, double>{"}", 0.9}, {R"(,"free_gpu_memory_fraction":0.5})", 0.5}}) {
    const std::string one = start + more;
    const Report report = Of(one.c_str());
    const GpuReport& gpu = report.per_gpu[0];
    EXPECT_EQ(gpu.weights.count(), 16060522496);
    EXPECT_GT(gpu.driver, Bytes(0));
    // 8,192 tokens of 2 x (3 x 14,336 + 4 x 4,096) bytes.
    EXPECT_EQ(gpu.activation.count(), int64_t{8192} * 2 * (3 * 14336 + 4 * 4096));
    const Bytes left = gpu.capacity - gpu.weights - gpu.activation - gpu.driver;
    EXPECT_NEAR(static_cast<double>(PoolTokens(one.c_str())),
                static_cast<double>(left.count()) * fraction / 131072, 64);
    EXPECT_NEAR(static_cast<double>(report.kv.capacity_tokens),
                static_cast<double>(left.count()) * fraction / 131072, 64);
    EXPECT_TRUE(ServerOf(one.c_str()).ahead) << "its overlapped executor";
  }
}

// What is asked for must fit into the share, not into all that is free: 20 sequences of 4,096 tokens are 10 GiB.
TEST(EngineGeneric, ASmallShareForTheCacheDoesNotFit) {
  const std::string start =
      R"({"model":"llama-3.1-8b","engine":"tensorrt-llm","gpu":"rtx-4090","format":"fp8","kv_cache_dtype":"bf16",)"
      R"("prompt_tokens":3072,"output_tokens":1024,"concurrency":20,"free_gpu_memory_fraction":)";
  EXPECT_EQ(Of((start + "0.9}").c_str()).verdict, Verdict::kFits);
  const Report small = Of((start + "0.5}").c_str());
  EXPECT_EQ(small.verdict, Verdict::kDoesNotFit);
  EXPECT_LT(small.per_gpu[0].headroom, Bytes(0));
}

TEST(EngineGeneric, TermsOfAPeaksShareAddUp) {
  const Config config =
      DecodeConfigJsonText(R"({"model":"llama-3.1-8b","engine":"tensorrt-llm","gpu":"h200","gpus":2})")
          ->config;
  const Result<Resolved> resolved = Settle(config, ShippedCatalog());
  ASSERT_TRUE(resolved.ok());
  const Report report = EstimateResolved(*resolved);
  EXPECT_EQ(SumOfTerms(*resolved, report), report.per_gpu[0].total + report.per_gpu[0].reserved);
  EXPECT_GT(report.per_gpu[0].non_torch, Bytes(0));
}

// A latent is on every rank, heads are divided: two cards hold as many tokens of a latent as one of them does.
TEST(EngineGeneric, APoolIsCountedOnARank) {
  const auto pool = [](const char* model, const char* layout) {
    return static_cast<double>(PoolTokens((R"({"engine":"sglang","gpu":"b200","format":"bf16","model":")" +
                                           std::string(model) + "\"," + layout + "}")
                                              .c_str()));
  };
  const double heads = pool("llama-3.1-8b", R"("gpus":2)") / pool("llama-3.1-8b", R"("gpus":1)");
  EXPECT_GT(heads, 2) << "half of each token, and half of the weights";
  const double latent = pool("deepseek-v2-lite", R"("gpus":2)") / pool("deepseek-v2-lite", R"("gpus":1)");
  EXPECT_GT(latent, 1) << "the weights alone are divided";
  EXPECT_LT(latent, 1.3);
  // A replica's pool is a rank's own, whatever their number.
  EXPECT_EQ(pool("llama-3.1-8b", R"("gpus":2,"tp":1,"dp":2)"), pool("llama-3.1-8b", R"("gpus":1)"));
}

// What a display or other programs hold is not the engine's.
TEST(EngineGeneric, CountsWhatOthersHold) {
  const Report free = Of(R"({"model":"llama-3.1-8b","engine":"lmdeploy","gpu":"rtx-4090"})");
  const Report shared =
      Of(R"({"model":"llama-3.1-8b","engine":"lmdeploy","gpu":"rtx-4090","reserved_mib":2000})");
  EXPECT_EQ(shared.per_gpu[0].others, MiB(2000));
  EXPECT_EQ(shared.per_gpu[0].total, free.per_gpu[0].total + MiB(2000));
  EXPECT_EQ(shared.per_gpu[0].headroom, free.per_gpu[0].headroom - MiB(2000));
  EXPECT_EQ(shared.kv.available, free.kv.available - MiB(2000));
  const Report full =
      Of(R"({"model":"llama-3.1-8b","engine":"lmdeploy","gpu":"rtx-4090","reserved_mib":20000})");
  EXPECT_EQ(full.verdict, Verdict::kDoesNotFit);
}

TEST(EngineGeneric, TermsAddUpToTheFullestCard) {
  const Config config =
      DecodeConfigJsonText(
          R"({"model":"llama-3.1-8b","engine":"lmdeploy","gpu":"rtx-4090","gpus":2,"reserved_mib":[500,3000]})")
          ->config;
  const Result<Resolved> resolved = Settle(config, ShippedCatalog());
  ASSERT_TRUE(resolved.ok());
  const Report report = EstimateResolved(*resolved);
  EXPECT_EQ(SumOfTerms(*resolved, report), report.per_gpu[1].total + report.per_gpu[1].reserved);
}

// cpu_offload_gb is not its key: neither memory nor speed change.
TEST(EngineGeneric, SendsNoWeightsFromRam) {
  const Report plain = Of(R"({"model":"llama-3.1-8b","engine":"lmdeploy","gpu":"rtx-4090"})");
  const Report asked =
      Of(R"({"model":"llama-3.1-8b","engine":"lmdeploy","gpu":"rtx-4090","cpu_offload_gb":8})");
  EXPECT_GT(plain.speed.decode_tokens_per_s, 0);
  EXPECT_EQ(asked.speed.decode_tokens_per_s, plain.speed.decode_tokens_per_s);
  EXPECT_EQ(asked.per_gpu[0].total, plain.per_gpu[0].total);
}

TEST(EngineGeneric, DividesOverRanksAndKeepsALatentWhole) {
  const Report one = Of(R"({"model":"deepseek-v2-lite","engine":"lmdeploy","gpu":"h200"})");
  const Report two = Of(R"({"model":"deepseek-v2-lite","engine":"lmdeploy","gpu":"h200","gpus":2})");
  EXPECT_EQ(two.per_gpu[1].weights, one.per_gpu[0].weights / 2);
  EXPECT_EQ(two.per_gpu[1].kv_cache, one.per_gpu[0].kv_cache);
}

TEST(EngineGeneric, DoesNotFitWhereTheWeightsDoNot) {
  const Report report = Of(R"({"model":"llama-3.1-70b","engine":"mlx","gpu":"apple-m1"})");
  EXPECT_EQ(report.verdict, Verdict::kDoesNotFit);
  EXPECT_EQ(report.failure, FailureStage::kLoading);
  EXPECT_LT(report.per_gpu[0].headroom, Bytes(0));
}

TEST(EngineGeneric, TensorRtFollowsTheCheckpointsCacheType) {
  const Report fp8 = Of(R"({"model":"llama-3.1-8b","engine":"tensorrt-llm","format":"fp8","gpu":"h200"})");
  const Report half = Of(R"({"model":"llama-3.1-8b","engine":"tensorrt-llm","gpu":"h200"})");
  EXPECT_EQ(fp8.kv.per_token * 2, half.kv.per_token);
}

TEST(EngineGeneric, FitsToTheLastMebibyte) {
  const std::string start =
      R"({"model":"llama-3.1-8b","engine":"lmdeploy","gpu":"rtx-4090","prompt_tokens":1000,"output_tokens":24,"gpu_memory_mib":)";
  // 16,060,522,496 bytes of weights and 1024 tokens of 128 KiB: 15,444.4 MiB.
  EXPECT_EQ(Of((start + "15445}").c_str()).verdict, Verdict::kFits);
  EXPECT_EQ(Of((start + "15444}").c_str()).verdict, Verdict::kDoesNotFit);
}

// GUARANTEED_NO_EVICT is TensorRT-LLM's own policy.
TEST(GenericEngine, WhoReservesWholeAnswers) {
  EXPECT_TRUE(ServerOf(R"({"model":"llama-3.1-8b","engine":"tensorrt-llm","gpu":"h200"})").reserve_output);
  EXPECT_FALSE(ServerOf(R"({"model":"llama-3.1-8b","engine":"lmdeploy","gpu":"h200"})").reserve_output);
}

TEST(GenericEngine, RunsWhereItsKernelsAre) {
  const auto runs = [](const char* engine, const char* gpu, const char* format) {
    const EstimatedCase c =
        EstimateText(std::string(R"({"model":"qwen3-4b","max_model_len":2048,"engine":")") + engine +
                     R"(","gpu":")" + gpu + R"(","format":")" + format + "\"}");
    EXPECT_EQ(c.error, "");
    return c.report.verdict != Verdict::kInvalid;
  };
  EXPECT_FALSE(runs("tensorrt-llm", "mi300x", "bf16"));
  EXPECT_FALSE(runs("lmdeploy", "apple-m4-max", "bf16"));
  EXPECT_FALSE(runs("mlx", "mi300x", "bf16"));
  EXPECT_FALSE(runs("transformers", "gaudi2", "bf16"));
  EXPECT_TRUE(runs("mlx", "apple-m4-max", "bf16"));
  EXPECT_TRUE(runs("exllamav2", "rx-7900-xtx", "fp16"));
  EXPECT_TRUE(runs("transformers", "arc-pro-b60", "bf16"));
  EXPECT_FALSE(runs("tensorrt-llm", "rtx-a6000", "fp8"));
  EXPECT_TRUE(runs("tensorrt-llm", "l40s", "fp8"));
  EXPECT_FALSE(runs("tensorrt-llm", "h100-sxm", "nvfp4"));
  EXPECT_TRUE(runs("tensorrt-llm", "b200", "nvfp4"));
}

}  // namespace
}  // namespace plimsoll
