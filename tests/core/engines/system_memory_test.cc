#include "core/engines/system_memory.h"

#include <gtest/gtest.h>

#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

std::vector<Term> TermsOf(const char* config) {
  const EstimatedCase c = EstimateText(config);
  EXPECT_EQ(c.error, "") << config;
  std::vector<Term> terms;
  AddSystemTerms(c.resolved, c.report.per_gpu[0], &terms);
  return terms;
}

TEST(SystemMemory, NothingWhereNobodyElseHoldsAny) {
  EXPECT_TRUE(TermsOf(R"({"model":"llama-3.1-8b","gpu":"rtx-4090","max_model_len":4096})").empty());
}

TEST(SystemMemory, OtherProgramsAreATermOfDepthZero) {
  const std::vector<Term> terms =
      TermsOf(R"({"model":"llama-3.1-8b","gpu":"rtx-4090","max_model_len":4096,"reserved_mib":1500})");
  ASSERT_EQ(terms.size(), 1u);
  EXPECT_EQ(terms[0].name, "Display and other programs");
  EXPECT_EQ(terms[0].bytes, MiB(1500));
  EXPECT_EQ(terms[0].depth, 0);
}

TEST(SystemMemory, WhatASystemKeepsSaysWhose) {
  const struct {
    const char* gpu;
    const char* formula;
  } cases[] = {
      {"\"apple-m2-ultra\"", "installed - recommendedMaxWorkingSetSize"},
      {"\"gb10-dgx-spark\"", "installed - total that CUDA reports"},
      {"\"apple-m2-ultra\",\"gpu_memory_mib\":100000", "installed - gpu_memory_mib"},
      {"\"apple-m2-ultra\",\"iogpu_wired_limit_mb\":180000", "installed - iogpu_wired_limit_mb"},
  };
  for (const auto& c : cases) {
    const std::string config =
        std::string(
            R"({"model":"llama-3.1-8b","engine":"llama.cpp","format":"gguf-q4_k_m","max_model_len":4096,"gpu":)") +
        c.gpu + "}";
    const std::vector<Term> terms = TermsOf(config.c_str());
    ASSERT_FALSE(terms.empty()) << c.gpu;
    EXPECT_EQ(terms.back().name, "Kept by the system");
    EXPECT_EQ(terms.back().formula, c.formula);
    EXPECT_GT(terms.back().bytes, Bytes(0));
    EXPECT_FALSE(terms.back().source.empty());
  }
  const std::vector<Term> given = TermsOf(
      R"({"model":"llama-3.1-8b","engine":"llama.cpp","format":"gguf-q4_k_m","max_model_len":4096,"gpu":"apple-m2-ultra","gpu_memory_mib":100000})");
  EXPECT_EQ(given[0].bytes, GiB(192) - MiB(100000));
  EXPECT_EQ(given[0].substituted, "192.0 GiB - 97.7 GiB");
}

// What the operating system has in use of shared memory, unless somebody says what is; 0.95 of 119.6 GiB is more
// than the 112.5 GiB that are free.
TEST(SystemMemory, SharedMemoryIsInUseBeforeTheEngineStarts) {
  const auto asked = [](const std::string& rest) {
    return EstimateText(R"({"model":"llama-3.1-8b","gpu":"gb10-dgx-spark","max_model_len":4096)" + rest +
                        "}");
  };
  const EstimatedCase usual = asked("");
  EXPECT_EQ(usual.report.per_gpu[0].others, MiB(7320));
  EXPECT_TRUE(usual.report.fits());
  EXPECT_EQ(asked(R"(,"gpu_memory_utilization":0.95)").report.verdict, Verdict::kDoesNotFit);
  EXPECT_TRUE(asked(R"(,"gpu_memory_utilization":0.95,"reserved_mib":1024)").report.fits());
  EXPECT_EQ(asked(R"(,"gpu_memory_mib":115000)").report.per_gpu[0].others, Bytes(0));
  EXPECT_EQ(EstimateText(R"({"model":"llama-3.1-8b","gpu":"h100-sxm"})").report.per_gpu[0].others, Bytes(0));
}

}  // namespace
}  // namespace plimsoll
