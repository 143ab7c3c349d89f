#include "core/arch/vit_towers.h"

#include <gtest/gtest.h>

#include <string>

#include "core/weights/read_architecture.h"
#include "tests/support/architecture_totals.h"

namespace plimsoll {
namespace {

int64_t Elements(const Architecture& a, TensorRole role) {
  int64_t sum = 0;
  for (const Tensor& tensor : a.tensors) {
    if (tensor.part == TensorPart::kVision && tensor.role == role) sum += tensor.elements() * tensor.times;
  }
  return sum;
}

// NVLM keeps InternViT-6B and makes its projector anew: a norm of 4 * 3200 and two matrices without biases.
TEST(VitTowers, NvlmReplacesTheProjector) {
  const Architecture nvlm = ReadCase("nvlm-d-72b");
  EXPECT_EQ(Elements(nvlm, TensorRole::kVision), 5536496000);
  EXPECT_EQ(Elements(nvlm, TensorRole::kProjector),
            2 * 12800 + int64_t{12800} * 29568 + int64_t{29568} * 8192);
}

TEST(VitTowers, FuyuHasNoTower) {
  const Architecture fuyu = ReadCase("fuyu-8b");
  EXPECT_EQ(fuyu.vision.layers, 0);
  EXPECT_EQ(Elements(fuyu, TensorRole::kProjector), 2700 * 4096 + 4096);
}

// The tower of "vit_huge_patch16_224": 32 blocks of 1280 and 5120, 128 * 128 positions, tokens in eights.
TEST(VitTowers, RadioIsKnownByItsName) {
  constexpr const char* kText =
      R"({"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 1, "intermediate_size": 128,
          "num_attention_heads": 4, "vocab_size": 128})";
  const auto read = [&](const std::string& name) {
    return ReadArchitecture(
        *Json::Parse(R"({"architectures": ["Llama_Nemotron_Nano_VL"], "projector_hidden_size": 256,
                        "llm_config": )" +
                         std::string(kText) + R"(, "vision_config": {"args": {"model": ")" + name +
                         R"(", "register_multiple": 8, "teachers": [{"name": "a"}, {"name": "b"}]}}})",
                     "config"),
        "model");
  };
  const Result<Architecture> huge = read("vit_huge_patch16_224");
  ASSERT_TRUE(huge.ok()) << huge.error().Message();
  const int64_t block = 4 * (1280 * 1280 + 1280) + 2 * 1280 * 5120 + 5120 + 1280 + 4 * 1280;
  EXPECT_EQ(Elements(*huge, TensorRole::kVision), 32 * block + 1280 * (768 + 128 * 128 + 8) + 6);
  const Result<Architecture> other = read("vit_giant");
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().field, "model.vision_config.args.model");
}

TEST(VitTowers, ChameleonsEncoderIsWhole) {
  int seen = 0;
  for (const Tensor& tensor : ReadCase("chameleon-7b").tensors) {
    if (tensor.part != TensorPart::kVision) continue;
    ++seen;
    EXPECT_EQ(tensor.sharding, Sharding::kReplicated) << tensor.name;
  }
  EXPECT_GT(seen, 60);
  EXPECT_FALSE(ReadCaseWith("chameleon-7b", "vq_config", R"({"attn_resolutions": [32]})").ok());
}

}  // namespace
}  // namespace plimsoll
