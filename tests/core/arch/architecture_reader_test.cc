#include "core/arch/architecture_reader.h"

#include <gtest/gtest.h>

#include "tests/support/json_text.h"

namespace plimsoll {
namespace {

// Two dense layers and one with experts (first_k_dense_replace), an MTP layer described.
Json Sparse() {
  return JsonOfText(R"({"architectures":["DeepseekV3ForCausalLM"],"model_type":"deepseek_v3","hidden_size":8,
      "vocab_size":10,"num_hidden_layers":3,"num_attention_heads":2,"intermediate_size":16,
      "moe_intermediate_size":4,"n_routed_experts":4,"num_experts_per_tok":2,"n_shared_experts":1,
      "first_k_dense_replace":2,"kv_lora_rank":6,"q_lora_rank":5,"qk_nope_head_dim":4,"qk_rope_head_dim":2,
      "v_head_dim":4,"num_nextn_predict_layers":1,"max_position_embeddings":64})");
}

TEST(ArchitectureReader, TheFirstKnownArchitectureCounts) {
  Json config = Sparse();
  config.Set("architectures", JsonOfText(R"(["Unheard","DeepseekV3ForCausalLM"])"));
  const Result<Architecture> read = BuildArchitecture(config, "model");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->name, "DeepseekV3ForCausalLM");
  EXPECT_EQ(read->model_type, "deepseek_v3");
}

TEST(ArchitectureReader, RefusalsSayWhere) {
  const struct {
    const char* config;
    const char* field;
    const char* given;
  } cases[] = {{R"(["x"])", "model", "[\"x\"]"},
               {"{}", "model.architectures", "nothing"},
               {R"({"architectures":["Unheard"]})", "model.architectures", "Unheard"},
               {R"({"model_type":"sorcerer","hidden_size":8})", "model.model_type", "sorcerer"},
               {R"({"architectures":["LlamaForCausalLM"]})", "model.hidden_size", "nothing"}};
  for (const auto& c : cases) {
    const Result<Architecture> read = BuildArchitecture(JsonOfText(c.config), "model");
    ASSERT_FALSE(read.ok()) << c.config;
    EXPECT_EQ(read.error().field, c.field);
    EXPECT_NE(read.error().given.find(c.given), std::string::npos) << read.error().given;
  }
}

TEST(ArchitectureReader, LayersOfAStageAreADifference) {
  const Result<Architecture> read = BuildArchitecture(Sparse(), "");
  ASSERT_TRUE(read.ok());
  ASSERT_EQ(read->groups.size(), 2u);
  for (int32_t layer = 0; layer <= 3; ++layer) {
    EXPECT_EQ(read->LayersBefore(0, layer), std::min(layer, 2));
    EXPECT_EQ(read->LayersBefore(1, layer), std::max(layer - 2, 0));
  }
  EXPECT_EQ(read->max_intermediate, 16) << "the widest dense MLP, not an expert";
}

TEST(ArchitectureReader, WhatTheRepositoryStoresDecidesOverTheConfig) {
  const auto layers = [](const std::optional<StoredParts>& stored) {
    return BuildArchitecture(Sparse(), "", stored)->mtp_layers;
  };
  EXPECT_EQ(layers({}), 1) << "the config describes one";
  StoredParts parts;
  EXPECT_EQ(layers(parts), 0) << "the repository does not hold it";
  parts.mtp = true;
  EXPECT_EQ(layers(parts), 1);
  Json without = Sparse();
  without.Set("num_nextn_predict_layers", 0);
  EXPECT_EQ(BuildArchitecture(without, "", parts)->mtp_layers, 1) << "one that the config does not count";
}

TEST(ArchitectureReader, ATowerThatNobodyDescribesIsSaid) {
  StoredParts parts;
  parts.vision = true;
  const Result<Architecture> read = BuildArchitecture(Sparse(), "", parts);
  ASSERT_TRUE(read.ok());
  EXPECT_FALSE(read->has_vision);
  ASSERT_EQ(read->remarks.size(), 1u);
  EXPECT_NE(read->remarks[0].find("vision tower"), std::string::npos);
}

TEST(ArchitectureReader, QuantisationInsideTheConfigIsKept) {
  Json config = Sparse();
  config.Set("quantization_config", JsonOfText(R"({"quant_method":"fp8"})"));
  config.Set("expert_dtype", "fp4");
  const Result<Architecture> read = BuildArchitecture(config, "");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->quantization_config.Find("quant_method")->AsString(), "fp8");
  EXPECT_TRUE(read->fp4_experts);
  EXPECT_FALSE(BuildArchitecture(Sparse(), "")->fp4_experts);
  EXPECT_TRUE(BuildArchitecture(Sparse(), "")->quantization_config.is_null());
}

}  // namespace
}  // namespace plimsoll
