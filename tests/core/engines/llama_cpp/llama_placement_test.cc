#include "core/engines/llama_cpp/llama_placement.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

// Layers of 100 MiB and 900 MiB of experts, an output of 50 MiB, an embedding of 40 MiB.
GgufLayout Layout(size_t layers, Bytes experts = Bytes(0)) {
  GgufLayout layout;
  layout.layers.assign(layers, {MiB(100), experts});
  layout.token_embedding = MiB(40);
  layout.output = MiB(50);
  layout.output_norm = Bytes(0);
  layout.largest_expert = MiB(300);
  SumLayers(&layout);
  return layout;
}

Resolved With(int64_t gpu_layers, int32_t date) {
  Resolved resolved;
  resolved.version = {"date", 0, date};
  resolved.n_gpu_layers = gpu_layers;
  return resolved;
}

constexpr int32_t kNow = 20261101;

TEST(LlamaPlacement, EverythingButTheEmbeddingGoesToTheCard) {
  const LlamaPlacement placement = PlaceLlamaModel(With(33, kNow), Layout(32), {GiB(24)});
  EXPECT_EQ(placement.devices[0].weights, MiB(3250));
  EXPECT_EQ(placement.host_weights, MiB(40));
  EXPECT_EQ(placement.offloaded, 33);
  EXPECT_EQ(placement.copies, 1);
}

TEST(LlamaPlacement, TheOutputLayerCameLastAndNowComesFirst) {
  const LlamaPlacement now = PlaceLlamaModel(With(20, kNow), Layout(32), {GiB(24)});
  EXPECT_TRUE(now.devices[0].output);
  EXPECT_EQ(now.host_layers, 13);
  EXPECT_EQ(now.devices[0].weights, MiB(1950));
  const LlamaPlacement before = PlaceLlamaModel(With(20, 20250901), Layout(32), {GiB(24)});
  EXPECT_TRUE(before.host_output);
  EXPECT_EQ(before.host_layers, 12);
  EXPECT_EQ(before.devices[0].weights, MiB(2000));
}

// 64 layers over four equal cards: 17, 16, 16 and 15 with the output (a published log of four RTX 3090).
TEST(LlamaPlacement, EqualCardsTakeEqualSharesOfPositions) {
  const LlamaPlacement placement =
      PlaceLlamaModel(With(65, 20250105), Layout(64), {GiB(24), GiB(24), GiB(24), GiB(24)});
  const int64_t expected[] = {17, 16, 16, 15};
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(placement.devices[i].end_layer - placement.devices[i].first_layer, expected[i]) << i;
  }
  EXPECT_TRUE(placement.devices[3].output);
  EXPECT_EQ(placement.copies, 4) << "layers, cards and output all on cards: pipeline parallelism";
}

TEST(LlamaPlacement, SharesFollowFreeMemory) {
  const LlamaPlacement placement = PlaceLlamaModel(With(41, kNow), Layout(40), {GiB(12), GiB(24)});
  EXPECT_EQ(placement.devices[0].end_layer, 14);
  EXPECT_EQ(placement.devices[1].end_layer - placement.devices[1].first_layer, 26);
}

TEST(LlamaPlacement, ExpertsOfTheFirstLayersStayInRam) {
  Resolved resolved = With(33, kNow);
  resolved.n_cpu_moe = 10;
  const LlamaPlacement placement = PlaceLlamaModel(resolved, Layout(32, MiB(900)), {GiB(24), GiB(24)});
  EXPECT_EQ(placement.host_weights, MiB(40) + MiB(9000));
  EXPECT_EQ(placement.devices[0].weights + placement.devices[1].weights, MiB(3250) + MiB(900) * 22);
  EXPECT_EQ(placement.copies, 1) << "weights elsewhere switch pipeline parallelism off";
}

TEST(LlamaPlacement, RowsAreSpreadEvenlyAndExpertsAreNot) {
  Resolved resolved = With(33, kNow);
  resolved.split_mode = SplitMode::kRow;
  const LlamaPlacement placement = PlaceLlamaModel(resolved, Layout(32), {GiB(24), GiB(24)});
  EXPECT_NEAR(placement.devices[0].weights.mib(), 1625, 1);
  EXPECT_NEAR(placement.devices[1].weights.mib(), 1625, 1);
  EXPECT_EQ(placement.copies, 1);
}

TEST(LlamaPlacement, NothingIsLostWhateverTheSplit) {
  for (const int64_t gpu_layers : {0, 1, 7, 32, 33, 999}) {
    for (const int32_t date : {20250101, kNow}) {
      const LlamaPlacement placement =
          PlaceLlamaModel(With(gpu_layers, date), Layout(32, MiB(11)), {GiB(8), GiB(24), GiB(16)});
      Bytes all = placement.host_weights;
      for (const LlamaDevice& device : placement.devices) all += device.weights;
      EXPECT_EQ(all, MiB(32 * 111 + 90)) << gpu_layers << " at " << date;
    }
  }
}

TEST(LlamaPlacement, CardsWithoutMemoryDoNotDivideByZero) {
  const LlamaPlacement placement = PlaceLlamaModel(With(33, kNow), Layout(32), {Bytes(0), Bytes(-5)});
  EXPECT_EQ(placement.devices.size(), 2u);
}

}  // namespace
}  // namespace plimsoll
