#include "core/solve/solver.h"

#include <gtest/gtest.h>

#include "core/config/config_codec.h"
#include "core/config/config_url.h"
#include "core/estimate/estimate.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

Config FromUrl(std::string_view url) {
  Result<DecodedConfig> decoded = DecodeConfigUrl(url);
  EXPECT_TRUE(decoded.ok()) << url;
  return decoded.ok() ? decoded->config : Config();
}

bool Fits(const Config& config) {
  const Result<Report> report = Estimate(config, ShippedCatalog());
  return report.ok() && report->fits();
}

std::optional<Solution> SolutionOf(SolveFor goal, std::string_view url) {
  Result<std::optional<Solution>> solution = Solve(goal, FromUrl(url), ShippedCatalog());
  EXPECT_TRUE(solution.ok()) << url;
  return solution.ok() ? *solution : std::nullopt;
}

TEST(Solver, TheLongestContextFitsAndOneMoreTokenDoesNot) {
  for (const char* url : {"m=llama-3.1-8b&g=rtx-4090", "m=qwen3-32b&q=awq-int4&g=rtx-4090",
                          "m=llama-3.1-8b&e=llama.cpp&q=gguf-q8_0&g=rtx-3060-12gb"}) {
    const auto solution = SolutionOf(SolveFor::kMaxModelLen, url);
    ASSERT_TRUE(solution) << url;
    EXPECT_TRUE(Fits(solution->config)) << url;
    Config longer = solution->config;
    EXPECT_EQ(longer.max_model_len, solution->number);
    longer.max_model_len = solution->number + 256;  // llama.cpp pads the cache to 256 cells
    EXPECT_FALSE(Fits(longer)) << url << " " << solution->number;
  }
}

TEST(Solver, NoContextIsLongerThanTheModels) {
  const auto solution = SolutionOf(SolveFor::kMaxModelLen, "m=llama-3.1-8b&g=h200");
  ASSERT_TRUE(solution);
  EXPECT_EQ(solution->number, 131072);
}

TEST(Solver, TheMostSequencesFitAtOnce) {
  const auto solution = SolutionOf(SolveFor::kMaxNumSeqs, "m=llama-3.1-8b&g=rtx-4090&ctx=8192");
  ASSERT_TRUE(solution);
  EXPECT_GE(solution->report.kv.max_concurrency, static_cast<double>(solution->number));
  Config more = solution->config;
  more.max_num_seqs = solution->number + 1;
  const Result<Report> report = Estimate(more, ShippedCatalog());
  ASSERT_TRUE(report.ok());
  EXPECT_LT(report->kv.max_concurrency, static_cast<double>(solution->number + 1));
}

TEST(Solver, TheFewestGpusHoldAsManySequencesAsWereAskedFor) {
  int64_t before = 0;
  for (const int64_t asked : {1, 8, 32}) {
    const std::string url = "m=llama-3.1-70b&q=awq-int4&g=rtx-4090&ctx=32768&seqs=" + std::to_string(asked);
    const auto solution = SolutionOf(SolveFor::kGpus, url);
    ASSERT_TRUE(solution) << asked;
    EXPECT_GE(solution->report.kv.max_concurrency, static_cast<double>(asked));
    EXPECT_GT(solution->number, before) << asked;
    before = solution->number;
  }
  const auto users = SolutionOf(SolveFor::kGpus, "m=llama-3.1-70b&q=awq-int4&g=rtx-4090&ctx=32768&c=8");
  ASSERT_TRUE(users);
  EXPECT_GE(users->report.kv.max_concurrency, 8);
}

TEST(Solver, TheFewestGpusAreALegalLayout) {
  const auto solution = SolutionOf(SolveFor::kGpus, "m=qwen3-235b-a22b&q=awq-int4&g=h100-sxm&ctx=4096");
  ASSERT_TRUE(solution);
  EXPECT_EQ(solution->number, 2);
  EXPECT_TRUE(Fits(solution->config));
  const auto deepseek = SolutionOf(SolveFor::kGpus, "m=deepseek-r1&g=h100-sxm&ctx=4096");
  ASSERT_TRUE(deepseek);
  EXPECT_EQ(deepseek->number, 16) << "the least multiple of a node";
  EXPECT_EQ(deepseek->config.nodes, 2);
}

TEST(Solver, AnEngineWithoutDegreesIsGivenNone) {
  const auto solution =
      SolutionOf(SolveFor::kGpus, "m=llama-3.1-70b&e=llama.cpp&q=gguf-q8_0&g=h100-sxm&ctx=4096");
  ASSERT_TRUE(solution);
  EXPECT_GT(solution->config.gpus.value_or(0), 0);
  EXPECT_FALSE(solution->config.tp || solution->config.pp || solution->config.dp);
  for (const Diagnostic& diagnostic : solution->report.diagnostics)
    EXPECT_NE(diagnostic.code, "keys_ignored");
}

TEST(Solver, TheBestFormatHasTheMostBitsThatFit) {
  const auto large = SolutionOf(SolveFor::kFormat, "m=llama-3.1-8b&g=h100-sxm&ctx=8192");
  ASSERT_TRUE(large);
  EXPECT_EQ(large->format, "bf16");
  const auto small = SolutionOf(SolveFor::kFormat, "m=llama-3.1-8b&g=rtx-3060-12gb&ctx=4096");
  ASSERT_TRUE(small);
  EXPECT_NE(small->format, "bf16");
  EXPECT_TRUE(Fits(small->config));
  const auto gguf = SolutionOf(SolveFor::kFormat, "m=llama-3.1-70b&e=llama.cpp&g=rtx-4090&ctx=4096");
  ASSERT_TRUE(gguf);
  EXPECT_EQ(gguf->format.substr(0, 5), "gguf-");
}

TEST(Solver, NothingIsAnAnswerToo) {
  EXPECT_FALSE(SolutionOf(SolveFor::kMaxModelLen, "m=llama-3.1-405b&g=rtx-4090"));
  EXPECT_FALSE(Solve(SolveFor::kGpus, FromUrl("m=no-such-model"), ShippedCatalog()).ok());
}

}  // namespace
}  // namespace plimsoll
