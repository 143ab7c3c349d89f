#include "site/page_numbers.h"

#include <gtest/gtest.h>

#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

TEST(PageNumbers, EveryPartOfTheCardHasItsNumber) {
  const Answer& answer =
      Ask(ShippedCatalog(), "m=llama-3.1-8b&g=rtx-4090&ctx=8192&e=llama.cpp&q=gguf-q4_k_m&rsv=8000");
  EXPECT_EQ(NumberOf(answer, "others_gib"), "7.8");
  EXPECT_EQ(NumberOf(answer, "kv_cache_gib"), "1.0");
  EXPECT_EQ(NumberOf(answer, "weights_gib"), "4.3");
  EXPECT_EQ(NumberOf(answer, "context_gib"), "0.0");
  EXPECT_EQ(NumberOf(answer, "others_bytes"), std::nullopt);
  EXPECT_EQ(NumberOf(answer, "_gib"), std::nullopt);
}

TEST(PageNumbers, TotalsAndTextsHaveTheirNames) {
  const Answer& answer = Ask(ShippedCatalog(), "m=llama-3.1-8b&g=rtx-4090&ctx=8192");
  EXPECT_EQ(NumberOf(answer, "verdict"), "fits");
  EXPECT_EQ(NumberOf(answer, "capacity_gib"), "23.5");
  EXPECT_EQ(NumberOf(answer, "total_params"), "8,030,261,248");
  EXPECT_EQ(NumberOf(answer, "fragment"), "m=llama-3.1-8b&g=rtx-4090&ctx=8192");
}

}  // namespace
}  // namespace plimsoll
