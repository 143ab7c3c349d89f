#include "core/engines/vllm/vllm_activation.h"

#include <gtest/gtest.h>

#include "core/engines/vllm/vllm_cuda_graphs.h"
#include "core/engines/vllm/vllm_rules.h"
#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

double PeakGib(const char* config) {
  const EstimatedCase c = EstimateText(config);
  EXPECT_EQ(c.error, "");
  return c.report.per_gpu[0].activation.gib();
}

// "PyTorch activation peak memory takes" of published logs.
TEST(VllmActivation, AgreesWithLogs) {
  const struct {
    const char* config;
    double gib;
  } cases[] = {
      {R"({"model":"llama-3.1-8b","engine_version":"0.6.4","gpu":"rtx-3090","max_model_len":20000})", 2.07},
      {R"({"model":"llama-3.1-8b","engine_version":"0.6.4","gpu":"rtx-3090","max_model_len":29000})", 2.99},
      {R"({"model":"qwen2.5-7b","format":"fp16","engine_version":"0.8.5","gpu":"v100-32gb","max_model_len":32768})",
       4.35},
      {R"({"model":"qwen3-next-80b-a3b","engine_version":"0.10.2","gpu":"h200","gpus":2})", 5.58},
      {R"({"model":"gpt-oss-20b","engine_version":"0.11.0","gpu":"h100-sxm","max_model_len":16000})", 7.38},
      {R"({"model":"qwen3-32b","engine_version":"0.11.0","gpu":"h100-sxm","gpus":2,"max_model_len":16000})",
       5.64},
      {R"({"model":"deepseek-r1","engine_version":"0.7.3","gpu":"h200","gpus":8,"max_model_len":128000,
           "max_num_seqs":1024,"max_num_batched_tokens":32000})",
       6.37},
  };
  for (const auto& c : cases) EXPECT_NEAR(PeakGib(c.config) / c.gib, 1, 0.02) << c.config;
}

// V0 samples on the first tensor-parallel rank only (a log of the other rank shows 0.19 GiB); V1 on all.
// DeepSeek-V2 on 0.8.3: 131072 rows of 16 heads x 256 and of the latent's 576, in 16 bits, and the hidden
// states.
TEST(VllmActivation, LatentContextIsExpandedInTheProfileRun) {
  const EstimatedCase c = EstimateText(
      R"({"model":"deepseek-v2","gpu":"a100-sxm-40gb","gpus":8,"nodes":2,"tp":8,"pp":2,"engine_version":"0.8.3"})");
  const VllmActivation parts = VllmActivationPeak(c.resolved, RulesFor(c.resolved), {.samples = false});
  EXPECT_EQ(parts.context.count(), 2 * 131072 * (16 * 256 + 576) + 2 * 2048 * 4 * 5120);
  EXPECT_EQ(parts.peak, parts.context);
  // V1 expands half as many rows and has its workspace elsewhere.
  const EstimatedCase v1 = EstimateText(
      R"({"model":"deepseek-v3","gpu":"h200","gpus":8,"engine_version":"0.11.0","max_num_batched_tokens":2048})");
  const VllmActivation later = VllmActivationPeak(v1.resolved, RulesFor(v1.resolved), {.samples = false});
  EXPECT_EQ(later.context.count(), 2 * 65536 * (16 * 256) + 2 * 2048 * 4 * 7168);
}

TEST(VllmActivation, SamplerByRelease) {
  const auto bytes = [](const char* model, const char* gpu, const char* version) {
    const EstimatedCase c = EstimateText(std::string(R"({"model":")") + model + R"(","gpu":")" + gpu +
                                         R"(","engine_version":")" + version + "\"}");
    return RulesFor(c.resolved).sampler_bytes;
  };
  EXPECT_GT(bytes("llama-3.1-8b", "h100-sxm", "0.15.1"), 34);
  EXPECT_EQ(bytes("llama-3.1-8b", "h100-sxm", "0.19.0"), 14);
  EXPECT_EQ(bytes("llama-3.1-8b", "mi300x", "0.22.0"), 14);
  EXPECT_EQ(bytes("llama-3.1-8b", "h100-sxm", "0.26.0"), 2);
  EXPECT_EQ(bytes("qwen3-30b-a3b", "h100-sxm", "0.26.0"), 14);
}

