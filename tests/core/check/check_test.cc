#include "core/check/check.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

TEST(Check, ALinkIsItsConfiguration) {
  const Result<CheckResult> result =
      Check("https://example.org/app/#m=qwen3-32b&q=awq-int4&g=rtx-4090&ctx=8192", ShippedCatalog());
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->kind, CheckKind::kLink);
  EXPECT_EQ(result->config.model, "qwen3-32b");
  EXPECT_EQ(result->config.max_model_len, 8192);
  EXPECT_TRUE(result->answered);
}

TEST(Check, WhatNobodyKnowsIsRefusedWithWhatIsTaken) {
  const Result<CheckResult> result = Check("good morning", ShippedCatalog());
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().field, "text");
}

TEST(Check, TextHasALimit) {
  EXPECT_FALSE(Check(std::string(static_cast<size_t>(kMaxCheckBytes) + 1, 'x'), ShippedCatalog()).ok());
  EXPECT_FALSE(Check("", ShippedCatalog()).ok());
}

}  // namespace
}  // namespace plimsoll
