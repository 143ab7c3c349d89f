#include "core/arch/dual_encoder_families.h"

#include <gtest/gtest.h>

#include "core/arch/kv_cache.h"
#include "tests/support/architecture_totals.h"

namespace plimsoll {
namespace {

// Where the config has nothing but its classes' names, their defaults make the smallest model published.
TEST(DualEncoderFamilies, PublishedTotals) { EXPECT_EQ(ExpectPublishedTotals("dual"), 3); }

TEST(DualEncoderFamilies, NothingIsCached) {
  const Architecture clip = ReadCase("clip-vit-large-patch14");
  EXPECT_EQ(KvBytesPerSequence(clip, {}, 77).count(), 0);
  EXPECT_EQ(clip.max_positions, 77);
  EXPECT_TRUE(clip.has_vision);
  EXPECT_EQ(clip.vision.layers, 24);
}

// What pools the patches: a query, an attention and an MLP.
TEST(DualEncoderFamilies, ATowerWithoutItsHead) {
  const Result<Architecture> bare =
      ReadCaseWith("siglip-base-patch16-224", "vision_config", R"({"vision_use_head":false})");
  ASSERT_TRUE(bare.ok());
  const int64_t h = 768, head = h + 3 * h * h + 3 * h + h * h + h + 2 * h + 2 * h * 3072 + 3072 + h;
  EXPECT_EQ(CountParameters(ReadCase("siglip-base-patch16-224")).total - CountParameters(*bare).total, head);
}

TEST(DualEncoderFamilies, HeadsDivideTheWidth) {
  EXPECT_FALSE(ReadCaseWith("clip-vit-base-patch32", "text_config", R"({"num_attention_heads":1024})").ok());
}

}  // namespace
}  // namespace plimsoll
