#include "core/arch/older_families.h"

#include <gtest/gtest.h>

#include "tests/support/architecture_totals.h"

namespace plimsoll {
namespace {

TEST(OlderFamilies, PublishedTotals) { EXPECT_EQ(ExpectPublishedTotals("older"), 14); }

// OLMo's norms have no weights, ChatGLM's rope stores its frequencies.
TEST(OlderFamilies, WhatStandsBesideTheLayers) {
  for (const Tensor& tensor : ReadCase("olmo-1b").tensors) {
    EXPECT_NE(tensor.role, TensorRole::kNorm) << tensor.name;
  }
  int frequencies = 0;
  for (const Tensor& tensor : ReadCase("chatglm3-6b").tensors) {
    frequencies += tensor.name.find("inv_freq") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(frequencies, 1);
}

TEST(OlderFamilies, RefusesWhatItDoesNotKnow) {
  const Result<Architecture> biased = ReadCaseWith("mpt-7b", "no_bias", "false");
  ASSERT_FALSE(biased.ok());
  EXPECT_EQ(biased.error().field, "model.no_bias");
  const Result<Architecture> uneven = ReadCaseWith("chatglm3-6b", "multi_query_group_num", "3");
  ASSERT_FALSE(uneven.ok());
  EXPECT_EQ(uneven.error().field, "model.multi_query_group_num");
}

}  // namespace
}  // namespace plimsoll
