#include "core/engines/sglang/sglang_weights.h"

#include <gtest/gtest.h>

#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

// c10/cuda/CUDACachingAllocator.cpp by hand.
TEST(SglangWeights, WhatTheAllocatorTakesBeyondTensors) {
  EXPECT_EQ(AllocatorRounding({MiB(48), MiB(10)}, 3), Bytes(0)) << "multiples of 2 MiB";
  EXPECT_EQ(AllocatorRounding({MiB(15)}, 4), MiB(4));
  EXPECT_EQ(AllocatorRounding({Bytes(1024)}, 10), MiB(2) - Bytes(10240)) << "one segment for all small ones";
  // 8 + 6 MiB share a segment of 20; what is left, 6 MiB, takes the next round's smaller one.
  EXPECT_EQ(AllocatorRounding({MiB(8), MiB(6)}, 1), MiB(6));
  EXPECT_EQ(AllocatorRounding({MiB(8), MiB(6)}, 2), MiB(40) - MiB(28));
  EXPECT_EQ(AllocatorRounding({MiB(5)}, 8), Bytes(0)) << "four fill a segment";
  EXPECT_EQ(AllocatorRounding({}, 32), Bytes(0));
}

TEST(SglangWeights, RoundsNeverLoseMemory) {
  for (int64_t rounds = 1; rounds <= 80; ++rounds) {
    EXPECT_GE(AllocatorRounding({MiB(3), MiB(7), MiB(9)}, rounds), Bytes(0)) << rounds;
  }
}

SglangWeights WeightsOf(const char* json) {
  const EstimatedCase c = EstimateText(json);
  EXPECT_TRUE(c.error.empty()) << c.error;
  return SglangLoadedWeights(c.resolved, {});
}

// 8,030,261,248 parameters of two bytes and RoPE tables in float32: 131,072 positions of 128 elements.
TEST(SglangWeights, Llama8BAsALogHasIt) {
  const SglangWeights weights = WeightsOf(R"({"model":"llama-3.1-8b","engine":"sglang","gpu":"rtx-4090"})");
  EXPECT_EQ(weights.rope_tables, MiB(64));
  EXPECT_EQ(weights.target, Bytes(16060522496) + MiB(64) + weights.rounding);
  EXPECT_NEAR(weights.target.gib(), 15.02, 0.005);
}

// Qwen3-14B over four ranks: 17.5, 12.5, 85 and 42.5 MiB in each of 40 layers, 4.5 MiB lost to rounding.
TEST(SglangWeights, RoundingOfShardsIsInTheFigure) {
  const SglangWeights weights =
      WeightsOf(R"({"model":"qwen3-14b","engine":"sglang","gpu":"rtx-3090","gpus":4})");
  EXPECT_GE(weights.rounding, MiB(180));
  EXPECT_LT(weights.rounding, MiB(190));
  EXPECT_NEAR(weights.target.gib(), 7.08, 0.005) << "a server printed 7.08";
}

TEST(SglangWeights, PartsAddUp) {
  const SglangWeights weights = WeightsOf(
      R"({"model":"deepseek-r1","engine":"sglang","gpu":"h200","gpus":8,"lora":{"max_loras":2,"max_rank":16},"cpu_offload_gb":4})");
  Bytes sum = weights.rope_tables + weights.absorbed + weights.padding + weights.lora + weights.rounding -
              weights.offloaded;
  for (const Bytes role : weights.by_role) sum += role;
  EXPECT_EQ(sum, weights.target);
  EXPECT_EQ(weights.offloaded, GiB(4));
  EXPECT_GT(weights.absorbed, Bytes(0));
}

TEST(SglangWeights, EveryReplicaOfAttentionHoldsItWhole) {
  const SglangWeights cut = WeightsOf(R"({"model":"deepseek-r1","engine":"sglang","gpu":"h200","gpus":8})");
  const SglangWeights whole =
      WeightsOf(R"({"model":"deepseek-r1","engine":"sglang","gpu":"h200","gpus":8,"tp":8,"dp":8})");
  const size_t attention = static_cast<size_t>(TensorRole::kAttention);
  const size_t expert = static_cast<size_t>(TensorRole::kExpert);
  EXPECT_GT(whole.by_role[attention], cut.by_role[attention] * 4);
  EXPECT_EQ(whole.by_role[expert], cut.by_role[expert]);
  EXPECT_EQ(whole.absorbed, cut.absorbed * 8);
}

TEST(SglangWeights, ADraftIsLoadedBesideTheTarget) {
  const SglangWeights plain = WeightsOf(R"({"model":"qwen3.6-27b","engine":"sglang","gpu":"h100-sxm"})");
  const SglangWeights mtp = WeightsOf(
      R"({"model":"qwen3.6-27b","engine":"sglang","gpu":"h100-sxm","speculative":{"method":"mtp","num_tokens":3}})");
  EXPECT_EQ(plain.draft, Bytes(0));
  EXPECT_GT(mtp.draft, MiB(100));
  EXPECT_NEAR(mtp.target.gib(), plain.target.gib(), 0.02);
  const SglangWeights model = WeightsOf(
      R"({"model":"llama-3.1-70b","engine":"sglang","gpu":"h200","speculative":{"method":"draft","model":"llama-3.2-1b","num_tokens":3}})");
  EXPECT_NEAR(model.draft.gib(), 2.3, 0.1) << "1.24B parameters of two bytes";
}

}  // namespace
}  // namespace plimsoll
