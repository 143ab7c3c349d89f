#include "core/engines/ollama/ollama_rules.h"

#include <gtest/gtest.h>

#include "core/engines/ollama/ollama_version.h"

namespace plimsoll {
namespace {

EngineVersion Release(const char* text) { return *ReadOllamaVersion(text, "v"); }

TEST(OllamaRules, FamiliesAreGgufsNames) {
  const struct {
    const char *name, *type, *family;
  } rows[] = {{"LlamaForCausalLM", "llama", "llama"},
              {"MistralForCausalLM", "mistral", "llama"},
              {"Mistral3ForConditionalGeneration", "mistral3", "mistral3"},
              {"Qwen3_5MoeForConditionalGeneration", "qwen3_5_moe", "qwen35moe"},
              {"GptOssForCausalLM", "gpt_oss", "gptoss"},
              {"Gemma2ForCausalLM", "gemma2", "gemma2"}};
  for (const auto& row : rows) {
    Architecture architecture;
    architecture.name = row.name;
    architecture.model_type = row.type;
    EXPECT_EQ(OllamaFamily(architecture), row.family) << row.name;
  }
}

TEST(OllamaRules, WhoLaysAModelOut) {
  EXPECT_EQ(EraOf(Release("0.11.4"), "llama"), OllamaEra::kEstimate);
  EXPECT_EQ(EraOf(Release("0.12.10"), "llama"), OllamaEra::kEstimate);
  EXPECT_EQ(EraOf(Release("0.12.11"), "llama"), OllamaEra::kLayout);
  EXPECT_EQ(EraOf(Release("0.12.0"), "gemma3"), OllamaEra::kLayout);
  EXPECT_EQ(EraOf(Release("0.11.4"), "gemma3"), OllamaEra::kEstimate);
  EXPECT_EQ(EraOf(Release("0.30.0"), "gemma3"), OllamaEra::kServer);
  EXPECT_TRUE(RunsOwnEngine(Release("0.17.1"), "qwen35"));
  EXPECT_FALSE(RunsOwnEngine(Release("0.17.0"), "qwen35"));
  EXPECT_FALSE(RunsOwnEngine(Release("0.30.0"), "qwen35"));
  EXPECT_FALSE(RunsOwnEngine(Release("0.24.0"), "llama"));
}

TEST(OllamaRules, TheContextGoesByReleaseAndMemory) {
  EXPECT_EQ(OllamaContext(Release("0.6.6"), "llama", GiB(80)), 2048);
  EXPECT_EQ(OllamaContext(Release("0.6.7"), "llama", GiB(80)), 4096);
  EXPECT_EQ(OllamaContext(Release("0.15.4"), "gptoss", GiB(20)), 8192);
  EXPECT_EQ(OllamaContext(Release("0.15.4"), "gptoss", GiB(19)), 4096);
  EXPECT_EQ(OllamaContext(Release("0.15.5"), "llama", GiB(47)), 262144);
  EXPECT_EQ(OllamaContext(Release("0.15.5"), "llama", GiB(47) - Bytes(1)), 32768);
  EXPECT_EQ(OllamaContext(Release("0.15.5"), "llama", GiB(23)), 32768);
  EXPECT_EQ(OllamaContext(Release("0.15.5"), "gptoss", GiB(23) - Bytes(1)), 4096);
}

TEST(OllamaRules, Slots) {
  EXPECT_EQ(OllamaSlots(Release("0.5.7")).first, 4);
  EXPECT_EQ(OllamaSlots(Release("0.5.7")).second, 1);
  EXPECT_EQ(OllamaSlots(Release("0.9.6")).first, 2);
  EXPECT_EQ(OllamaSlots(Release("0.10.0")).first, 1);
  EXPECT_TRUE(AllowsOneSlot(Release("0.32.14"), "qwen35"));
  EXPECT_FALSE(AllowsOneSlot(Release("0.32.14"), "llama"));
  EXPECT_FALSE(AllowsOneSlot(Release("0.12.6"), "qwen3vl"));
}

TEST(OllamaRules, FlashAttention) {
  EXPECT_FALSE(FlashByDefault(Release("0.12.3"), "qwen3"));
  EXPECT_TRUE(FlashByDefault(Release("0.12.4"), "qwen3"));
  EXPECT_FALSE(FlashByDefault(Release("0.13.3"), "llama"));
  EXPECT_TRUE(FlashByDefault(Release("0.13.4"), "llama")) << "the llama.cpp inside decides by itself";
  EXPECT_TRUE(FlashByDefault(Release("0.30.0"), "llama"));
  Architecture even, uneven;
  even.groups.resize(1);
  even.groups[0].shape.attention = {.kind = AttentionKind::kFull, .key_dim = 128, .value_dim = 128};
  uneven.groups = even.groups;
  uneven.groups[0].shape.attention.key_dim = 192;
  EXPECT_TRUE(FlashPossible(Release("0.21.0"), "llama", even));
  EXPECT_FALSE(FlashPossible(Release("0.21.0"), "deepseek2", uneven));
  EXPECT_FALSE(FlashPossible(Release("0.21.0"), "gemma2", even));
  EXPECT_TRUE(FlashPossible(Release("0.30.0"), "deepseek2", uneven));
}

}  // namespace
}  // namespace plimsoll