// Logs of 0.28, "peak activation": Qwen3-32B and 14B 1.46 GiB on a first start, which is the embedding of
// 151936 x 5120 (151936 x 896 of Qwen2.5-0.5B: 0.25); Qwen3-32B 0.33 GiB on a later one.
TEST(VllmActivation, AFirstStartCompilesWithACopyOfTheEmbedding) {
  const EstimatedCase c = EstimateText(
      R"({"model":"qwen3-32b","format":"awq-int4","gpu":"rtx-5090","max_model_len":8192,"engine_version":"0.28.0"})");
  VllmRules rules = RulesFor(c.resolved);
  EXPECT_EQ(VllmActivationPeak(c.resolved, rules, {}).peak.count(), 2 * 151936 * int64_t{5120});
  rules.first_start = false;
  EXPECT_NEAR(VllmActivationPeak(c.resolved, rules, {}).peak.gib(), 0.33, 0.005);
  // The last pipeline stage has no embedding.
  EXPECT_EQ(VllmActivationPeak(c.resolved, RulesFor(c.resolved), {.embeds = false}).compile, Bytes(0));
  // Halves on two ranks; none for what runs without compiling or looks up embeddings beside images.
  const auto compile = [](const char* more) {
    const EstimatedCase other = EstimateText(std::string(R"({"gpu":"l40s",)") + more + "}");
    return VllmActivationPeak(other.resolved, RulesFor(other.resolved), {}).compile.count();
  };
  EXPECT_EQ(compile(R"("model":"qwen3-14b","gpus":2)"), 151936 * int64_t{5120});
  EXPECT_EQ(compile(R"("model":"qwen3-14b","enforce_eager":true)"), 0);
  EXPECT_EQ(compile(R"("model":"qwen3-14b","engine_version":"0.11.0")"), 0);
  EXPECT_EQ(compile(R"("model":"qwen3.6-27b","multimodal":true)"), 0);
}

TEST(VllmActivation, WhoSamples) {
  const EstimatedCase v0 = EstimateText(
      R"({"model":"deepseek-r1-distill-qwen-14b","engine_version":"0.7.2","gpu":"rtx-4090","gpus":2})");
  EXPECT_GT(v0.report.per_gpu[0].activation.gib(), 1.3);
  EXPECT_NEAR(v0.report.per_gpu[1].activation.gib(), 0.19, 0.04);
  const EstimatedCase v1 =
      EstimateText(R"({"model":"deepseek-r1-distill-qwen-14b","gpu":"rtx-4090","gpus":2})");
  EXPECT_EQ(v1.report.per_gpu[0].activation, v1.report.per_gpu[1].activation);
  const EstimatedCase stages =
      EstimateText(R"({"model":"qwen3-14b","gpu":"rtx-4090","gpus":2,"pp":2,"engine_version":"0.11.0"})");
  EXPECT_LT(stages.report.per_gpu[0].activation, stages.report.per_gpu[1].activation);
}

TEST(VllmActivation, CapturedGraphs) {
  const auto graphs = [](const char* config) {
    const EstimatedCase c = EstimateText(config);
    return VllmCudaGraphs(c.resolved, RulesFor(c.resolved), 32, *c.resolved.cards[0].gpu);
  };
  EXPECT_EQ(graphs(R"({"model":"llama-3.1-8b","gpu":"l40s","engine_version":"0.6.6"})").piecewise, 35);
  EXPECT_EQ(graphs(R"({"model":"llama-3.1-8b","gpu":"l40s","engine_version":"0.10.0"})").piecewise, 67);
  EXPECT_EQ(graphs(R"({"model":"llama-3.1-8b","gpu":"l40s","engine_version":"0.10.0"})").full, 0);
  EXPECT_EQ(graphs(R"({"model":"llama-3.1-8b","gpu":"l40s"})").piecewise, 51);
  EXPECT_EQ(graphs(R"({"model":"llama-3.1-8b","gpu":"l40s"})").full, 35);
  EXPECT_EQ(graphs(R"({"model":"llama-3.1-8b","gpu":"l40s","max_num_seqs":8})").piecewise, 5);
  EXPECT_EQ(graphs(R"({"model":"llama-3.1-8b","gpu":"l40s","enforce_eager":true})").bytes, Bytes(0));
}

