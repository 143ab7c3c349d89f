#include "core/files/file_tensors.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

TEST(FileTensors, TheFirstNumberIsTheLayer) {
  EXPECT_EQ(LayerOfName("model.layers.12.mlp.experts.7.up_proj.weight"), 12);
  EXPECT_EQ(LayerOfName("blk.3.attn_q.weight"), 3);
  EXPECT_EQ(LayerOfName("model.norm.weight"), -1);
  EXPECT_EQ(LayerOfName("experts.7.w1"), -1) << "an expert is no layer";
  EXPECT_EQ(LayerOfName(""), -1);
  EXPECT_EQ(LayerOfName("blk.9999999.x"), 1 << 20) << "hostile numbers are cut";
  EXPECT_EQ(LayerOfName("blk.99999999.x"), -1) << "and longer ones are no numbers";
}

TEST(FileTensors, RolesByHuggingFaceAndGgufNames) {
  const struct {
    const char* name;
    TensorRole role;
  } cases[] = {{"model.embed_tokens.weight", TensorRole::kEmbedding},
               {"token_embd.weight", TensorRole::kEmbedding},
               {"lm_head.weight", TensorRole::kHead},
               {"output.weight", TensorRole::kHead},
               {"output_norm.weight", TensorRole::kNorm},
               {"blk.0.attn_q.weight", TensorRole::kAttention},
               {"blk.0.attn_norm.weight", TensorRole::kNorm},
               {"blk.0.attn_output.weight", TensorRole::kAttention},
               {"model.layers.0.self_attn.q_proj.weight", TensorRole::kAttention},
               {"blk.0.ffn_gate.weight", TensorRole::kMlp},
               {"blk.0.ffn_gate_exps.weight", TensorRole::kExpert},
               {"blk.0.ffn_gate_shexp.weight", TensorRole::kSharedExpert},
               {"blk.0.ffn_gate_inp.weight", TensorRole::kRouter},
               {"model.layers.0.mlp.gate.weight", TensorRole::kRouter},
               {"model.layers.0.mlp.gate_proj.weight", TensorRole::kMlp},
               {"model.layers.0.mlp.experts.1.up_proj.weight", TensorRole::kExpert},
               {"model.layers.0.mlp.shared_expert.up_proj.weight", TensorRole::kSharedExpert},
               {"model.layers.0.linear_attn.in_proj_qkvz.weight", TensorRole::kRecurrent},
               {"blk.0.ssm_a", TensorRole::kRecurrent},
               {"model.layers.0.self_attn.indexer.wk.weight", TensorRole::kIndexer},
               {"visual.blocks.0.attn.qkv.weight", TensorRole::kVision},
               {"multi_modal_projector.linear_1.weight", TensorRole::kProjector},
               {"whatever", TensorRole::kOther}};
  for (const auto& c : cases) EXPECT_EQ(RoleOfName(c.name), c.role) << c.name;
}

TEST(FileTensors, WhatDiffersInNumbersAloneIsOneRow) {
  RowCollector collector;
  for (int layer : {2, 0, 1, 0}) {
    for (int expert = 0; expert < 2; ++expert) {
      collector.Add("model.layers." + std::to_string(layer) + ".mlp.experts." + std::to_string(expert) +
                        ".up_proj.weight",
                    "BF16", 4, 8, Bytes(64));
    }
  }
  collector.Add("model.layers.0.mlp.experts.9.up_proj.weight", "F32", 4, 8, Bytes(128));
  collector.Add("mtp.fc.weight", "BF16", 2, 2, Bytes(8));
  const std::vector<InventoryRow> rows = collector.Take();
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].name, "model.layers.{}.mlp.experts.{e}.up_proj.weight");
  EXPECT_EQ(rows[0].count, 8);
  EXPECT_EQ(rows[0].bytes, Bytes(8 * 64));
  EXPECT_EQ(rows[0].layers, (std::vector<int32_t>{0, 1, 2})) << "in order, each once";
  EXPECT_EQ(rows[1].type, "F32") << "another type is another row";
  EXPECT_EQ(rows[2].part, TensorPart::kMtp);
  EXPECT_TRUE(rows[2].layers.empty());
}

// Blocks within a layer are not layers: their number stays in the name.
TEST(FileTensors, ASecondNumberStays) {
  RowCollector collector;
  for (const char* block : {"0", "1"})
    collector.Add("stages.4.blocks." + std::string(block) + ".conv.weight", "BF16", 4, 8, Bytes(64));
  const std::vector<InventoryRow> rows = collector.Take();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].name, "stages.{}.blocks.0.conv.weight");
  EXPECT_EQ(rows[0].layers, std::vector<int32_t>{4});
}

}  // namespace
}  // namespace plimsoll
