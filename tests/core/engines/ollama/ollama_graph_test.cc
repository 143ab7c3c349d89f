#include "core/engines/ollama/ollama_graph.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

// Llama 3.2 3B.
OllamaModel SmallLlama() {
  OllamaModel model;
  model.family = "llama";
  model.embedding = 3072;
  model.heads = 24;
  model.kv_heads = model.fewest_kv_heads = 8;
  model.key_length = model.value_length = 128;
  model.vocab = 128256;
  model.layers.assign(28, MiB(60));
  model.layer_kv_heads.assign(28, 8);
  model.states.assign(28, Bytes(0));
  return model;
}

TEST(OllamaGraph, ALlamaOf4096Tokens) {
  const OllamaGraph graph = EstimateGraph(SmallLlama(), {.context = 4096});
  EXPECT_EQ(graph.cache_total, MiB(448));
  EXPECT_EQ(graph.cache.size(), 28u);
  EXPECT_EQ(graph.full, MiBFromDouble(256.5)) << "4 x 512 x (3072 + 128256): ollama/ollama#13763";
  // 4 x 512 x 3072, and 4 x 512 x (3072 + 128256) + 3072 x 128256 x 105/128.
  EXPECT_EQ(graph.partial, Bytes(6291456 + 268959744 + 323205120));
}

TEST(OllamaGraph, ScalesOfQuantisedCachesAreLeftOut) {
  EXPECT_EQ(EstimateGraph(SmallLlama(), {.context = 4096, .type = KvType::kQ8_0}).cache_total, MiB(224));
  EXPECT_EQ(EstimateGraph(SmallLlama(), {.context = 4096, .type = KvType::kQ4_0}).cache_total, MiB(112));
}

TEST(OllamaGraph, AnyOtherFamilyGetsItsCacheBySix) {
  OllamaModel model = SmallLlama();
  model.family = "olmo2";
  const OllamaGraph graph = EstimateGraph(model, {.context = 4096});
  EXPECT_EQ(graph.partial, MiB(448) * 3 / 6) << "24 / 8 query heads share a head of the cache";
  EXPECT_EQ(graph.full, graph.partial);
}

TEST(OllamaGraph, WindowsAreShort) {
  OllamaModel model = SmallLlama();
  model.family = "gemma3";
  model.window = 1024;
  const OllamaGraph graph = EstimateGraph(model, {.context = 32768});
  EXPECT_EQ(graph.cache[0], Bytes(1536 * 4096)) << "a window and a batch";
  EXPECT_EQ(graph.cache[5], Bytes(32768) * 4096) << "every sixth has the whole context";
  model.family = "gptoss";
  const OllamaGraph gptoss = EstimateGraph(model, {.context = 32768});
  EXPECT_EQ(gptoss.cache[0], Bytes(4608 * 4096));
  EXPECT_EQ(gptoss.cache[1], Bytes(32768) * 4096);
  EXPECT_EQ(gptoss.full, Bytes(32768) * 4096 * 28 * 12 / 6) << "of a cache without windows";
  EXPECT_EQ(EstimateGraph(model, {.context = 32768, .flash_attention = true}).full, MiB(4 + 32 + 110));
}

TEST(OllamaGraph, RecurrentBlocksHoldAState) {
  OllamaModel model = SmallLlama();
  model.layer_kv_heads[0] = 0;
  model.states[0] = MiB(2);
  EXPECT_EQ(EstimateGraph(model, {.context = 4096}).cache[0], MiB(2));
  EXPECT_EQ(EstimateGraph(model, {.context = 4096, .recurrent_apart = false}).cache[0], MiB(16));
}

TEST(OllamaGraph, NothingShrinksWithTheContext) {
  for (const char* family : {"llama", "qwen2", "gemma2", "gemma3n", "command-r", "phi2", "stablelm", "mllama",
                             "deepseek2", "qwen3"}) {
    OllamaModel model = SmallLlama();
    model.family = family;
    OllamaGraph before = EstimateGraph(model, {.context = 512});
    for (int64_t context = 1024; context <= 262144; context *= 2) {
      const OllamaGraph graph = EstimateGraph(model, {.context = context});
      EXPECT_GT(graph.cache_total, before.cache_total) << family;
      EXPECT_GE(graph.full, before.full) << family;
      EXPECT_GE(graph.partial, before.partial) << family;
      before = graph;
    }
  }
}

}  // namespace
}  // namespace plimsoll
