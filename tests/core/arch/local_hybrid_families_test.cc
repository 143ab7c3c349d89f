#include "core/arch/local_hybrid_families.h"

#include <gtest/gtest.h>

#include "core/arch/kv_cache.h"
#include "tests/support/architecture_totals.h"

namespace plimsoll {
namespace {

constexpr KvTypes k16{KvType::kBf16, KvType::kBf16};

TEST(LocalHybridFamilies, PublishedTotals) { EXPECT_EQ(ExpectPublishedTotals("local hybrid"), 2); }

// Eight layers of one KV head of 256 keep 2,048 tokens each, whatever the length; nothing grows beyond.
TEST(LocalHybridFamilies, RecurrentGemmaKeepsAWindow) {
  const Architecture gemma = ReadCase("recurrentgemma-2b");
  EXPECT_EQ(KvBytesPerToken(gemma, k16).count(), 0);
  EXPECT_EQ(KvBytesPerSequence(gemma, k16, 100000).count(), 8 * 2048 * 2 * 256 * 2);
  const Recurrent& unit = gemma.groups[0].shape.recurrent;
  EXPECT_EQ(StateElements(unit), 2560);
  EXPECT_EQ(ConvolutionElements(unit), 3 * 2560);
}

// Of 32 layers one keeps the whole length, which seven more read; eight keep a window of 512, nine a state.
TEST(LocalHybridFamilies, Phi4FlashSharesOneCache) {
  const Architecture flash = ReadCase("phi-4-mini-flash");
  const int64_t layer = 2 * 20 * 64 * 2;
  EXPECT_EQ(KvBytesPerToken(flash, k16).count(), layer);
  EXPECT_EQ(KvBytesPerSequence(flash, k16, 65536).count(), layer * (65536 + 8 * 512));
  int states = 0;
  for (const LayerGroup& group : flash.groups)
    states += StateElements(group.shape.recurrent) > 0 ? group.count : 0;
  EXPECT_EQ(states, 9);
}

TEST(LocalHybridFamilies, RefusesWhatItDoesNotKnow) {
  const Result<Architecture> other = ReadCaseWith("phi-4-mini-flash", "mb_per_layer", "3");
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().field, "model.mb_per_layer");
}

}  // namespace
}  // namespace plimsoll
