#include "core/engines/ollama/ollama_layers.h"

#include <gtest/gtest.h>

#include <numeric>

#include "core/engines/ollama/ollama_version.h"

namespace plimsoll {
namespace {

EngineVersion Release(const char* text) { return *ReadOllamaVersion(text, "v"); }

// Ten blocks of 90 MiB and 10 MiB of cache, 200 MiB of output; graphs of 100 and 150 MiB.
OllamaModel Model() {
  OllamaModel model;
  model.layers.assign(10, MiB(90));
  model.output = MiB(200);
  return model;
}
OllamaGraph Graph() {
  OllamaGraph graph;
  graph.cache.assign(10, MiB(10));
  graph.full = MiB(100);
  graph.partial = MiB(150);
  return graph;
}
OllamaLayers On(const char* release, const std::vector<int64_t>& free, int64_t requested = -1) {
  std::vector<OllamaCard> cards;
  for (const int64_t mib : free) cards.push_back({MiB(mib)});
  return EstimateLayers(Release(release), Model(), Graph(), cards, requested);
}

TEST(OllamaLayers, AModelThatFitsTakesAGraphForAll) {
  // 457 + a block as a buffer + ten blocks + the output, and the graph for all layers.
  const OllamaLayers layers = On("0.11.4", {4000});
  EXPECT_EQ(layers.on_cards, 11);
  EXPECT_TRUE(layers.whole());
  EXPECT_EQ(layers.size, MiB(457 + 100 + 1000 + 200 + 100));
  EXPECT_EQ(layers.vram, layers.size);
}

TEST(OllamaLayers, WhatDoesNotFitOverflows) {
  // 557 of base and 150 of graph leave 292 of 999: two blocks, since each must leave something over.
  const OllamaLayers layers = On("0.11.4", {999});
  EXPECT_EQ(layers.on_cards, 2);
  EXPECT_EQ(layers.vram, MiB(557 + 200 + 150));
  EXPECT_EQ(layers.size, layers.vram + MiB(800 + 200)) << "eight blocks and the output lie in RAM";
}

TEST(OllamaLayers, TheOutputLayerGoesLast) {
  // 557 + 1000 + 150 of graph, and 199 left: no room for the output.
  const OllamaLayers layers = On("0.11.4", {1906});
  EXPECT_EQ(layers.on_cards, 10);
  EXPECT_FALSE(layers.whole());
  EXPECT_EQ(layers.graph, MiB(150));
  EXPECT_EQ(On("0.11.4", {1908}).on_cards, 11);
}

TEST(OllamaLayers, ACardWithoutRoomForGraphAndTwoBlocksGetsNone) {
  EXPECT_EQ(On("0.11.4", {457 + 150 + 199}).on_cards, 0);
  EXPECT_EQ(On("0.11.4", {457 + 150 + 199}).vram, Bytes(0));
  EXPECT_EQ(On("0.11.4", {457 + 150 + 201}).on_cards, 1);
}

TEST(OllamaLayers, CardsTakeTurnsAndThePartialGraphIsOnEach) {
  const OllamaLayers layers = On("0.11.4", {4000, 4000});
  EXPECT_EQ(layers.per_card, (std::vector<int64_t>{6, 5}))
      << "after ten blocks the output falls to the first";
  EXPECT_EQ(layers.size, MiB(2 * 557 + 1000 + 200 + 2 * 150));
}

TEST(OllamaLayers, NumGpuStopsIt) {
  EXPECT_EQ(On("0.11.4", {4000}, 4).on_cards, 4);
  EXPECT_EQ(On("0.11.4", {4000}, 0).on_cards, 0);
}

TEST(OllamaLayers, MetalKeepsMoreAndHasOneGraph) {
  EXPECT_EQ(MinimumMemory({GiB(1), true}), MiB(512));
  EXPECT_EQ(MinimumMemory({GiB(1), false}), MiB(457));
  const OllamaLayers layers = EstimateLayers(Release("0.11.4"), Model(), Graph(), {{MiB(999), true}}, -1);
  EXPECT_EQ(layers.graph, MiB(100));
}

OllamaBlocks Blocks(std::vector<Bytes> room) {
  OllamaBlocks blocks;
  blocks.layers.assign(9, MiB(10));  // eight blocks and the output
  blocks.integrated.assign(room.size(), false);
  blocks.room = std::move(room);
  return blocks;
}

TEST(OllamaLayers, FewCardsThenAnEvenLoad) {
  EXPECT_EQ(AssignLayers(Blocks({MiB(100), MiB(100)})), (std::vector<int64_t>{9, 0}));
  // Five sixths of each card suffice; the second one takes the last blocks.
  EXPECT_EQ(AssignLayers(Blocks({MiB(60), MiB(60)})), (std::vector<int64_t>{4, 5}));
  EXPECT_EQ(AssignLayers(Blocks({MiB(50), MiB(45)})), (std::vector<int64_t>{5, 4}));
  EXPECT_EQ(AssignLayers(Blocks({MiB(45), MiB(50)})), (std::vector<int64_t>{4, 5}))
      << "the roomier one first";
}

TEST(OllamaLayers, WithoutRoomForAllTheOutputIsLeftOut) {
  OllamaBlocks blocks = Blocks({MiB(45)});
  blocks.layers.back() = MiB(30);  // the output alone is as large as three blocks
  EXPECT_EQ(AssignLayers(blocks), (std::vector<int64_t>{4}));
  EXPECT_EQ(AssignLayers(Blocks({Bytes(0)})), (std::vector<int64_t>{0}));
}

TEST(OllamaLayers, AskedLayersArePlacedWhateverTheRoom) {
  OllamaBlocks blocks = Blocks({MiB(20)});
  blocks.requested = 6;
  EXPECT_EQ(AssignLayers(blocks), (std::vector<int64_t>{6}));
  blocks.requested = 0;
  EXPECT_EQ(AssignLayers(blocks), (std::vector<int64_t>{0}));
}

// However cards and blocks look: no card holds more than its room, and more room never places fewer.
TEST(OllamaLayers, NoCardIsOverfull) {
  for (int64_t a = 0; a <= 120; a += 15) {
    for (int64_t b = 0; b <= 120; b += 15) {
      const std::vector<int64_t> counts = AssignLayers(Blocks({MiB(a), MiB(b)}));
      EXPECT_LE(counts[0] * 10, a) << a << " " << b;
      EXPECT_LE(counts[1] * 10, b) << a << " " << b;
      const std::vector<int64_t> more = AssignLayers(Blocks({MiB(a + 15), MiB(b)}));
      EXPECT_GE(more[0] + more[1], counts[0] + counts[1]) << a << " " << b;
    }
  }
}

}  // namespace
}  // namespace plimsoll
