#include "core/engines/ollama/ollama_commands.h"

#include <gtest/gtest.h>

#include "tests/support/check_text.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

std::string Format(std::string_view model, std::string_view tag, bool* by_habit) {
  return LibraryFormat(*ShippedCatalog().FindModel(model), tag, by_habit);
}

TEST(OllamaCommands, NamesWithoutASizeStandForOne) {
  EXPECT_EQ(LibraryName("llama3.2"), "llama3.2:3b");
  EXPECT_EQ(LibraryName("library/qwen3:latest"), "qwen3:8b");
  EXPECT_EQ(LibraryName("deepseek-r1:14b-qwen-distill-q8_0"),
            "deepseek-r1-distill-qwen-14b-qwen-distill-q8_0");
  EXPECT_EQ(LibraryName("qwen3:14b"), "qwen3:14b");
}

TEST(OllamaCommands, TagsSayTheirFormatOrHaveOneByHabit) {
  bool by_habit = false;
  EXPECT_EQ(Format("gemma-3-27b", "gemma3:27b-it-qat", &by_habit), "gguf-q4_0");
  EXPECT_EQ(Format("qwen3-8b", "qwen3:8b-fp16", &by_habit), "gguf-f16");
  EXPECT_FALSE(by_habit);
  EXPECT_EQ(Format("qwen3-8b", "qwen3:8b", &by_habit), "gguf-q4_k_m");
  EXPECT_TRUE(by_habit);
  EXPECT_EQ(Format("gpt-oss-20b", "gpt-oss:20b", &by_habit), "gguf-mxfp4_moe");
  EXPECT_EQ(Format("llama-2-7b", "llama2:7b", &by_habit), "gguf-q4_0");
}

TEST(OllamaCommands, ParametersAndVariablesAreRows) {
  const EngineLanguage& language = OllamaLanguage();
  const OptionTable& table = *language.programs.front().table;
  for (const char* name : {"FROM", "num_ctx", "num_gpu", "ADAPTER", "temperature", "TEMPLATE"}) {
    EXPECT_TRUE(FindOption(table, language.syntax, name)) << name;
  }
  for (const char* name :
       {"OLLAMA_NUM_PARALLEL", "OLLAMA_KV_CACHE_TYPE", "OLLAMA_HOST", "CUDA_VISIBLE_DEVICES"}) {
    EXPECT_TRUE(FindVariable(table, name)) << name;
  }
  EXPECT_FALSE(FindOption(table, language.syntax, "num_nothing"));
}

// What is asked of the model and what is typed at its prompt.
TEST(OllamaCommands, APromptCostsNothingAndSetChanges) {
  const CheckResult read = Checked(
      "ollama run qwen3:8b \"why is the sea salt\"\n>>> /set parameter num_ctx 8192\n"
      ">>> /set parameter num_gpu 20\n>>> /set nothink");
  EXPECT_TRUE(read.not_understood.empty());
  EXPECT_EQ(read.config.max_model_len, 8192);
  EXPECT_EQ(read.config.n_gpu_layers, 20);
  EXPECT_FALSE(HasProblem(Checked("ollama run deepseek-r1:14b"), "model_unknown"));
  const CheckResult unknown = Checked("ollama run nobody:14b");
  EXPECT_TRUE(HasProblem(unknown, "model_unknown"));
  EXPECT_EQ(unknown.not_understood.size(), 1U);
  EXPECT_EQ(Checked("ollama run qwen3:8b\n/set parameter num_nothing 3").not_understood.size(), 1U);
}

}  // namespace
}  // namespace plimsoll
