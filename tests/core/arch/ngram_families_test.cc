#include "core/arch/ngram_families.h"

#include <gtest/gtest.h>

#include "core/arch/kv_cache.h"
#include "tests/support/architecture_totals.h"

namespace plimsoll {
namespace {

TEST(NgramFamilies, PublishedTotals) { EXPECT_EQ(ExpectPublishedTotals("ngram"), 1); }

TEST(NgramFamilies, TablesHavePrimesOfRows) {
  EXPECT_EQ(SumOfPrimes(2, 5), 2 + 3 + 5 + 7 + 11);
  EXPECT_EQ(SumOfPrimes(20, 2), 23 + 29);
  EXPECT_EQ(SumOfPrimes(20000000, 16), 320001446);
}

TEST(NgramFamilies, FourTokensShareAnIndexKey) {
  const Architecture a = ReadCase("qwen3.8-flash-next");
  ASSERT_EQ(a.groups.size(), 2u);
  EXPECT_EQ(a.groups[1].count, 12);
  EXPECT_EQ(IndexerBytesPerToken(a.groups[1].shape.attention), 128 * 2 / 4);
  EXPECT_TRUE(Remarks(a, "n-grams"));
  EXPECT_TRUE(Remarks(a, "MTP"));
}

}  // namespace
}  // namespace plimsoll
