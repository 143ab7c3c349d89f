#include "core/arch/model_traits.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

TEST(ModelTraits, FollowTheNameOrTheType) {
  EXPECT_TRUE(TraitsOf("LlamaForCausalLM", "llama").seventy_b_if_grouped);
  EXPECT_FALSE(TraitsOf("LlamaForCausalLM", "llama").seventy_b);
  EXPECT_TRUE(TraitsOf("Qwen2ForCausalLM", "qwen2").seventy_b);
  EXPECT_FALSE(TraitsOf("Qwen2MoeForCausalLM", "qwen2_moe").seventy_b);
  EXPECT_TRUE(TraitsOf("Glm4MoeForCausalLM", "glm4_moe").gguf_keeps_mtp);
  EXPECT_FALSE(TraitsOf("Glm4MoeLiteForCausalLM", "glm4_moe_lite").gguf_keeps_mtp);
  EXPECT_TRUE(TraitsOf("x", "qwen3_5_moe").four_positions);
  EXPECT_TRUE(TraitsOf("x", "phi3").gguf_fuses_gate_up);
  EXPECT_FALSE(TraitsOf("x", "phi3small").gguf_fuses_gate_up) << "types are compared whole";
}

TEST(ModelTraits, ScalesOfFp8Blocks) {
  EXPECT_EQ(TraitsOf("DeepseekV3ForCausalLM", "").fp8_scale_bytes, 4);
  EXPECT_EQ(TraitsOf("DeepseekV4ForCausalLM", "").fp8_scale_bytes, 1);
  EXPECT_EQ(TraitsOf("Qwen3MoeForCausalLM", "").fp8_scale_bytes, 2);
}

}  // namespace
}  // namespace plimsoll
