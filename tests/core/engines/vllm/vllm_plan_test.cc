#include "core/engines/vllm/vllm_plan.h"

#include <gtest/gtest.h>

#include <string>

#include "core/engines/vllm/vllm_engine.h"
#include "core/engines/vllm/vllm_rules.h"
#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

// 23.55 GiB less 7.81 that others hold and 0.27 of a CUDA context.
TEST(VllmPlan, WhatOthersHoldIsNotFreeAtStart) {
  const EstimatedCase c = EstimateText(
      R"({"model":"llama-3.1-8b","format":"awq-int4","gpu":"rtx-4090","max_model_len":8192,"reserved_mib":8000})");
  ASSERT_EQ(c.error, "");
  EXPECT_TRUE(c.Has("share_exceeds_free_memory"));
  const std::vector<std::string> log = VllmEngine().ExpectedLog(c.resolved, c.report);
  ASSERT_FALSE(log.empty());
  EXPECT_EQ(log[0].rfind("ValueError: Free memory on device (15.46/23.55 GiB) on startup is less than", 0),
            0U)
      << log[0];
}

// Four cards without peer access hold NCCL's kernels in their graphs: how much is known from few logs, and 70B in
// four bits does start there.
TEST(VllmPlan, CollectivesInGraphsMakeTightAndFailNothing) {
  const std::string cards =
      R"({"model":"llama-3.1-70b","format":"awq-int4","gpu":"rtx-4090","gpus":4,"max_model_len":16384)";
  const EstimatedCase plain = EstimateText(cards + "}");
  ASSERT_EQ(plain.error, "");
  EXPECT_GT(plain.report.per_gpu[0].total, plain.report.per_gpu[0].capacity);
  EXPECT_EQ(plain.report.verdict, Verdict::kTight);
  EXPECT_EQ(EstimateText(cards + R"(,"gpu_memory_utilization":0.98})").report.verdict, Verdict::kDoesNotFit);
}

TEST(VllmPlan, SmallestCardDecides) {
  const EstimatedCase mixed =
      EstimateText(R"({"model":"llama-3.1-8b","gpu":["rtx-4090","rtx-3060-12gb"],"max_model_len":8192})");
  const EstimatedCase small =
      EstimateText(R"({"model":"llama-3.1-8b","gpu":"rtx-3060-12gb","gpus":2,"max_model_len":8192})");
  ASSERT_EQ(mixed.error, "");
  EXPECT_EQ(mixed.report.kv.num_blocks, small.report.kv.num_blocks);
  EXPECT_EQ(mixed.report.per_gpu[0].kv_cache, mixed.report.per_gpu[1].kv_cache);
}

TEST(VllmPlan, FixedPoolBypassesTheShare) {
  const EstimatedCase c = EstimateText(
      R"({"model":"llama-3.1-70b","format":"fp8","gpu":"h100-sxm","gpus":2,"kv_cache_memory_bytes":5905580032,"kv_cache_dtype":"fp8","max_model_len":8192})");
  // 5.5 GiB on each of two ranks that hold half the heads.
  EXPECT_EQ(c.report.kv.num_blocks, 5905580032 / (16 * 81920));
}

// Published: Qwen3.6-27B-FP8 on one H100 with 0.95 of it ended with 856 blocks for 1024 sequences.
TEST(VllmPlan, EverySequenceNeedsABlockForItsState) {
  const std::string head =
      R"({"model":"qwen3.6-27b","format":"fp8-block","gpu":"h100-sxm","gpu_memory_utilization":0.95,)"
      R"("engine_version":"0.20.0")";
  const EstimatedCase c = EstimateText(head + "}");
  EXPECT_EQ(c.report.failure, FailureStage::kGraphCapture);
  EXPECT_TRUE(c.Has("more_sequences_than_states"));
  EXPECT_NEAR(static_cast<double>(c.report.kv.num_blocks), 856, 0.02 * 856);
  const std::string line = VllmEngine().ExpectedLog(c.resolved, c.report).back();
  EXPECT_EQ(line.rfind("ValueError: max_num_seqs (1024) exceeds available Mamba cache blocks (", 0), 0u);
  EXPECT_TRUE(EstimateText(head + R"(,"max_num_seqs":512})").report.fits());
  EXPECT_TRUE(EstimateText(head + R"(,"enforce_eager":true})").report.fits());
}

// vllm-project/recipes#831: 1024 sequences on an RTX PRO 6000 found 939 blocks. Without knowing whether it
// drafted the answer is no plain yes.
TEST(VllmPlan, FewStatesAreTight) {
  const EstimatedCase c = EstimateText(
      R"({"model":"qwen3.6-27b","format":"fp8-block","gpu":"rtx-pro-6000-blackwell-ws","engine_version":"0.27.0"})");
  EXPECT_EQ(c.report.verdict, Verdict::kTight);
  EXPECT_TRUE(c.Has("few_states"));
  const EstimatedCase drafts = EstimateText(
      R"({"model":"qwen3.6-27b","format":"fp8-block","gpu":"rtx-pro-6000-blackwell-ws","engine_version":"0.27.0",
          "speculative":{"method":"mtp","num_tokens":1}})");
  EXPECT_TRUE(drafts.Has("more_sequences_than_states"));
  EXPECT_NEAR(static_cast<double>(drafts.report.kv.num_blocks), 939, 0.02 * 939);
}

