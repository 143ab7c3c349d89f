#include "core/weights/gguf_tensors.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

std::map<std::string, GgufTensor> Of(std::string_view id) {
  std::map<std::string, GgufTensor> tensors;
  for (GgufTensor& tensor : ListGgufTensors(ShippedCatalog().FindModel(id)->architecture())) {
    const std::string name = tensor.name;
    EXPECT_TRUE(tensors
                    .emplace(name + (tensor.group > 0 ? "#" + std::to_string(tensor.group) : "") +
                                 (tensor.mtp ? "!" : ""),
                             tensor)
                    .second)
        << name;
  }
  return tensors;
}

// gguf-dump of Meta-Llama-3.1-8B: nine tensors in each layer, four beside them.
TEST(GgufTensors, LlamaByName) {
  const std::map<std::string, GgufTensor> tensors = Of("llama-3.1-8b");
  const struct {
    const char* name;
    int64_t ne0, ne1;
    GgufCategory category;
    bool quantizable;
  } cases[] = {
      {"token_embd.weight", 4096, 128256, GgufCategory::kTokenEmbedding, true},
      {"output.weight", 4096, 128256, GgufCategory::kOutput, true},
      {"output_norm.weight", 4096, 1, GgufCategory::kOther, false},
      {"rope_freqs.weight", 64, 1, GgufCategory::kOther, false},
      {"blk.{}.attn_q.weight", 4096, 4096, GgufCategory::kAttentionQ, true},
      {"blk.{}.attn_k.weight", 4096, 1024, GgufCategory::kAttentionK, true},
      {"blk.{}.attn_v.weight", 4096, 1024, GgufCategory::kAttentionV, true},
      {"blk.{}.attn_output.weight", 4096, 4096, GgufCategory::kAttentionOutput, true},
      {"blk.{}.ffn_gate.weight", 4096, 14336, GgufCategory::kFfnGate, true},
      {"blk.{}.ffn_up.weight", 4096, 14336, GgufCategory::kFfnUp, true},
      {"blk.{}.ffn_down.weight", 14336, 4096, GgufCategory::kFfnDown, true},
      {"blk.{}.attn_norm.weight", 4096, 1, GgufCategory::kOther, false},
      {"blk.{}.ffn_norm.weight", 4096, 1, GgufCategory::kOther, false},
  };
  EXPECT_EQ(tensors.size(), std::size(cases));
  for (const auto& c : cases) {
    const auto found = tensors.find(c.name);
    ASSERT_NE(found, tensors.end()) << c.name;
    EXPECT_EQ(found->second.ne0, c.ne0) << c.name;
    EXPECT_EQ(found->second.ne1, c.ne1) << c.name;
    EXPECT_EQ(found->second.category, c.category) << c.name;
    EXPECT_EQ(found->second.quantizable, c.quantizable) << c.name;
    EXPECT_FALSE(found->second.expert) << c.name;
  }
}

// The converter stacks experts and keeps the router in 32 bits.
TEST(GgufTensors, ExpertsAreOneTensorAndTheRouterStays) {
  const std::map<std::string, GgufTensor> tensors = Of("qwen3-30b-a3b");
  const GgufTensor& down = tensors.at("blk.{}.ffn_down_exps.weight");
  EXPECT_EQ(down.ne0, 768);
  EXPECT_EQ(down.ne1, 2048);
  EXPECT_EQ(down.ne2, 128);
  EXPECT_TRUE(down.expert);
  EXPECT_TRUE(down.quantizable);
  EXPECT_FALSE(tensors.at("blk.{}.ffn_gate_inp.weight").quantizable);
  EXPECT_FALSE(tensors.at("blk.{}.attn_q_norm.weight").quantizable);
}

// MLA's kv_b splits, so that the latent can be absorbed: keys transposed, per head.
TEST(GgufTensors, TheLatentsProjectionSplits) {
  const std::map<std::string, GgufTensor> tensors = Of("deepseek-v2-lite");
  const GgufTensor& k = tensors.at("blk.{}.attn_k_b.weight");
  EXPECT_EQ(k.ne0, 128);
  EXPECT_EQ(k.ne1, 512);
  EXPECT_EQ(k.ne2, 16);
  const GgufTensor& v = tensors.at("blk.{}.attn_v_b.weight");
  EXPECT_EQ(v.ne0, 512);
  EXPECT_EQ(v.ne1, 128);
  EXPECT_EQ(tensors.at("blk.{}.attn_kv_a_mqa.weight").ne1, 576);
  EXPECT_EQ(tensors.count("blk.{}.attn_kv_b.weight"), 0u);
}

TEST(GgufTensors, ATiedHeadIsNotWrittenAndVisionIsAnotherFile) {
  EXPECT_EQ(Of("llama-3.2-1b").count("output.weight"), 0u);
  for (const auto& [name, tensor] : Of("gemma-3-4b")) EXPECT_EQ(name.find("visi"), std::string::npos) << name;
}

// tensors outside layers first, then group by group by name, MTP layers last.
TEST(GgufTensors, InTheOrderInWhichLlamaQuantizeWalks) {
  for (const char* id : {"llama-3.1-8b", "glm-4.5-air", "qwen3.5-35b-a3b", "gemma-3-4b"}) {
    const std::vector<GgufTensor> tensors = ListGgufTensors(ShippedCatalog().FindModel(id)->architecture());
    for (size_t i = 1; i < tensors.size(); ++i) {
      const GgufTensor &a = tensors[i - 1], &b = tensors[i];
      EXPECT_LE(a.mtp, b.mtp) << id << " " << b.name;
      if (a.mtp != b.mtp) continue;
      EXPECT_LE(a.group, b.group) << id << " " << b.name;
      if (a.group == b.group) {
        EXPECT_LT(a.name, b.name) << id;
      }
    }
  }
  EXPECT_TRUE(Of("glm-4.5-air").at("blk.{}.nextn.eh_proj.weight!").mtp);
}

}  // namespace
}  // namespace plimsoll
