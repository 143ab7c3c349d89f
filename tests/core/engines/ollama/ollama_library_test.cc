#include "core/engines/ollama/ollama_library.h"

#include <gtest/gtest.h>

#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

std::string Config(const char* model, const char* format, const char* engine) {
  return std::string(R"({"gpu":"h100-sxm","model":")") + model + R"(","format":")" + format +
         R"(","engine":")" + engine + "\"}";
}

// blk.*.ffn_down_exps are all Q6_K there: 20 of 40 layers are not by llama-quantize's rules.
TEST(OllamaLibrary, ItsFilesOfGatedDeltaModelsAreLarger) {
  const EstimatedCase library = EstimateText(Config("qwen3.6-35b-a3b", "gguf-q4_k_m", "ollama"));
  const EstimatedCase rules = EstimateText(Config("qwen3.6-35b-a3b", "gguf-q4_k_m", "llama.cpp"));
  EXPECT_TRUE(library.Has("library_file"));
  EXPECT_FALSE(rules.Has("library_file"));
  EXPECT_GT(library.resolved.stored.checkpoint, rules.resolved.stored.checkpoint + GiB(1));
  EXPECT_EQ(library.resolved.format->id, "gguf-q4_k_m");
}

TEST(OllamaLibrary, OtherFamiliesAndFormatsAreAsEverywhere) {
  for (const auto& [model, format] :
       {std::pair{"qwen3.6-35b-a3b", "gguf-q8_0"}, std::pair{"llama-3.1-8b", "gguf-q4_k_m"}}) {
    const EstimatedCase library = EstimateText(Config(model, format, "ollama"));
    const EstimatedCase rules = EstimateText(Config(model, format, "llama.cpp"));
    EXPECT_FALSE(library.Has("library_file")) << model;
    EXPECT_EQ(library.resolved.stored.checkpoint, rules.resolved.stored.checkpoint) << model;
  }
}

}  // namespace
}  // namespace plimsoll
