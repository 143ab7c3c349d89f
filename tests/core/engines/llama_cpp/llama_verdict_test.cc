#include "core/engines/llama_cpp/llama_verdict.h"

#include <gtest/gtest.h>

#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

std::string Base(const std::string& keys) {
  return R"({"engine":"llama.cpp","model":"llama-3.1-8b","format":"gguf-q4_k_m","max_model_len":8192,)" +
         keys + "}";
}

TEST(LlamaVerdict, CountsLayersAndTheOutput) {
  const EstimatedCase all = EstimateText(Base(R"("gpu":"rtx-4090")"));
  EXPECT_EQ(all.report.layers, 33);
  EXPECT_EQ(all.report.layers_on_cards, 33);
  EXPECT_EQ(EstimateText(Base(R"("gpu":"rtx-4090","n_gpu_layers":10)")).report.layers_on_cards, 10);
  EXPECT_EQ(EstimateText(Base(R"("gpus":0)")).report.layers_on_cards, 0);
}

TEST(LlamaVerdict, SlotsShareOrDivideWhatIsAskedFor) {
  const EstimatedCase four = EstimateText(Base(R"("gpu":"rtx-4090","max_num_seqs":4,"kv_unified":false)"));
  EXPECT_EQ(four.report.kv.capacity_tokens, 8192);
  EXPECT_EQ(four.report.kv.max_concurrency, 1);
}

TEST(LlamaVerdict, StagesInTheOrderOfLoading) {
  EXPECT_EQ(EstimateText(Base(R"("gpu":"rtx-4090","gpu_memory_mib":4000)")).report.failure,
            FailureStage::kLoading);
  EXPECT_EQ(EstimateText(Base(R"("gpu":"rtx-4090","gpu_memory_mib":5300)")).report.failure,
            FailureStage::kCacheTooSmall);
  EXPECT_TRUE(EstimateText(Base(R"("gpu":"rtx-4090","gpu_memory_mib":9000)")).report.fits());
}

// Everything in RAM: with less than 2 GiB left for the system it is tight, without room it does not fit.
TEST(LlamaVerdict, WhatLiesInRamLeavesTheSystemItsShare) {
  const HostReport held = EstimateText(Base(R"("gpu":"rtx-4090","n_gpu_layers":0)")).report.host;
  const double gib = (held.weights + held.kv_cache + held.recurrent_state + held.compute_buffer).gib();
  const auto verdict = [gib](double more) {
    return EstimateText(Base(R"("gpu":"rtx-4090","n_gpu_layers":0,"ram_gib":)" + std::to_string(gib + more)))
        .report.verdict;
  };
  EXPECT_EQ(verdict(-0.5), Verdict::kDoesNotFit);
  EXPECT_EQ(verdict(1), Verdict::kTight);
  EXPECT_EQ(verdict(3), Verdict::kFits);
}

// --cache-ram is a limit that the server grows to: what might not fit is said, and starts all the same.
TEST(LlamaVerdict, KeptPromptsAreALimit) {
  const auto said = [](const std::string& rest) {
    const Report report = EstimateText(Base(R"("gpu":"rtx-4090","n_gpu_layers":0)" + rest)).report;
    EXPECT_TRUE(report.fits()) << rest;
    for (const Diagnostic& diagnostic : report.diagnostics) {
      if (diagnostic.code == "prompts_in_ram") return diagnostic;
    }
    return Diagnostic();
  };
  EXPECT_EQ(said("").code, "") << "not asked for";
  EXPECT_EQ(said(R"(,"cache_ram_mib":0)").code, "");
  const Diagnostic any = said(R"(,"cache_ram_mib":16384)");
  EXPECT_EQ(any.severity, Severity::kInfo);
  EXPECT_EQ(any.message, "Earlier prompts may come to take 16.0 GiB of RAM.");
  EXPECT_EQ(said(R"(,"cache_ram_mib":4096,"ram_gib":32)").severity, Severity::kInfo);
  const HostReport held = EstimateText(Base(R"("gpu":"rtx-4090","n_gpu_layers":0)")).report.host;
  const Bytes left = GiB(32) - (held.weights + held.kv_cache + held.recurrent_state + held.compute_buffer);
  const Diagnostic large = said(R"(,"cache_ram_mib":30720,"ram_gib":32)");
  EXPECT_EQ(large.severity, Severity::kWarning);
  EXPECT_EQ(large.fix, "Set cache_ram_mib to " + std::to_string(left.count() >> 20) + " or less.");
  EXPECT_EQ(said(R"(,"cache_ram_mib":)" + std::to_string(left.count() >> 20) + R"(,"ram_gib":32)").severity,
            Severity::kInfo);
  EXPECT_EQ(said(R"(,"cache_ram_mib":-1)").severity, Severity::kWarning);
}

}  // namespace
}  // namespace plimsoll
