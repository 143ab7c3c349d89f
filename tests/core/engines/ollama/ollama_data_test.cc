#include "core/engines/ollama/ollama_data.h"

#include <gtest/gtest.h>

#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

std::vector<size_t> Library(const std::string& cards) {
  const EstimatedCase answer = EstimateText(
      R"({"model":"llama-3.1-8b","format":"gguf-q4_k_m","engine":"ollama","gpu":)" + cards + "}");
  EXPECT_EQ(answer.error, "");
  return CardsOfOneLibrary(answer.resolved, OllamaOf(answer.resolved).free);
}

TEST(OllamaData, CardsOfOneLibrary) {
  EXPECT_EQ(Library(R"(["rtx-3090"])"), (std::vector<size_t>{0}));
  EXPECT_EQ(Library(R"(["rtx-3090","rtx-4090"])"), (std::vector<size_t>{0, 1}));
  EXPECT_EQ(Library(R"(["rx-7900-xtx","rtx-3090","rtx-4090"])"), (std::vector<size_t>{1, 2}))
      << "more memory";
  EXPECT_EQ(Library(R"(["ryzen-ai-max-395","rtx-3060-12gb"])"), (std::vector<size_t>{1}))
      << "a card of its own first";
}

TEST(OllamaData, TheDefaultsStandForNoEngine) { EXPECT_EQ(OllamaOf(Resolved()).cards.size(), 0u); }

}  // namespace
}  // namespace plimsoll
