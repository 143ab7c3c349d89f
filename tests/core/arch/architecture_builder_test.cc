#include "core/arch/architecture_builder.h"

#include <gtest/gtest.h>

#include "tests/support/json_text.h"

namespace plimsoll {
namespace {

constexpr const char* kPlain =
    R"({"hidden_size":64,"vocab_size":100,"num_hidden_layers":6,"num_attention_heads":8,
        "num_key_value_heads":2,"max_position_embeddings":4096})";

TEST(ArchitectureBuilder, ReadsWhatAllFamiliesShare) {
  const Json config = JsonOfText(kPlain);
  ArchitectureBuilder builder(config, "model");
  builder.ReadCommon(true);
  ASSERT_FALSE(builder.failed());
  EXPECT_EQ(builder.architecture.hidden, 64);
  EXPECT_EQ(builder.architecture.vocab, 100);
  EXPECT_EQ(builder.architecture.layers, 6);
  EXPECT_EQ(builder.architecture.dtype, DType::kBf16);
  EXPECT_TRUE(builder.architecture.tied_embeddings);
  EXPECT_EQ(builder.base.attention.heads, 8);
  EXPECT_EQ(builder.base.attention.kv_heads, 2);
  EXPECT_EQ(builder.base.attention.key_dim, 8) << "hidden / heads";
  EXPECT_EQ(builder.base.attention.value_dim, 8);
}

TEST(ArchitectureBuilder, AFamilysHeadWidthGivesWayToTheConfigs) {
  Json config = JsonOfText(kPlain);
  ArchitectureBuilder fallback(config, "");
  fallback.ReadCommon(false, 128);
  EXPECT_EQ(fallback.base.attention.key_dim, 128);
  EXPECT_FALSE(fallback.architecture.tied_embeddings);
  config.Set("head_dim", 32);
  ArchitectureBuilder given(config, "");
  given.ReadCommon(false, 128);
  EXPECT_EQ(given.base.attention.key_dim, 32);
}

TEST(ArchitectureBuilder, NestedTextConfigsAreReadAndNamedInErrors) {
  const Json config = JsonOfText(R"({"tie_word_embeddings":true,"torch_dtype":"float16","text_config":
      {"hidden_size":64,"vocab_size":100,"num_hidden_layers":2,"num_attention_heads":8,"num_key_value_heads":3}})");
  ArchitectureBuilder builder(config, "model");
  builder.ReadCommon(false);
  EXPECT_TRUE(builder.architecture.tied_embeddings) << "from the outer object";
  EXPECT_EQ(builder.architecture.dtype, DType::kFp16);
  ASSERT_TRUE(builder.failed());
  EXPECT_EQ(builder.error().field, "model.text_config.num_key_value_heads");
  EXPECT_EQ(builder.error().accepted, "a divisor of num_attention_heads (8)");
}

TEST(ArchitectureBuilder, TypesOfNumbersByTheirNames) {
  const struct {
    const char* name;
    DType type;
  } cases[] = {{"bfloat16", DType::kBf16}, {"torch.bfloat16", DType::kBf16}, {"float16", DType::kFp16},
               {"half", DType::kFp16},     {"float32", DType::kFp32},        {"torch.float", DType::kFp32}};
  for (const auto& c : cases) {
    Json config = JsonOfText(kPlain);
    config.Set("torch_dtype", c.name);
    ArchitectureBuilder builder(config, "");
    builder.ReadCommon(false);
    EXPECT_FALSE(builder.failed()) << c.name;
    EXPECT_EQ(builder.architecture.dtype, c.type) << c.name;
  }
  Json config = JsonOfText(kPlain);
  config.Set("dtype", "int3");
  ArchitectureBuilder builder(config, "");
  builder.ReadCommon(false);
  ASSERT_TRUE(builder.failed());
  EXPECT_EQ(builder.error().field, "dtype");
}

TEST(ArchitectureBuilder, LayersAlikeAreOneGroup) {
  const Json config = JsonOfText(kPlain);
  ArchitectureBuilder builder(config, "");
  builder.ReadCommon(false);
  LayerShape other = builder.base;
  other.norms = 4;
  const int32_t first = builder.GroupOf(builder.base);
  const int32_t second = builder.GroupOf(other);
  EXPECT_NE(first, second);
  EXPECT_EQ(builder.GroupOf(builder.base), first);
  for (const int32_t group : {first, second, first}) builder.Append(group);
  ASSERT_EQ(builder.architecture.groups.size(), 2u);
  EXPECT_EQ(builder.architecture.groups[0].count, 2);
  EXPECT_EQ(builder.architecture.groups[1].count, 1);
  EXPECT_EQ(builder.architecture.layer_group, (std::vector<uint16_t>{0, 1, 0}));
}

