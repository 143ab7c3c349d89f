#include "core/validate/rivals.h"

#include <gtest/gtest.h>

#include "tests/support/json_text.h"
#include "tests/support/shipped_catalog.h"
#include "tests/support/test_data.h"

namespace plimsoll {
namespace {

Case Stage(const char* id, const char* run, const char* workload) {
  Case stage;
  stage.id = id;
  stage.run = run;
  stage.workload = JsonOfText(workload);
  return stage;
}

ScoredMetric Predicted(const char* id, const char* metric, double value) {
  ScoredMetric scored;
  scored.id = id;
  scored.metric = metric;
  scored.predicted = value;
  return scored;
}

// Two stages of 100 and 300 requests: the run's mean is (100 x 40 + 300 x 60) / 400 = 55 ms.
TEST(Rivals, StagesOfARunCountByTheirRequests) {
  CaseFile cases;
  cases.cases = {Stage("a0", "a", R"({"num_prompts":100})"), Stage("a1", "a", R"({"num_prompts":300})"),
                 Stage("b", "", "{}")};
  Validation validation;
  validation.comparisons = {Predicted("a0", "ttft_ms", 40), Predicted("a1", "ttft_ms", 60),
                            Predicted("b", "ttft_ms", 1000)};
  const Result<std::vector<RivalScore>> scores =
      ScoreRivals(JsonOfText(R"({"measured":[{"run":"a","measured":{"ttft_mean":50,"itl_mean":10}}],
                     "rivals":[{"run":"a","simulator":"other","predicted":{"ttft_mean":75,"itl_mean":9}},
                               {"run":"unknown","simulator":"other","predicted":{"ttft_mean":1}}]})"),
                  cases, validation);
  ASSERT_TRUE(scores.ok());
  ASSERT_EQ(scores->size(), 1u);
  const RivalScore& other = scores->front();
  EXPECT_EQ(other.rival, "other");
  EXPECT_EQ(other.runs, 1);
  EXPECT_NEAR(other.theirs[0].median, 0.5, 1e-12);
  EXPECT_NEAR(other.ours[0].median, 0.1, 1e-12);
  EXPECT_EQ(other.theirs[1].mean, 0) << "we answered nothing there, so nobody is scored";
  EXPECT_NE(RivalsMarkdown(*scores).find("| other | 1 | 50.0 / 50.0 | 10.0 / 10.0 |"), std::string::npos);
}

TEST(Rivals, AFileOfAnotherKindIsRefused) {
  EXPECT_FALSE(ScoreRivals(JsonOfText("[]"), {}, {}).ok());
  EXPECT_FALSE(ScoreRivals(JsonOfText(R"({"measured":3,"rivals":[]})"), {}, {}).ok());
}

// The published head-to-head: every rival's own runs. Ours were fitted with them, as were the coefficients of two of the
// rivals; README says what is left when they are not.
TEST(Rivals, ThePublishedHeadToHeadIsAnsweredWhole) {
  const Result<Json> rivals = Json::Parse(ReadTestFile("speed/rivals.json"), "rivals.json");
  const Result<Json> measured = Json::Parse(ReadTestFile("speed/measured.json"), "measured.json");
  ASSERT_TRUE(rivals.ok() && measured.ok());
  const Result<CaseFile> cases = ReadCases(*measured);
  ASSERT_TRUE(cases.ok());
  CaseFile runs;
  for (const Case& measured_case : cases->cases) {
    if (!measured_case.run.empty()) runs.cases.push_back(measured_case);
  }
  const Result<std::vector<RivalScore>> scores = ScoreRivals(*rivals, runs, Validate(runs, ShippedCatalog()));
  ASSERT_TRUE(scores.ok());
  EXPECT_GE(scores->size(), 5u);
  for (const RivalScore& score : *scores) {
    EXPECT_GE(score.runs, 2) << score.rival;
    for (size_t i = 0; i < kRivalMetrics.size(); ++i) {
      EXPECT_LE(score.ours[i].mean, 0.3) << score.rival << " " << kRivalMetrics[i];
      EXPECT_GT(score.theirs[i].mean, 0) << score.rival;
    }
  }
}

}  // namespace
}  // namespace plimsoll