// The same log was started with max_cudagraph_capture_size 4.
TEST(VllmActivation, GivenLimits) {
  const auto graphs = [](const char* config) {
    const EstimatedCase c = EstimateText(config);
    return VllmCudaGraphs(c.resolved, RulesFor(c.resolved), 40, *c.resolved.cards[0].gpu);
  };
  const VllmGraphs few = graphs(
      R"({"model":"qwen3.6-35b-a3b","gpu":"rtx-5090","max_num_seqs":1,"max_cudagraph_capture_size":4,"engine_version":"0.20.0"})");
  EXPECT_EQ(few.piecewise, 3);
  EXPECT_EQ(few.full, 1);
  const auto vision = [](const char* more) {
    const EstimatedCase c = EstimateText(
        std::string(R"({"model":"gemma-3-27b","gpu":"h100-sxm","max_num_seqs":2,"max_model_len":8192)") +
        more + "}");
    return VllmActivationPeak(c.resolved, RulesFor(c.resolved), {}).encoder_output;
  };
  EXPECT_EQ(vision(R"(,"limit_mm_per_prompt":1)").count() * (8192 / 256 / 2), vision("").count());
  EXPECT_EQ(vision(R"(,"limit_mm_per_prompt":0)"), Bytes(0));
}

// A log of 0.20 on an RTX 5090: 0.39 GiB for three piecewise graphs and one of a whole step.
TEST(VllmActivation, FlashInfersWorkspaceIsPartOfTheCapture) {
  const auto graphs = [](const char* config) {
    const EstimatedCase c = EstimateText(config);
    return VllmCudaGraphs(c.resolved, RulesFor(c.resolved), 40, *c.resolved.cards[0].gpu);
  };
  const VllmGraphs fp8 = graphs(
      R"({"model":"qwen3.6-35b-a3b","gpu":"rtx-5090","kv_cache_dtype":"fp8","max_num_seqs":1,"engine_version":"0.20.0"})");
  const VllmGraphs plain =
      graphs(R"({"model":"qwen3.6-35b-a3b","gpu":"rtx-5090","max_num_seqs":1,"engine_version":"0.20.0"})");
  // The workspace and the wrapper of one batch size; what the driver keeps of so few graphs does not show.
  EXPECT_EQ(fp8.bytes - plain.bytes, MiB(394 + 8));
  EXPECT_NEAR((fp8.bytes - plain.bytes).gib(), 0.39, 0.005);
  EXPECT_LT(plain.bytes, MiB(50));
  // With speculation whole steps are not captured, and so the workspace is not part of it.
  const VllmGraphs drafts = graphs(
      R"({"model":"qwen3.6-27b","gpu":"rtx-5060-ti-16gb","gpus":4,"kv_cache_dtype":"fp8","max_num_seqs":10,
          "engine_version":"0.20.2","speculative":{"method":"mtp","num_tokens":3}})");
  EXPECT_EQ(drafts.full, 0);
  EXPECT_EQ(drafts.piecewise, 13);
}

TEST(VllmActivation, ContextLiesOutsideSinceSomeReleases) {
  const auto gpu = [](const char* config) { return EstimateText(config).report.per_gpu[0]; };
  const GpuReport v0 = gpu(R"({"model":"llama-3.1-8b","gpu":"rtx-3090","engine_version":"0.6.4"})");
  EXPECT_EQ(v0.driver, Bytes(0));
  EXPECT_NEAR(v0.non_torch.gib(), 0.35, 0.02);
  const GpuReport before =
      gpu(R"({"model":"qwen3-32b","gpu":"h100-sxm","gpus":2,"engine_version":"0.10.2"})");
  const GpuReport after = gpu(R"({"model":"qwen3-32b","gpu":"h100-sxm","gpus":2,"engine_version":"0.11.0"})");
  EXPECT_GT(before.non_torch, after.non_torch);
  EXPECT_LT(before.driver, after.driver);
}

}  // namespace
}  // namespace plimsoll
