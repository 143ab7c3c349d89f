#include "core/solve/solver.h"

#include <gtest/gtest.h>

#include <set>

#include "core/config/config_codec.h"
#include "core/estimate/estimate.h"
#include "core/solve/ways_out.h"
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

TEST(WaysOut, EveryWayFitsAndIsAnotherConfiguration) {
  for (const char* url :
       {"m=llama-3.1-70b&q=awq-int4&g=rtx-4090&ctx=16384", "m=qwen3-235b-a22b&q=awq-int4&g=rtx-4090&ctx=4096",
        "m=llama-3.1-8b&g=rtx-4090", "m=qwen2.5-72b&q=gptq-int8&g=rtx-4090&n=3",
        "m=llama-3.1-8b&g=rtx-3060-12gb&ctx=8192",
        "m=llama-3.1-70b&e=llama.cpp&q=gguf-q4_k_m&g=rtx-4090&ctx=8192",
        "m=qwen3-30b-a3b&e=llama.cpp&q=gguf-q4_k_m&g=rtx-4060&ctx=32768", "m=deepseek-r1&g=h100-sxm&n=8"}) {
    const Config config = FromUrl(url);
    ASSERT_FALSE(Fits(config)) << url;
    const std::vector<WayOut> ways = WaysOut(config, ShippedCatalog());
    EXPECT_FALSE(ways.empty()) << url;
    EXPECT_LE(ways.size(), 8u);
    std::set<std::string> seen;
    double before = 0;
    for (const WayOut& way : ways) {
      EXPECT_TRUE(Fits(way.config)) << url << ": " << way.label;
      EXPECT_FALSE(way.label.empty()) << url;
      EXPECT_TRUE(seen.insert(EncodeConfigUrl(way.config)).second) << url << ": " << way.label;
      EXPECT_GE(way.distance, before) << url << ": " << way.label;
      before = way.distance;
    }
  }
}

TEST(WaysOut, AShorterContextComesFirstWhereItSuffices) {
  const std::vector<WayOut> ways = WaysOut(FromUrl("m=llama-3.1-8b&g=rtx-4090"), ShippedCatalog());
  ASSERT_FALSE(ways.empty());
  EXPECT_NE(ways[0].label.find("context"), std::string::npos) << ways[0].label;
  EXPECT_EQ(*ways[0].config.max_model_len % 1024, 0);
}

TEST(WaysOut, AnIllegalLayoutIsCutAnotherWay) {
  const std::vector<WayOut> ways =
      WaysOut(FromUrl("m=llama-3.1-8b&g=rtx-4090&n=3&ctx=8192"), ShippedCatalog());
  ASSERT_FALSE(ways.empty());
  EXPECT_EQ(ways[0].label, "tp 1 × pp 3");
}

TEST(WaysOut, ExpertsMoveToRam) {
  const std::vector<WayOut> ways =
      WaysOut(FromUrl("m=qwen3-235b-a22b&q=awq-int4&g=rtx-4090&ctx=4096"), ShippedCatalog());
  bool experts = false;
  for (const WayOut& way : ways) experts |= way.config.n_cpu_moe.has_value();
  EXPECT_TRUE(experts);
}

TEST(WaysOut, MatricesOfADenseModelMoveToRam) {
  const std::vector<WayOut> ways = WaysOut(
      FromUrl("m=llama-3.1-70b&e=llama.cpp&q=gguf-q4_k_m&g=rtx-4090&ctx=8192&seqs=1"), ShippedCatalog(), 20);
  bool moved = false, layers = false;
  for (const WayOut& way : ways) {
    moved |= !way.config.override_tensor.empty();
    layers |= way.config.n_gpu_layers.has_value();
  }
  EXPECT_TRUE(moved);
  EXPECT_TRUE(layers);
}

TEST(WaysOut, FewerSequencesWhereStatesDecide) {
  const std::vector<WayOut> ways = WaysOut(
      FromUrl("m=qwen3.6-27b&q=fp8-block&g=h100-sxm&util=0.95&ev=0.20.0&ctx=32768"), ShippedCatalog());
  ASSERT_FALSE(ways.empty());
  EXPECT_TRUE(ways[0].config.max_num_seqs.has_value()) << ways[0].label;
  EXPECT_GT(ways[0].config.max_num_seqs.value_or(0), 700);
}

TEST(WaysOut, WhatFitsNeedsNone) {
  EXPECT_TRUE(WaysOut(FromUrl("m=llama-3.1-8b&g=h100-sxm&ctx=8192"), ShippedCatalog()).empty());
  EXPECT_TRUE(WaysOut(FromUrl("m=no-such-model"), ShippedCatalog()).empty());
}

}  // namespace
}  // namespace plimsoll
