#include "core/vllm_activation.h"

#include <gtest/gtest.h>

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
TEST(VllmActivation, WhoSamples) {
  const EstimatedCase v0 = EstimateText(
      R"({"model":"deepseek-r1-distill-qwen-14b","engine_version":"0.7.2","gpu":"rtx-4090","gpus":2})");
  EXPECT_GT(v0.report.per_gpu[0].activation.gib(), 1.3);
  EXPECT_NEAR(v0.report.per_gpu[1].activation.gib(), 0.19, 0.04);
  const EstimatedCase v1 =
      EstimateText(R"({"model":"deepseek-r1-distill-qwen-14b","gpu":"rtx-4090","gpus":2})");
  EXPECT_EQ(v1.report.per_gpu[0].activation, v1.report.per_gpu[1].activation);
  const EstimatedCase stages = EstimateText(R"({"model":"qwen3-14b","gpu":"rtx-4090","gpus":2,"pp":2})");
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

TEST(VllmActivation, ContextLiesOutsideSinceSomeReleases) {
  const auto gpu = [](const char* config) { return EstimateText(config).report.per_gpu[0]; };
  const GpuReport v0 = gpu(R"({"model":"llama-3.1-8b","gpu":"rtx-3090","engine_version":"0.6.4"})");
  EXPECT_EQ(v0.context, Bytes(0));
  EXPECT_NEAR(v0.non_torch.gib(), 0.35, 0.02);
  const GpuReport before =
      gpu(R"({"model":"qwen3-32b","gpu":"h100-sxm","gpus":2,"engine_version":"0.10.2"})");
  const GpuReport after = gpu(R"({"model":"qwen3-32b","gpu":"h100-sxm","gpus":2,"engine_version":"0.11.0"})");
  EXPECT_GT(before.non_torch, after.non_torch);
  EXPECT_LT(before.context, after.context);
}

}  // namespace
}  // namespace plimsoll
