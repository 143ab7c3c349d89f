#include "core/arch/parallelism.h"

#include <gtest/gtest.h>

#include <vector>

namespace plimsoll {
namespace {

std::vector<int64_t> Split(int64_t layers, int64_t stages) {
  std::vector<int64_t> counts;
  for (int64_t s = 0; s < stages; ++s) counts.push_back(PipelineStage(layers, stages, s).count());
  return counts;
}

// The engine's own way: a list of partitions to which the remainder is added from the last but one backwards.
std::vector<int64_t> SplitByList(int64_t layers, int64_t stages) {
  std::vector<int64_t> counts(static_cast<size_t>(stages), layers / stages);
  for (int64_t i = 0; i < layers % stages; ++i) counts[static_cast<size_t>(stages - 2 - i)] += 1;
  return counts;
}

TEST(Parallelism, PipelineStagesAsVllmCutsThem) {
  EXPECT_EQ(Split(80, 3), (std::vector<int64_t>{27, 27, 26}));
  EXPECT_EQ(Split(61, 4), (std::vector<int64_t>{15, 15, 16, 15}));
  EXPECT_EQ(Split(62, 4), (std::vector<int64_t>{15, 16, 16, 15}));
  EXPECT_EQ(Split(94, 3), (std::vector<int64_t>{31, 32, 31}));
  EXPECT_EQ(Split(2, 4), (std::vector<int64_t>{0, 1, 1, 0}));
}

TEST(Parallelism, PipelineStagesAgreeWithTheList) {
  for (int64_t layers = 1; layers < 130; ++layers) {
    for (int64_t stages = 1; stages <= 16; ++stages) {
      ASSERT_EQ(Split(layers, stages), SplitByList(layers, stages)) << layers << "/" << stages;
      int64_t next = 0;
      for (int64_t s = 0; s < stages; ++s) {
        const LayerRange range = PipelineStage(layers, stages, s);
        ASSERT_EQ(range.first, next);
        next = range.last;
      }
      ASSERT_EQ(next, layers);
    }
  }
}

TEST(Parallelism, KvHeadsReplicateBeyondTheirNumber) {
  EXPECT_EQ(KvHeadsPerRank(8, 2), 4);
  EXPECT_EQ(KvHeadsPerRank(8, 8), 1);
  EXPECT_EQ(KvHeadsPerRank(8, 16), 1);
  EXPECT_EQ(KvHeadsPerRank(1, 4), 1);
}

TEST(Parallelism, ExpertsAddUp) {
  for (int64_t experts : {8, 60, 128, 896}) {
    for (int64_t ep : {1, 3, 8, 16, 64}) {
      int64_t sum = 0;
      for (int64_t rank = 0; rank < ep; ++rank) sum += ExpertsPerRank(experts, ep, rank);
      EXPECT_EQ(sum, experts);
    }
  }
  EXPECT_EQ(ExpertsPerRank(10, 4, 0), 3);
  EXPECT_EQ(ExpertsPerRank(10, 4, 3), 2);
}

TEST(Parallelism, Shards) {
  Tensor q;
  q.rows = 4096;
  q.columns = 4096;
  q.sharding = Sharding::kRows;
  EXPECT_EQ(ShardTensor(q, 4, 0, 0).rows, 1024);
  q.sharding = Sharding::kColumns;
  EXPECT_EQ(ShardTensor(q, 4, 0, 0).columns, 1024);
  Tensor k;
  k.rows = 2 * 256;
  k.columns = 2048;
  k.sharding = Sharding::kKvRows;
  k.kv_heads = 2;
  k.kv_rows = 512;
  EXPECT_EQ(ShardTensor(k, 2, 0, 0).rows, 256);
  EXPECT_EQ(ShardTensor(k, 8, 0, 0).rows, 256);
  Tensor fused = k;  // q of 16 heads beside k and v in one tensor
  fused.rows = 16 * 256 + 1024;
  fused.kv_rows = 1024;
  EXPECT_EQ(ShardTensor(fused, 4, 0, 0).rows, 1024 + 512);
  Tensor embedding;
  embedding.rows = 32001;
  embedding.columns = 64;
  embedding.sharding = Sharding::kVocab;
  EXPECT_EQ(ShardTensor(embedding, 2, 0, 0).rows, 32064 / 2);
  Tensor down;
  down.rows = 2048;
  down.columns = 768;
  down.copies = 128;
  down.sharding = Sharding::kExpert;
  down.expert_by_columns = true;
  EXPECT_EQ(ShardTensor(down, 4, 0, 0).columns, 192);
  EXPECT_EQ(ShardTensor(down, 4, 0, 0).copies, 128);
  EXPECT_EQ(ShardTensor(down, 4, 4, 0).columns, 768);
  EXPECT_EQ(ShardTensor(down, 4, 4, 0).copies, 32);
}

// Of Mamba2's columns the inner width is cut; B and C go by groups, of which a rank holds at least one whole.
TEST(Parallelism, ConvolutionColumnsByRank) {
  Recurrent recurrent;
  recurrent.kind = RecurrentKind::kMamba2;
  recurrent.inner = 4096;
  recurrent.state_dim = 128;
  recurrent.groups = 2;
  recurrent.conv_channels = 4096 + 2 * 2 * 128;
  EXPECT_EQ(ConvolutionChannelsPerRank(recurrent, 1), 4608);
  EXPECT_EQ(ConvolutionChannelsPerRank(recurrent, 2), 2304);
  EXPECT_EQ(ConvolutionChannelsPerRank(recurrent, 4), 1024 + 256);
  recurrent.kind = RecurrentKind::kGatedDeltaNet;
  EXPECT_EQ(ConvolutionChannelsPerRank(recurrent, 4), 1152);
}

}  // namespace
}  // namespace plimsoll
