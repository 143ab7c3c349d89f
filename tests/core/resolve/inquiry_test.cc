#include "core/resolve/inquiry.h"

#include <gtest/gtest.h>

#include "core/estimate/estimate.h"
#include "core/solve/find.h"
#include "core/solve/solver.h"
#include "core/solve/ways_out.h"
#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

// ---- links that once hung the page: one limit of steps for a whole answer ----

struct Spent {
  std::string error;
  int64_t patterns = 0, planned = 0;
};

// What the page does with a link: an estimate, and the ways out of one that does not fit.
Spent Answer(const Config& config) {
  Spent spent;
  Inquiry inquiry;
  const Result<Report> report = Estimate(config, TestCatalog(), &inquiry);
  if (!report.ok()) spent.error = report.error().Message();
  if (report.ok() && !report->fits()) WaysOut(config, TestCatalog(), 8, &inquiry);
  spent.patterns = inquiry.patterns().taken();
  spent.planned = inquiry.planned().taken();
  return spent;
}

Config WithPatterns(const Json& patterns) {
  Config config = ConfigOfLink("m=llama-3.1-405b&g=rtx-4090");
  config.format = Json::MakeObject().Set("id", "awq-int4").Set("unquantized", patterns);
  return config;
}

TEST(Inquiry, NestedRepetitionsAreWalkedOnce) {
  const Config config =
      ConfigOfLink("m=llama-3.1-405b&e=llama.cpp&q=gguf-q4_k_m&g=rtx-4090&ot=((.?){60}){20}[0-9]zz=CPU");
  const Spent spent = Answer(config);
  EXPECT_EQ(spent.error, "");
  EXPECT_LT(spent.patterns, Inquiry::kMostPatternSteps / 2);
  const Spent format = Answer(WithPatterns(Json::MakeArray().Append("re:((.?){60}){20}[0-9]zz")));
  EXPECT_EQ(format.error, "");
  EXPECT_LT(format.patterns, Inquiry::kMostPatternSteps / 2);
}

TEST(Inquiry, BeyondTheLimitTheErrorNamesThePattern) {
  Json patterns = Json::MakeArray();
  for (int i = 0; i < 1000; ++i) patterns.Append("re:.*" + std::to_string(i) + "[0-9]zz");
  const Spent spent = Answer(WithPatterns(patterns));
  EXPECT_NE(spent.error.find("[0-9]zz"), std::string::npos) << spent.error;
  EXPECT_LE(spent.patterns, Inquiry::kMostPatternSteps + 1);
}

// A search over models or cards stops there, and says why.
TEST(Inquiry, ASearchHasOneLimit) {
  Json patterns = Json::MakeArray();
  for (int i = 0; i < 300; ++i) patterns.Append("re:.*" + std::to_string(i) + "[0-9]zz");
  FindQuestion question;
  question.base = WithPatterns(patterns);
  question.base.model.clear();
  const Result<FindAnswer> answer = Find(question, TestCatalog());
  ASSERT_FALSE(answer.ok());
  EXPECT_NE(answer.error().Message().find("[0-9]zz"), std::string::npos) << answer.error().Message();
}

TEST(Inquiry, AThousandEqualPatternsAreOne) {
  Json patterns = Json::MakeArray();
  for (int i = 0; i < 1000; ++i) patterns.Append("re:.*[0-9]zz");
  const Spent spent = Answer(WithPatterns(patterns));
  EXPECT_EQ(spent.error, "");
  EXPECT_LT(spent.patterns, Inquiry::kMostPatternSteps / 2);
}

TEST(Inquiry, ManyCardsEndTheSearchForWaysOut) {
  for (const char* link : {"m=deepseek-r1&g=rtx-4090&n=4096", "m=deepseek-r1&g=rtx-4090&n=4096&pp=4096&tp=1",
                           "m=kimi-k2.5&g=rtx-4090&n=4096&e=llama.cpp&q=gguf-bf16"}) {
    EXPECT_LT(Answer(ConfigOfLink(link)).planned, Inquiry::kMostPlanned + 8192) << link;
  }
}

// Compiling is work, too: two thousand such expressions are refused where they are read.
TEST(Inquiry, ExpressionsOfManyStatesAreRefusedByTheReader) {
  Json patterns = Json::MakeArray();
  for (int i = 0; i < 2000; ++i) patterns.Append("re:((.?){60}){20}x" + std::to_string(i));
  const Spent spent = Answer(WithPatterns(patterns));
  EXPECT_NE(spent.error.find("((.?){60}){20}x"), std::string::npos) << spent.error;
  EXPECT_NE(spent.error.find("fewer or simpler patterns"), std::string::npos) << spent.error;
  EXPECT_EQ(spent.patterns, 0);
}

// Every kind of list that a link has room for.
TEST(Inquiry, LinksOf64KilobytesStayWithinTheLimit) {
  for (const char* each : {"a", "*a*b*c*d*e", "re:a.*b.*c.*d", "re:(a|b|c|d|e|f)*g", "re:[a-z]{64}x",
                           "re:((.?){60}){20}x", "model.layers.7.mlp", "re:(?!.*1)(?=.*2).*3"}) {
    Json patterns = Json::MakeArray();
    for (size_t bytes = 0; bytes < 45000; bytes += std::string_view(each).size() + 6) {
      patterns.Append(std::string(each) + std::to_string(patterns.items().size()));
    }
    const Spent spent = Answer(WithPatterns(patterns));
    EXPECT_LE(spent.patterns, Inquiry::kMostPatternSteps + 1) << each;
    if (!spent.error.empty()) {
      EXPECT_NE(spent.error.find(" cannot be \""), std::string::npos) << spent.error;
    }
  }
}

}  // namespace
}  // namespace plimsoll
