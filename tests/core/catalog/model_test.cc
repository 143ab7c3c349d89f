#include "core/catalog/model.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

constexpr std::string_view kTiny = R"({
  "id": "tiny", "name": "Tiny", "hf_repo": "Nobody/Tiny", "native_format": "bf16",
  "published_params": {"total": 8232, "active": 8232, "basis": "exact"},
  "config": {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "torch_dtype": "bfloat16",
             "num_hidden_layers": 1, "hidden_size": 8, "intermediate_size": 16, "num_attention_heads": 2,
             "num_key_value_heads": 1, "vocab_size": 64, "max_position_embeddings": 128, "tie_word_embeddings": true},
  "checkpoints": [{"repo": "Nobody/Tiny-AWQ", "format": "awq-int4"}]})";

Model Read(std::string_view text) {
  Result<Model> model = ReadModel(text, "models[0]");
  EXPECT_TRUE(model.ok()) << model.error().Message();
  return std::move(*model);
}

TEST(Model, IsNamedAtOnceAndReadWhenAskedFor) {
  const Model model = Read(kTiny);
  EXPECT_EQ(model.hf_repo, "Nobody/Tiny");
  EXPECT_EQ(model.published_total, 8232);
  EXPECT_FALSE(model.refused());
  // Embedding 64 x 8; q and o 8 x 8, k and v 4 x 8; three of 16 x 8; three norms of 8.
  EXPECT_EQ(model.parameters().total, 512 + 128 + 64 + 384 + 24);
  EXPECT_EQ(model.architecture().hidden, 8);
  ASSERT_NE(model.FindCheckpoint("awq-int4"), nullptr);
  EXPECT_EQ(model.FindCheckpoint("awq-int4")->repo, "Nobody/Tiny-AWQ");
  EXPECT_EQ(model.FindCheckpoint("fp8"), nullptr);
}

TEST(Model, WhatWasReadStaysWhereItIs) {
  Model first = Read(kTiny);
  const Architecture* architecture = &first.architecture();
  const Model second = std::move(first);
  EXPECT_EQ(&second.architecture(), architecture);
}

TEST(Model, WhatIsNotUnderstoodStaysWithItsReason) {
  const Model unknown =
      Read(R"({"id":"a","config":{"architectures":["NobodyKnowsForCausalLM"],"model_type":"nobody"}})");
  ASSERT_TRUE(unknown.refused());
  EXPECT_NE(unknown.refused()->Message().find("NobodyKnows"), std::string::npos);

  std::string broken(kTiny);
  broken.replace(broken.find("awq-int4"), 8, "awq-int5");
  const Model checkpoint = Read(broken);
  ASSERT_TRUE(checkpoint.refused());
  EXPECT_NE(checkpoint.refused()->Message().find("awq-int5"), std::string::npos);
  EXPECT_TRUE(checkpoint.checkpoints().empty());
}

TEST(Model, AnEntryWithoutItsNameOrItsConfigIsRefused) {
  EXPECT_EQ(ReadModel("{", "models[3]").error().field, "models[3]");
  EXPECT_EQ(ReadModel("{}", "models[3]").error().field, "models[3].id");
  EXPECT_EQ(ReadModel(R"({"id":"a"})", "models[3]").error().field, "models[3].config");
}

}  // namespace
}  // namespace plimsoll
