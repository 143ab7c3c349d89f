#include "core/arch/image_towers.h"

#include <gtest/gtest.h>

#include <string_view>

#include "tests/support/architecture_totals.h"

namespace plimsoll {
namespace {

int64_t TowerElements(const Architecture& a, TensorRole role) {
  int64_t sum = 0;
  for (const Tensor& tensor : a.tensors) {
    if (tensor.part == TensorPart::kVision && tensor.role == role) sum += tensor.elements() * tensor.times;
  }
  return sum;
}

TEST(ImageTowers, InternVit) {
  EXPECT_EQ(TowerElements(ReadCase("internvl3.5-8b"), TensorRole::kVision), 304012288);
  EXPECT_EQ(TowerElements(ReadCase("internvl3-38b"), TensorRole::kVision), 5536496000);
  EXPECT_EQ(ReadCase("internvl3.5-8b").vision.tokens_per_image, 256);
}

TEST(ImageTowers, ProjectorsThatStayWhole) {
  for (const std::string_view id :
       {"kimi-vl-a3b", "minicpm-v-4.5", "smolvlm-2.2b", "paligemma-3b-224", "lfm2-vl-1.6b"}) {
    for (const Tensor& tensor : ReadCase(id).tensors) {
      if (tensor.role == TensorRole::kProjector) {
        EXPECT_EQ(tensor.sharding, Sharding::kReplicated) << tensor.name;
      }
    }
  }
}

TEST(ImageTowers, SamIsWholeAndClipIsCut) {
  bool sam = false, clip = false;
  for (const Tensor& tensor : ReadCase("deepseek-ocr").tensors) {
    const bool of_sam = tensor.name.find("sam_model") != std::string::npos;
    if (of_sam) {
      EXPECT_EQ(tensor.sharding, Sharding::kReplicated) << tensor.name;
    }
    sam = sam || of_sam;
    clip = clip || (!of_sam && tensor.role == TensorRole::kVision && tensor.sharding == Sharding::kRows);
  }
  EXPECT_TRUE(sam && clip);
}

TEST(ImageTowers, SizesOfTwoSidesMustAgree) {
  const Result<Architecture> read = ReadCaseWith(
      "internvl3-1b", "vision_config", R"({"hidden_size":1024,"image_size":[448,336],"patch_size":14})");
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().field, "model.vision_config.image_size");
}

TEST(ImageTowers, Gemma4UnifiedProjectsPatchesStraightIn) {
  const Result<Architecture> read =
      ReadCaseWith("gemma-4-e2b", "architectures", R"(["Gemma4UnifiedForConditionalGeneration"])");
  ASSERT_TRUE(read.ok()) << read.error().Message();
  EXPECT_EQ(read->vision.layers, 0);
  EXPECT_EQ(TowerElements(*read, TensorRole::kVision),
            2 * 6912 + 6912 * 3840 + 3840 + 2 * 3840 + 2 * 1120 * 3840 + 2 * 3840);
}

}  // namespace
}  // namespace plimsoll
