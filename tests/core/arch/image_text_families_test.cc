#include "core/arch/image_text_families.h"

#include <gtest/gtest.h>

#include "tests/support/architecture_totals.h"

namespace plimsoll {
namespace {

TEST(ImageTextFamilies, PublishedTotals) {
  EXPECT_EQ(ExpectPublishedTotals("siglip"), 17);
  EXPECT_EQ(ExpectPublishedTotals("vit"), 14);
}

// ERNIE 4.5 VL keeps experts for images beside those for text, a third as wide, in the same layers.
TEST(ImageTextFamilies, ExpertsForImages) {
  int64_t experts = 0;
  for (const Tensor& tensor : ReadCase("ernie-4.5-vl-28b").tensors) {
    if (tensor.name.find("vision_experts") != std::string::npos) experts += tensor.elements() * tensor.times;
  }
  EXPECT_EQ(experts, int64_t{27} * 64 * 3 * 2560 * 512);
  EXPECT_FALSE(ReadCaseWith("ernie-4.5-vl-28b", "moe_layer_start_index", "[1, 4]").ok());
}

TEST(ImageTextFamilies, MoondreamTellsItsShapesByItsType) {
  EXPECT_TRUE(Remarks(ReadCase("moondream3"), "says nothing of its shapes"));
  const Architecture third = ReadCase("moondream3");
  ASSERT_EQ(third.groups.size(), 2u);
  EXPECT_EQ(third.groups[0].count, 4);
  EXPECT_EQ(third.groups[1].shape.mlp.experts, 64);
  EXPECT_EQ(ReadCase("moondream2").groups.size(), 1u);
  const Result<Architecture> smaller = ReadCaseWith(
      "moondream3", "config", R"({"text": {"dim": 1024, "n_layers": 6, "n_heads": 16, "n_kv_heads": 16}})");
  ASSERT_TRUE(smaller.ok()) << smaller.error().Message();
  EXPECT_EQ(smaller->layers, 6);
  EXPECT_EQ(smaller->hidden, 1024);
}

// The head that Ovis 2 stores though its decoder ties it.
TEST(ImageTextFamilies, OvisStoresItsHead) {
  EXPECT_FALSE(ReadCase("ovis2-1b").tied_embeddings);
  EXPECT_TRUE(ReadCase("ovis1.6-llama3.2-3b").tied_embeddings);
}

}  // namespace
}  // namespace plimsoll
