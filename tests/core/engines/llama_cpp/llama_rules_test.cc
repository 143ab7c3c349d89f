#include "core/engines/llama_cpp/llama_rules.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

EngineVersion Build(int64_t number) { return {"b" + std::to_string(number), number, 0}; }
EngineVersion Date(int32_t date) { return {"date", 0, date}; }

TEST(LlamaRules, RowsStandInTheOrderOfTheEnumAndNameASource) {
  for (int i = 0; i < static_cast<int>(LlamaChange::kCount); ++i) {
    const LlamaChangeRow& row = Row(static_cast<LlamaChange>(i));
    EXPECT_EQ(static_cast<int>(row.change), i);
    EXPECT_GT(row.build, 0);
    EXPECT_GE(row.date, 20230301);
    EXPECT_FALSE(row.source.empty());
  }
}

// Two ways to name a release must not disagree: builds and dates of the rows rise together.
TEST(LlamaRules, BuildsAndDatesRiseTogether) {
  for (int i = 0; i < static_cast<int>(LlamaChange::kCount); ++i) {
    for (int j = 0; j < static_cast<int>(LlamaChange::kCount); ++j) {
      const LlamaChangeRow& a = Row(static_cast<LlamaChange>(i));
      const LlamaChangeRow& b = Row(static_cast<LlamaChange>(j));
      if (a.build >= b.build) continue;
      EXPECT_LE(a.date, b.date) << a.source << " and " << b.source;
    }
  }
}

TEST(LlamaRules, AChangeHoldsFromItsBuildAndItsDate) {
  EXPECT_FALSE(Has(Build(7459), LlamaChange::kOutputFirst));
  EXPECT_TRUE(Has(Build(7460), LlamaChange::kOutputFirst));
  EXPECT_FALSE(Has(Date(20251217), LlamaChange::kOutputFirst));
  EXPECT_TRUE(Has(Date(20251218), LlamaChange::kOutputFirst));
  EXPECT_FALSE(Has(Date(20260501), LlamaChange::kHalfMask))
      << "May 2026: logits for every token, 32-bit mask";
  EXPECT_FALSE(Has(Date(20260501), LlamaChange::kFewLogits));
  EXPECT_TRUE(Has(Date(20261101), LlamaChange::kFewLogits));
}

TEST(LlamaRules, TheForkKeepsOnlyTheLatent) {
  const EngineVersion ik = {"ik", 0, 20250601};
  EXPECT_TRUE(IsIkFork(ik));
  EXPECT_TRUE(Has(ik, LlamaChange::kMlaWithoutV));
  EXPECT_FALSE(Has(ik, LlamaChange::kSlidingWindowCache));
  EXPECT_FALSE(Has(ik, LlamaChange::kFewLogits));
}

}  // namespace
}  // namespace plimsoll
