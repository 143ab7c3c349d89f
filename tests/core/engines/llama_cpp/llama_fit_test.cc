#include "core/engines/llama_cpp/llama_fit.h"

#include <gtest/gtest.h>

#include <memory>

#include "core/config/config_codec.h"
#include "core/engines/llama_cpp/llama_engine.h"
#include "core/engines/llama_cpp/llama_plan.h"
#include "core/engines/settle.h"
#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

// A settled configuration whose engine data can be changed.
struct Fitted {
  std::unique_ptr<Config> config;
  Resolved resolved;
  LlamaData* data = nullptr;
  LlamaFit fit;
};

Fitted Fit(const std::string& json, Bytes margin) {
  Fitted f;
  f.config = std::make_unique<Config>(DecodeConfigJsonText(json)->config);
  Result<Resolved> settled = Settle(*f.config, TestCatalog());
  EXPECT_TRUE(settled.ok());
  f.resolved = std::move(*settled);
  auto data = std::make_shared<LlamaData>();
  f.data = data.get();
  f.resolved.engine_data = std::move(data);
  std::vector<size_t> cards;
  for (size_t i = 0; i < f.resolved.cards.size(); ++i) cards.push_back(i);
  f.fit = FitLlama(cards, margin, &f.resolved, f.data);
  return f;
}

std::string Config8k(const std::string& model, const std::string& gpu, const std::string& more = "") {
  return R"({"engine":"llama.cpp","format":"gguf-q4_k_m","max_model_len":8192,"max_num_seqs":1,"model":")" +
         model + R"(","gpu":")" + gpu + "\"" + more + "}";
}

std::vector<Bytes> Left(Fitted* f) {
  LlamaPlan plan(f->resolved);
  std::vector<Bytes> left;
  const std::vector<GpuReport> uses = plan.Fill(ContextOf(f->resolved));
  for (size_t i = 0; i < uses.size(); ++i) left.push_back(f->resolved.cards[i].capacity - uses[i].total);
  return left;
}

TEST(LlamaFit, WhatFitsIsLeftAlone) {
  const Fitted f = Fit(Config8k("llama-3.1-8b", "rtx-4090"), GiB(1));
  EXPECT_TRUE(f.fit.whole);
  EXPECT_EQ(f.data->overrides, nullptr);
  EXPECT_TRUE(f.data->options.tensor_split.empty());
  EXPECT_EQ(f.resolved.n_gpu_layers, 33);
}

// As many layers as keep the margin: one more would not.
TEST(LlamaFit, ADenseModelFillsACard) {
  Fitted f = Fit(Config8k("llama-3.3-70b", "rtx-4090"), GiB(1));
  EXPECT_FALSE(f.fit.whole);
  EXPECT_EQ(f.fit.overflowing, 0);
  EXPECT_GE(Left(&f)[0], GiB(1));
  ++f.resolved.n_gpu_layers;
  f.data->options.tensor_split = {static_cast<double>(f.resolved.n_gpu_layers)};
  EXPECT_LT(Left(&f)[0], GiB(1));
}

TEST(LlamaFit, SeveralCardsKeepTheirMargin) {
  Fitted f = Fit(Config8k("llama-3.3-70b", "rtx-4060-ti-16gb", R"(,"gpus":2)"), GiB(1));
  for (const Bytes left : Left(&f)) EXPECT_GE(left, GiB(1));
  EXPECT_GT(f.data->options.tensor_split[0], 20);
  EXPECT_GT(f.data->options.tensor_split[1], 20);
}

// Every layer's attention on the card, and experts of as many as there is room for.
TEST(LlamaFit, ExpertsGoToRamFirst) {
  Fitted f = Fit(Config8k("qwen3-30b-a3b", "rtx-3060-12gb"), GiB(1));
  EXPECT_EQ(f.resolved.n_gpu_layers, 49);
  EXPECT_GT(f.fit.overflowing, 10);
  EXPECT_LT(f.fit.overflowing, 40);
  EXPECT_NE(f.data->overrides, nullptr);
  const Bytes left = Left(&f)[0];
  EXPECT_GE(left, GiB(1));
  EXPECT_LT(left, GiB(1) + MiB(400)) << "less than one more layer's experts";
}

TEST(LlamaFit, WithoutRoomForAttentionLayersGoWhole) {
  Fitted f = Fit(Config8k("deepseek-v3", "rtx-3060-12gb"), GiB(1));
  EXPECT_LT(f.resolved.n_gpu_layers, 62);
  EXPECT_GE(Left(&f)[0], GiB(1));
}

TEST(LlamaFit, AMarginThatNothingLeaves) {
  Fitted f = Fit(Config8k("llama-3.3-70b", "rtx-4090"), GiB(100));
  EXPECT_EQ(f.resolved.n_gpu_layers, 0);
}

}  // namespace
}  // namespace plimsoll
