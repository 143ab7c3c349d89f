#include "core/arch/siglip_towers.h"

#include <gtest/gtest.h>

#include "tests/support/architecture_totals.h"

namespace plimsoll {
namespace {

int64_t TowerElements(const Architecture& a) {
  int64_t sum = 0;
  for (const Tensor& tensor : a.tensors) {
    if (tensor.part == TensorPart::kVision && tensor.role == TensorRole::kVision)
      sum += tensor.elements() * tensor.times;
  }
  return sum;
}

// SigLIP so400m for 384 pixels and 14 to a patch: 412,987,248; the layers behind the last that Molmo takes, two
// of 15,239,504 each, and the norm behind them are not there.
TEST(SiglipTowers, BlocksAreSiglips) {
  EXPECT_EQ(TowerElements(ReadCase("molmo2-8b")), 412987248 - 2 * 15239504 - 2 * 1152);
  EXPECT_EQ(TowerElements(ReadCase("bee-8b")), 412987248 - 15239504);
}

TEST(SiglipTowers, WhatOneImageCosts) {
  EXPECT_EQ(ReadCase("aria").vision.tokens_per_image, 256);
  EXPECT_EQ(ReadCase("command-a-vision").vision.tokens_per_image, 256);  // 32 * 32 patches, four to a token
  EXPECT_EQ(ReadCase("moondream2").vision.tokens_per_image, 729);
}

TEST(SiglipTowers, MoondreamsRegionsAreStoredAndNotLoaded) {
  int64_t regions = 0;
  for (const Tensor& tensor : ReadCase("moondream3").tensors) {
    if (tensor.name.find("region.") == std::string::npos) continue;
    EXPECT_TRUE(tensor.duplicate) << tensor.name;
    regions += tensor.elements();
  }
  EXPECT_EQ(regions, 7876224);
}

TEST(SiglipTowers, RefusesWhatMakesNoTower) {
  const Result<Architecture> rate = ReadCaseWith("granite-4.0-3b-vision", "downsample_rate", "\"half\"");
  ASSERT_FALSE(rate.ok());
  EXPECT_EQ(rate.error().field, "model.downsample_rate");
  EXPECT_FALSE(ReadCaseWith("aria", "projector_patch_to_query_dict", "{}").ok());
  EXPECT_FALSE(ReadCaseWith("ovis2-1b", "visual_tokenizer_config",
                            R"({"backbone_config": {"model_type": "convnext"}})")
                   .ok());
}

}  // namespace
}  // namespace plimsoll
