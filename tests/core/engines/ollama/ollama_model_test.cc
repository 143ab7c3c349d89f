#include "core/engines/ollama/ollama_model.h"

#include <gtest/gtest.h>

#include "core/engines/ollama/ollama_data.h"
#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

OllamaModel Of(const std::string& model, const std::string& format = "gguf-q4_k_m") {
  static std::vector<EstimatedCase> kept;
  kept.push_back(EstimateText(R"({"engine":"ollama","gpu":"h100-sxm","model":")" + model + R"(","format":")" +
                              format + "\"}"));
  return OllamaOf(kept.back().resolved).model;
}

TEST(OllamaModel, WhatTheHeaderSays) {
  const OllamaModel model = Of("llama-3.2-3b");
  EXPECT_EQ(model.family, "llama");
  EXPECT_EQ(model.layers.size(), 28u);
  EXPECT_EQ(model.heads, 24);
  EXPECT_EQ(model.kv_heads, 8);
  EXPECT_EQ(model.fewest_kv_heads, 8);
  EXPECT_EQ(model.key_length, 128);
  EXPECT_EQ(model.embedding, 3072);
  EXPECT_EQ(model.vocab, 128256);
  EXPECT_EQ(model.trained, 131072);
  EXPECT_FALSE(model.embeds);
  Bytes all = model.output;
  for (const Bytes layer : model.layers) all += layer;
  EXPECT_NEAR(all.mib(), 1918.35, 0.1)
      << "the model buffer that llama.cpp logs: the output stands for its twin";
}

// Hybrids with one interval say their heads once; others list zeros, which count as one.
TEST(OllamaModel, HeadsOfHybrids) {
  EXPECT_EQ(Of("qwen3.6-27b", "gguf-q8_0").fewest_kv_heads, 4);
  EXPECT_EQ(Of("qwen3.6-27b", "gguf-q8_0").layers.size(), 65u) << "the block that predicts counts";
  EXPECT_EQ(Of("nemotron-3-nano-30b-a3b").fewest_kv_heads, 1);
}

TEST(OllamaModel, ExpertsAndTowers) {
  EXPECT_GT(Of("mixtral-8x7b").first_experts, MiB(200));
  EXPECT_EQ(Of("llama-3.2-3b").first_experts, Bytes(0));
  const OllamaModel gemma = Of("gemma-3-12b");
  EXPECT_NEAR(gemma.projector.mib(), 813, 2);
  // 4 x (896 x 896 x 3 + 1152 x 14 + 4096 x 4096 x 16).
  EXPECT_EQ(gemma.image_graph, Bytes(4) * (896 * 896 * 3 + 1152 * 14 + int64_t{4096} * 4096 * 16));
}

TEST(OllamaModel, Encoders) {
  EXPECT_TRUE(Of("bge-m3", "gguf-f16").embeds);
  EXPECT_FALSE(Of("qwen3-8b").embeds);
}

}  // namespace
}  // namespace plimsoll