TEST(ArchitectureBuilder, MoreThan256KindsOfLayersAreRefused) {
  const Json config = JsonOfText(kPlain);
  ArchitectureBuilder builder(config, "");
  builder.ReadCommon(false);
  for (int i = 0; i < 256; ++i) {
    builder.base.mlp.intermediate = 100 + i;
    builder.GroupOf(builder.base);
  }
  EXPECT_FALSE(builder.failed());
  builder.base.mlp.intermediate = 99;
  builder.GroupOf(builder.base);
  EXPECT_TRUE(builder.failed());
  EXPECT_EQ(builder.architecture.groups.size(), 256u);
}

TEST(ArchitectureBuilder, AWindowThatCutsNothingOffIsNone) {
  const std::vector<LayerType> types = {LayerType::kSliding, LayerType::kFull, LayerType::kChunked};
  const struct {
    int64_t window;
    size_t groups;
  } cases[] = {{1024, 3}, {4095, 3}, {4096, 1}, {0, 1}};
  for (const auto& c : cases) {
    const Json config = JsonOfText(kPlain);
    ArchitectureBuilder builder(config, "");
    builder.ReadCommon(false);
    builder.AppendByType(types, c.window);
    EXPECT_EQ(builder.architecture.groups.size(), c.groups) << c.window;
    if (c.groups == 1) continue;
    EXPECT_EQ(builder.architecture.groups[0].shape.attention.kind, AttentionKind::kSliding);
    EXPECT_EQ(builder.architecture.groups[0].shape.attention.window, c.window);
    EXPECT_EQ(builder.architecture.groups[1].shape.attention.kind, AttentionKind::kFull);
    EXPECT_EQ(builder.architecture.groups[1].shape.attention.window, 0);
    EXPECT_EQ(builder.architecture.groups[2].shape.attention.kind, AttentionKind::kChunked);
  }
}

TEST(ArchitectureBuilder, ExpertsStandWhereTheyAreMarked) {
  const Json config = JsonOfText(kPlain);
  ArchitectureBuilder builder(config, "");
  builder.ReadCommon(false);
  Mlp sparse;
  sparse.kind = MlpKind::kMoe;
  sparse.experts = 4;
  builder.AppendByType(std::vector<LayerType>(4, LayerType::kFull), 0, {0, 1, 1}, sparse);
  ASSERT_EQ(builder.architecture.groups.size(), 2u);
  EXPECT_EQ(builder.architecture.groups[0].shape.mlp.kind, MlpKind::kDense);
  EXPECT_EQ(builder.architecture.groups[0].count, 2) << "the mark of the last layer is missing";
  EXPECT_EQ(builder.architecture.groups[1].shape.mlp.experts, 4);
  EXPECT_EQ(builder.architecture.groups[1].count, 2);
}

TEST(ArchitectureBuilder, LayerTypesByEveryNameTheyHave) {
  Json config = JsonOfText(kPlain);
  config.Set("layer_types", JsonOfText(R"(["global_attention","local_attention","chunked_attention","mamba",
                                           "recurrent","attention"])"));
  ArchitectureBuilder builder(config, "");
  builder.ReadCommon(false);
  EXPECT_EQ(builder.LayerTypes(),
            (std::vector<LayerType>{LayerType::kFull, LayerType::kSliding, LayerType::kChunked,
                                    LayerType::kLinear, LayerType::kLinear, LayerType::kFull}));
  EXPECT_FALSE(builder.failed());
  config.Set("layer_types",
             JsonOfText(R"(["attention","attention","?","attention","attention","attention"])"));
  ArchitectureBuilder bad(config, "");
  bad.ReadCommon(false);
  EXPECT_EQ(bad.LayerTypes().size(), 6u);
  ASSERT_TRUE(bad.failed());
  EXPECT_EQ(bad.error().field, "layer_types");
}

}  // namespace
}  // namespace plimsoll