// Logs of 0.28 with the model runner V2, whose budget has no CUDA graphs in it. Qwen3-14B on an L40S: 11.57
// GiB of cache; AWQ on an RTX 5090 with 0.70 of it: 9.27.
TEST(VllmPlan, RunnerV2KeepsNothingFreeForGraphs) {
  const EstimatedCase l40s =
      EstimateText(R"({"model":"qwen3-14b","gpu":"l40s","engine_version":"0.28.0","max_model_len":40960})");
  EXPECT_NEAR(l40s.report.kv.available.gib(), 11.57, 0.03);
  const GpuReport& gpu = l40s.report.per_gpu[0];
  EXPECT_EQ(l40s.report.kv.available, gpu.budget - gpu.weights - gpu.activation - gpu.non_torch);
  EXPECT_NEAR(
      EstimateText(
          R"({"model":"qwen3-14b","format":"awq-int4","gpu":"rtx-5090","engine_version":"0.28.0","max_model_len":32768,
              "gpu_memory_utilization":0.7})")
          .report.kv.available.gib(),
      9.27, 0.1);
  // Recurrent models stay with the first runner, where the estimate counts since 0.20.0.
  const auto inside = [](const char* version) {
    const EstimatedCase c = EstimateText(
        std::string(R"({"model":"qwen3.6-27b","gpu":"h200","multimodal":true,"engine_version":")") + version +
        "\"}");
    return RulesFor(c.resolved).graphs_inside;
  };
  EXPECT_FALSE(inside("0.19.1"));
  EXPECT_TRUE(inside("0.20.0"));
  EXPECT_TRUE(inside("0.28.0"));
}

// Qwen3-32B AWQ with 0.70 of an RTX 5090: one boot found 0.45 GiB for the cache where 2.0 are needed and
// failed, the next one 3.0.
TEST(VllmPlan, ALaterStartMayFitWhereTheFirstFails) {
  const EstimatedCase c = EstimateText(
      R"({"model":"qwen3-32b","format":"awq-int4","gpu":"rtx-5090","engine_version":"0.28.0","max_model_len":8192,
          "gpu_memory_utilization":0.7})");
  EXPECT_EQ(c.report.verdict, Verdict::kTight);
  EXPECT_TRUE(c.Has(kFirstStartTooSmall));
  EXPECT_NEAR(c.report.kv.available.gib(), 3.0, 0.25);
  Bytes sum;
  for (const Term& term : VllmEngine().Explain(c.resolved, c.report)) {
    if (term.depth == 0) sum += term.bytes;
  }
  EXPECT_EQ(sum, c.report.per_gpu[0].total);
  // With more of the card the first start fits, and the explanation says what a later one has more.
  const EstimatedCase more = EstimateText(
      R"({"model":"qwen3-32b","format":"awq-int4","gpu":"rtx-5090","engine_version":"0.28.0","max_model_len":8192,
          "gpu_memory_utilization":0.85})");
  EXPECT_NEAR(more.report.kv.available.gib(), 5.16, 0.1);
  Bytes later;
  for (const Term& term : VllmEngine().Explain(more.resolved, more.report)) {
    if (term.name == "More on a later start") later = term.bytes;
  }
  EXPECT_NEAR(later.gib(), 1.42 + 1.13, 0.15);
}

// Whatever else is on a card leaves less for a release that counts it, and none too little for one that
// checks.
TEST(VllmPlan, OtherProgramsOnTheCard) {
  const auto ask = [](const char* version, int reserved) {
    return EstimateText(R"({"model":"llama-3.1-8b","gpu":"l40s","max_model_len":8192,"engine_version":")" +
                        std::string(version) + R"(","reserved_mib":)" + std::to_string(reserved) + "}");
  };
  EXPECT_LT(ask("0.8.4", 2048).report.kv.available, ask("0.8.4", 0).report.kv.available);
  EXPECT_EQ(ask("0.11.0", 2048).report.kv.available, ask("0.11.0", 0).report.kv.available);
  EXPECT_TRUE(ask("0.11.0", 8192).Has("share_exceeds_free_memory"));
  const EstimatedCase c = ask("0.11.0", 2048);
  Bytes sum, others;
  for (const Term& term : VllmEngine().Explain(c.resolved, c.report)) {
    if (term.depth == 0) sum += term.bytes;
    if (term.name == "Display and other programs") others = term.bytes;
  }
  EXPECT_EQ(others, MiB(2048));
  EXPECT_EQ(sum, c.report.per_gpu[0].total);
}

TEST(VllmPlan, WhatASystemKeepsIsATerm) {
  const EstimatedCase c =
      EstimateText(R"({"model":"gpt-oss-120b","gpu":"gb10-dgx-spark","max_model_len":8192})");
  Bytes kept;
  for (const Term& term : VllmEngine().Explain(c.resolved, c.report)) {
    if (term.name == "Kept by the system") kept = term.bytes;
  }
  EXPECT_EQ(kept, GiB(128) - MiB(122502));
  EXPECT_EQ(c.report.per_gpu[0].reserved, kept);
}

// A pool that barely holds one sequence is called tight.
TEST(VllmPlan, TightWithinTheErrorBand) {
  const std::string head = R"({"model":"llama-3.1-8b","gpu":"rtx-4090","max_model_len":)";
  const int64_t longest = EstimateText(head + "1024}").report.kv.max_model_len_that_fits;
  EXPECT_EQ(EstimateText(head + std::to_string(longest) + "}").report.verdict, Verdict::kTight);
  EXPECT_EQ(EstimateText(head + "1024}").report.verdict, Verdict::kFits);
}

}  // namespace
}  // namespace plimsoll
