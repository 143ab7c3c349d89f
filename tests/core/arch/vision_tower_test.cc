#include "core/arch/vision_tower.h"

#include <gtest/gtest.h>

#include <string>

#include "core/arch/architecture_reader.h"
#include "tests/support/json_text.h"

namespace plimsoll {
namespace {

Architecture Read(const std::string& name, const std::string& keys) {
  Result<Architecture> read = BuildArchitecture(
      JsonOfText("{\"architectures\":[\"" + name +
                 R"("],"hidden_size":8,"num_attention_heads":2,"num_hidden_layers":1,"vocab_size":10,
                     "intermediate_size":16,)" +
                 keys + "}"),
      "");
  EXPECT_TRUE(read.ok()) << (read.ok() ? "" : read.error().Message());
  return read.ok() ? std::move(*read) : Architecture();
}

int64_t ElementsOf(const Architecture& a, TensorRole role) {
  int64_t sum = 0;
  for (const Tensor& tensor : a.tensors) {
    if (tensor.part == TensorPart::kVision && tensor.role == role) sum += tensor.elements() * tensor.times;
  }
  return sum;
}

constexpr const char* kClip =
    R"("vision_config":{"model_type":"clip_vision_model","hidden_size":6,"num_hidden_layers":3,
       "num_attention_heads":2,"intermediate_size":12,"patch_size":2,"image_size":8})";

// A class vector, 16 positions and the class's of 6, patches of 3 x 2 x 2, two norms; a layer: two norms of
// 12, four projections of 42, fc1 12 x 6 + 12, fc2 6 x 12 + 6.
constexpr int64_t kClipTower = 6 + 17 * 6 + 12 * 6 + 24 + 3 * (24 + 4 * 42 + 84 + 78);

TEST(VisionTower, ClipByHand) {
  const Architecture a = Read("LlavaForConditionalGeneration", kClip);
  EXPECT_TRUE(a.has_vision);
  EXPECT_EQ(ElementsOf(a, TensorRole::kVision), kClipTower);
  // 8 x 6 + 8 and 8 x 8 + 8.
  EXPECT_EQ(ElementsOf(a, TensorRole::kProjector), 56 + 72);
  EXPECT_EQ(ElementsOf(Read("LlavaNextForConditionalGeneration", kClip), TensorRole::kProjector), 56 + 72 + 8)
      << "a vector for the end of an image's line";
}

TEST(VisionTower, LayersBehindTheOneThatIsTakenAreNotLoaded) {
  const struct {
    const char* keys;
    int64_t used;
  } cases[] = {{"", 2},  // LLaVA takes the last but one
               {R"("vision_feature_layer":-1,)", 3},
               {R"("vision_feature_layer":-3,)", 1},
               {R"("vision_feature_layer":2,)", 2}};
  for (const auto& c : cases) {
    const Architecture a = Read("LlavaForConditionalGeneration", std::string(c.keys) + kClip);
    EXPECT_EQ(a.vision.layers, 3) << c.keys;
    EXPECT_EQ(a.vision.layers_used, c.used) << c.keys;
  }
}

TEST(VisionTower, QwenMergesPatches) {
  const Architecture a = Read("Qwen2_5_VLForConditionalGeneration",
                              R"("num_key_value_heads":2,"vision_config":{"depth":2,"num_heads":2,
                                 "hidden_size":4,"intermediate_size":12,"patch_size":2,"in_channels":3,
                                 "spatial_merge_size":2,"out_hidden_size":8})");
  EXPECT_EQ(a.vision.merge, 2);
  // Patches of 3 x 2 x 2 in two frames; a layer: norms 8, qkv 60, proj 20, gate and up 60 each, down 52; the
  // merger's norm of 4.
  EXPECT_EQ(ElementsOf(a, TensorRole::kVision), 4 * 24 + 2 * (8 + 60 + 20 + 60 + 60 + 52) + 4);
  // Four patches of 4 become one of 16: 16 x 16 + 16, then 8 x 16 + 8.
  EXPECT_EQ(ElementsOf(a, TensorRole::kProjector), 272 + 136);
}

TEST(VisionTower, AnUnknownTowerIsSaidAndLeftOut) {
  const Architecture a =
      Read("LlavaForConditionalGeneration", R"("vision_config":{"model_type":"unheard","hidden_size":6})");
  EXPECT_FALSE(a.has_vision);
  ASSERT_EQ(a.remarks.size(), 1u);
  EXPECT_EQ(ElementsOf(a, TensorRole::kVision), 0);
}

TEST(VisionTower, ItsTensorsAreAPartOfTheirOwn) {
  const Architecture a = Read("LlavaForConditionalGeneration", kClip);
  EXPECT_EQ(CountParameters(a).total - CountParameters(a).text, kClipTower + 56 + 72);
}

}  // namespace
}  // namespace plimsoll
