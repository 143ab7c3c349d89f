#include "core/engines/rank_weights.h"

#include <gtest/gtest.h>

#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

RankHolding Whole(const RankLoading& loading) {
  return {{0, loading.architecture->layers}, true, true, false, false};
}

Bytes Sum(const std::vector<HeldParameter>& held, TensorRole role) {
  Bytes sum;
  for (const HeldParameter& parameter : held) {
    if (parameter.role == role) sum += parameter.one.bytes * parameter.layers;
  }
  return sum;
}

Bytes Sum(const std::vector<HeldParameter>& held) {
  Bytes sum;
  for (const HeldParameter& parameter : held) sum += parameter.one.bytes * parameter.layers;
  return sum;
}

TEST(RankWeights, OneRankHoldsTheWholeModel) {
  const EstimatedCase c = EstimateText(R"({"model":"llama-3.1-8b","gpu":"h100-sxm"})");
  const RankLoading loading = LoadingOf(c.resolved, {}, true, 0, 0);
  // 8,030,261,248 parameters of two bytes.
  EXPECT_EQ(Sum(HeldOnRank(loading, Whole(loading))).count(), 16060522496);
}

// q, k and v are one parameter, gate and up another: five of a layer's matrices come as three, and two norms.
TEST(RankWeights, FusesWhatEnginesFuse) {
  const EstimatedCase c = EstimateText(R"({"model":"llama-3.1-8b","gpu":"h100-sxm"})");
  const RankLoading loading = LoadingOf(c.resolved, {}, true, 0, 0);
  bool qkv = false;
  for (const HeldParameter& held : HeldOnRank(loading, Whole(loading))) {
    // (32 + 2 x 8) heads x 128 x 4096 inputs x 2 bytes.
    if (held.role == TensorRole::kAttention && held.one.bytes == MiB(48)) qkv = held.layers == 32;
  }
  EXPECT_TRUE(qkv);
}

TEST(RankWeights, AttentionMayBeCutOverFewerRanks) {
  const EstimatedCase c = EstimateText(R"({"model":"llama-3.1-8b","gpu":"h100-sxm","gpus":4})");
  RankLoading loading = LoadingOf(c.resolved, {}, true, 0, 0);
  const std::vector<HeldParameter> cut = HeldOnRank(loading, Whole(loading));
  loading.attention_tp = 1;
  const std::vector<HeldParameter> whole = HeldOnRank(loading, Whole(loading));
  EXPECT_EQ(Sum(whole, TensorRole::kAttention), Sum(cut, TensorRole::kAttention) * 4);
  EXPECT_EQ(Sum(whole, TensorRole::kEmbedding), Sum(cut, TensorRole::kEmbedding) * 4);
  EXPECT_EQ(Sum(whole, TensorRole::kMlp), Sum(cut, TensorRole::kMlp));
  EXPECT_EQ(Sum(whole, TensorRole::kHead), Sum(cut, TensorRole::kHead));
}

TEST(RankWeights, ExpertsAreDealtOrCut) {
  const EstimatedCase c = EstimateText(R"({"model":"qwen3-30b-a3b","gpu":"h100-sxm","gpus":4})");
  const RankLoading cut = LoadingOf(c.resolved, {}, true, 0, 0),
                    dealt = LoadingOf(c.resolved, {}, true, 4, 3);
  EXPECT_EQ(Sum(HeldOnRank(cut, Whole(cut)), TensorRole::kExpert),
            Sum(HeldOnRank(dealt, Whole(dealt)), TensorRole::kExpert));
  const RankLoading uneven = LoadingOf(c.resolved, {}, true, 3, 2);  // 128 experts: 43, 43, 42
  EXPECT_EQ(Sum(HeldOnRank(uneven, Whole(uneven)), TensorRole::kExpert).count(),
            42 * int64_t{48} * 3 * 768 * 2048 * 2);
}

// Two equal groups per row at 64, none that fill 96 columns at 128.
TEST(RankWeights, GroupsAreHalvedUntilTheyFillTheShard) {
  EXPECT_EQ(ExpertGroupSize(128, 768, 2048), 128);
  EXPECT_EQ(ExpertGroupSize(128, 192, 2048), 64);
  EXPECT_EQ(ExpertGroupSize(128, 96, 2048), 32);
  EXPECT_EQ(ExpertGroupSize(128, 48, 2048), 0);
}

// DeepSeek-V3: 128 heads of 128 + 128 elements over a latent of 512, in 16 bits.
TEST(RankWeights, AbsorbedLatentByHeads) {
  Attention attention;
  attention.heads = 128;
  attention.kv_lora_rank = 512;
  attention.nope_dim = attention.value_dim = 128;
  EXPECT_EQ(AbsorbedLatent(attention, 1), MiB(32));
  EXPECT_EQ(AbsorbedLatent(attention, 8), MiB(4));
}

}  // namespace
}  // namespace plimsoll
