#include "core/arch/looped_families.h"

#include <gtest/gtest.h>

#include "core/arch/kv_cache.h"
#include "tests/support/architecture_totals.h"

namespace plimsoll {
namespace {

constexpr KvTypes k16{KvType::kBf16, KvType::kBf16};

TEST(LoopedFamilies, PublishedTotals) { EXPECT_EQ(ExpectPublishedTotals("looped"), 2); }

// Four passes over 48 layers: 192 caches of 2 * 16 heads * 128, the weights once.
TEST(LoopedFamilies, EachPassHasItsCache) {
  const Architecture ouro = ReadCase("ouro-2.6b");
  EXPECT_EQ(ouro.layers, 192);
  EXPECT_EQ(KvBytesPerToken(ouro, k16).count(), 192 * 2 * 16 * 128 * 2);
  EXPECT_TRUE(Remarks(ouro, "run 4 times"));
  const Result<Architecture> once = ReadCaseWith("ouro-2.6b", "total_ut_steps", "1");
  ASSERT_TRUE(once.ok());
  EXPECT_EQ(CountParameters(*once).total, CountParameters(ouro).total);
  EXPECT_EQ(KvBytesPerToken(*once, k16).count(), 48 * 2 * 16 * 128 * 2);
}

// The second pass of 80 layers of 8 heads keeps 64 tokens and no more.
TEST(LoopedFamilies, LaterPassesKeepAWindow) {
  const Architecture loop = ReadCase("iquest-coder-40b-loop");
  const int64_t layer = 2 * 8 * 128 * 2;
  EXPECT_EQ(KvBytesPerSequence(loop, k16, 4096).count(), 80 * layer * (4096 + 64));
}

TEST(LoopedFamilies, AsManyLayersAsAreRead) {
  EXPECT_FALSE(ReadCaseWith("ouro-2.6b", "num_hidden_layers", "3000").ok());
}

}  // namespace
}  // namespace plimsoll
