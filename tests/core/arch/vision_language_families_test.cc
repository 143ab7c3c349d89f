#include "core/arch/vision_language_families.h"

#include <gtest/gtest.h>

#include "core/arch/kv_cache.h"
#include "tests/support/architecture_totals.h"

namespace plimsoll {
namespace {

TEST(VisionLanguageFamilies, PublishedTotals) { EXPECT_EQ(ExpectPublishedTotals("vision"), 40); }

TEST(VisionLanguageFamilies, LlamaVisionKeepsOneImageBesideTheText) {
  const Architecture a = ReadCase("llama-3.2-11b-vision");
  ASSERT_EQ(a.groups.size(), 2u);
  EXPECT_EQ(a.groups[1].count, 8);
  const CrossAttention& cross = a.groups[1].shape.cross;
  EXPECT_EQ(cross.source_tokens, 4 * 1601);
  EXPECT_EQ(a.groups[1].shape.attention.kind, AttentionKind::kNone);
  constexpr KvTypes k16{KvType::kBf16, KvType::kBf16};
  const Bytes image = Bytes(8 * 2 * 8 * 128 * 2) * cross.source_tokens;
  EXPECT_EQ(KvBytesPerSequence(a, k16, 100), KvBytesPerToken(a, k16) * 100 + image);
}

TEST(VisionLanguageFamilies, UnknownDecodersAreRefusedByName) {
  const Result<Architecture> read =
      ReadCaseWith("internvl3-1b", "llm_config", R"({"architectures":["NoSuchLM"],"model_type":"no_such"})");
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().field, "model.llm_config.model_type");
  EXPECT_NE(read.error().accepted.find("qwen2"), std::string::npos);
}

TEST(VisionLanguageFamilies, AVersionOfMiniCpmThatIsNotKnownIsRefused) {
  const Result<Architecture> read = ReadCaseWith("minicpm-v-2.6", "version", "3.1");
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().field, "model.version");
}

TEST(VisionLanguageFamilies, MolmosOtherLayersAreRefused) {
  EXPECT_FALSE(ReadCaseWith("molmo-7b-d", "norm_after", "true").ok());
  EXPECT_TRUE(ReadCaseWith("molmo-7b-d", "embedding_size", "152064").ok());
  EXPECT_FALSE(ReadCaseWith("molmo-7b-d", "embedding_size", "152192").ok());
  EXPECT_FALSE(ReadCaseWith("molmo-7b-d", "attention_layer_norm", "true").ok());
}

}  // namespace
}  // namespace plimsoll
