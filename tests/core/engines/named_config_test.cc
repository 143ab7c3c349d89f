#include "core/engines/named_config.h"

#include <gtest/gtest.h>

#include "core/engines/settle.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

TEST(NamedConfig, NamesBecomeIds) {
  Config config;
  config.model = "Qwen3 32B";
  config.gpu = {"RTX 4090", "NVIDIA GeForce RTX 3090"};
  config.format = Json("AWQ");
  std::vector<Diagnostic> diagnostics;
  TakeNames(ShippedCatalog(), &config, &diagnostics);
  EXPECT_EQ(config.model, "qwen3-32b");
  EXPECT_EQ(config.gpu, (std::vector<std::string>{"rtx-4090", "rtx-3090"}));
  EXPECT_EQ(config.format.AsString(), "awq-int4");
  EXPECT_TRUE(diagnostics.empty());
}

TEST(NamedConfig, ARepositoryTellsTheFormat) {
  std::vector<Diagnostic> diagnostics;
  Config known;
  known.model = "Qwen/Qwen3-32B-AWQ";
  TakeNames(ShippedCatalog(), &known, &diagnostics);
  EXPECT_EQ(known.model, "qwen3-32b");
  EXPECT_EQ(known.format.AsString(), "Qwen/Qwen3-32B-AWQ");
  EXPECT_TRUE(diagnostics.empty()) << "it is known";

  Config file;
  file.model = "someone/Qwen3-32B-GGUF:Q4_K_M";
  TakeNames(ShippedCatalog(), &file, &diagnostics);
  EXPECT_EQ(file.format.AsString(), "gguf-q4_k_m");
  EXPECT_EQ(file.engine, "llama.cpp");
  ASSERT_EQ(diagnostics.size(), 1u);
  EXPECT_EQ(diagnostics[0].code, "model_by_name");

  Config told;
  told.model = "Qwen/Qwen3-32B-AWQ";
  told.format = Json("fp8");
  TakeNames(ShippedCatalog(), &told, &diagnostics);
  EXPECT_EQ(told.format.AsString(), "fp8") << "what is given stays";
}

TEST(NamedConfig, WhatIsNotFoundIsLeftToBeRefused) {
  Config config;
  config.model = "llama-3.1-71b";
  config.gpu = {"rtx-4091"};
  std::vector<Diagnostic> diagnostics;
  TakeNames(ShippedCatalog(), &config, &diagnostics);
  EXPECT_EQ(config.model, "llama-3.1-71b");
  EXPECT_EQ(config.gpu[0], "rtx-4091");
  EXPECT_FALSE(Settle(config, ShippedCatalog()).ok());
}

// Settle alone answers alike, for those that skip TakeNames.
TEST(NamedConfig, SettleReadsTheSameNames) {
  for (const char* name : {"Qwen/Qwen3-32B-AWQ", "someone/Qwen3-32B-AWQ-4bit", "Qwen3 32B"}) {
    Config direct;
    direct.model = name;
    direct.gpu = {"NVIDIA H100 80GB HBM3"};
    Config taken = direct;
    std::vector<Diagnostic> diagnostics;
    TakeNames(ShippedCatalog(), &taken, &diagnostics);
    const Result<Resolved> a = Settle(direct, ShippedCatalog());
    const Result<Resolved> b = Settle(taken, ShippedCatalog());
    ASSERT_TRUE(a.ok() && b.ok()) << name;
    EXPECT_EQ(a->stored.checkpoint, b->stored.checkpoint) << name;
    EXPECT_EQ(a->format->id, b->format->id) << name;
    EXPECT_EQ(a->cards[0].gpu, b->cards[0].gpu) << name;
  }
}

}  // namespace
}  // namespace plimsoll
