#include "core/check/judge.h"

#include <gtest/gtest.h>

#include "core/config/config_url.h"
#include "core/estimate/estimate.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

CheckResult Judged(std::string_view url) {
  CheckResult result;
  Result<DecodedConfig> decoded = DecodeConfigUrl(url);
  EXPECT_TRUE(decoded.ok()) << url;
  if (decoded.ok()) result.config = decoded->config;
  Judge(ShippedCatalog(), &result);
  return result;
}

bool Has(const CheckResult& result, std::string_view code) {
  for (const CheckProblem& problem : result.problems) {
    if (problem.code == code) return true;
  }
  return false;
}

TEST(Judge, WhatFitsHasNoFailure) {
  const CheckResult result = Judged("m=qwen3-8b&g=h100-80&ctx=8192");
  EXPECT_TRUE(result.answered);
  EXPECT_FALSE(result.failure);
  EXPECT_FALSE(Has(result, "does_not_fit"));
}

TEST(Judge, WhatDoesNotFitGetsChangesThatDo) {
  const CheckResult result = Judged("m=qwen3-32b&q=awq-int4&g=rtx-4090&ctx=40960");
  ASSERT_TRUE(result.failure);
  EXPECT_NE(result.failure->stage, FailureStage::kNone);
  EXPECT_TRUE(Has(result, "does_not_fit"));
  ASSERT_FALSE(result.failure->fixes.empty());
  EXPECT_LE(result.failure->fixes.size(), static_cast<size_t>(kMostFixes));
  for (const CheckFix& fix : result.failure->fixes) {
    const Result<Report> report = Estimate(fix.config, ShippedCatalog());
    ASSERT_TRUE(report.ok());
    EXPECT_TRUE(report->fits()) << fix.cost;
    EXPECT_FALSE(fix.set.members().empty());
    EXPECT_FALSE(fix.cost.empty());
  }
}

TEST(Judge, ARefusedValueIsAProblemOfItsOption) {
  CheckResult result;
  result.config.model = "qwen3-32b";
  result.config.gpu = {"abacus"};
  result.understood.push_back({"--gpu abacus", "--gpu", "abacus", "gpu", ReadEffect::kKey, ""});
  Judge(ShippedCatalog(), &result);
  EXPECT_FALSE(result.answered);
  ASSERT_EQ(result.problems.size(), 1U);
  EXPECT_EQ(result.problems[0].option, "--gpu");
}

TEST(Judge, WithoutAModelNothingIsSaid) {
  CheckResult result;
  Judge(ShippedCatalog(), &result);
  EXPECT_FALSE(result.answered);
  EXPECT_TRUE(result.problems.empty());
}

TEST(Judge, ChangedKeysAreThoseThatDiffer) {
  Config config, changed;
  config.max_num_seqs = 8;
  changed.max_model_len = 4096;
  const Json set = ChangedKeys(config, changed);
  EXPECT_EQ(set.Dump(), R"({"max_model_len":4096,"max_num_seqs":null})");
}

}  // namespace
}  // namespace plimsoll
