#include "core/engines/sglang/sglang_rules.h"

#include <gtest/gtest.h>

#include "core/engines/sglang/sglang_version.h"

namespace plimsoll {
namespace {

SglangFractionInput On(int64_t number, double gpu_mib, int64_t tp = 1) {
  SglangFractionInput input;
  input.number = number;
  input.gpu_mib = gpu_mib;
  input.tp = tp;
  const SglangCardDefaults card = DefaultsByCard(number, gpu_mib, tp, 1);
  input.chunk = card.chunk;
  input.graph_batch = card.graph_batch;
  return input;
}

TEST(SglangRules, TheDegreeAloneDecidedAtFirst) {
  EXPECT_EQ(DefaultFraction(On(SglangNumber(0, 4, 1), 81559)), 0.88);
  EXPECT_EQ(DefaultFraction(On(SglangNumber(0, 4, 1), 24564)), 0.88) << "the card plays no role";
  EXPECT_EQ(DefaultFraction(On(SglangNumber(0, 4, 4), 23028, 4)), 0.85);
  EXPECT_EQ(DefaultFraction(On(SglangNumber(0, 4, 5), 81559, 3)), 0.87);
  EXPECT_EQ(DefaultFraction(On(SglangNumber(0, 4, 5), 81559, 8)), 0.81);
  EXPECT_EQ(DefaultFraction(On(SglangNumber(0, 4, 5), 81559, 16)), 0.79);
}

TEST(SglangRules, LargeCardsKeptAFixedReserveFrom046) {
  EXPECT_EQ(DefaultFraction(On(SglangNumber(0, 4, 6), 81559)), 0.88);
  EXPECT_NEAR(DefaultFraction(On(SglangNumber(0, 4, 6), 143771)), (143771 - 13312) / 143771.0, 1e-12);
  // 0.88 + 49152 x 0.12 / 143771 = 0.921; less than 18 GiB kept: 0.872.
  EXPECT_NEAR(DefaultFraction(On(SglangNumber(0, 4, 6, 2), 143771)), (143771 - 18432) / 143771.0, 1e-12);
  EXPECT_EQ(DefaultFraction(On(SglangNumber(0, 4, 7), 183359)), 0.79);
  SglangFractionInput drafts = On(SglangNumber(0, 4, 7), 81559);
  drafts.drafts = true;
  EXPECT_NEAR(DefaultFraction(drafts), 0.88 * 0.95, 1e-12);
}

// 2.8 + 0.1 GiB of 24,564 MiB; a log of July 2025 has room for it to 0.1 %.
TEST(SglangRules, AReserveByCardFrom047Post1) {
  EXPECT_EQ(DefaultFraction(On(SglangNumber(0, 4, 9), 24564)), 0.879);
  // 9.5 + 8 / 2 GiB of 81,559 MiB, and with speculation two more.
  SglangFractionInput eight = On(SglangNumber(0, 5, 1), 81559, 8);
  EXPECT_EQ(DefaultFraction(eight), 0.831);
  eight.drafts = true;
  EXPECT_EQ(DefaultFraction(eight), 0.805);
  eight.dp_attention = true;
  EXPECT_EQ(DefaultFraction(eight), 0.755);
  EXPECT_EQ(DefaultFraction(On(SglangNumber(0, 5, 2), 183359)), 0.821);
}

// B200: 512 + 24,576 + 1,024 + 128 + 8 x 74 MiB; printed by a server of April 2026.
TEST(SglangRules, AReserveByLoadFrom053) {
  SglangFractionInput b200 = On(SglangNumber(0, 5, 10), 183359);
  b200.prefill_graphs = CountPrefillGraphs(b200.chunk);
  EXPECT_EQ(b200.prefill_graphs, 74);
  EXPECT_EQ(DefaultFraction(b200), 0.854);
  b200.number = SglangNumber(0, 5, 9);
  EXPECT_EQ(DefaultFraction(b200), 0.857) << "prompts are not captured yet";
  // H100: 512 + 12,288 + 512 + 128.
  EXPECT_EQ(DefaultFraction(On(SglangNumber(0, 5, 3), 81559)), 0.835);
  // At least 10 GiB above 60 GiB.
  SglangFractionInput small = On(SglangNumber(0, 5, 6), 81559);
  small.chunk = 2048;
  small.graph_batch = 8;
  EXPECT_EQ(DefaultFraction(small), 0.874);
  // RTX 4090: 512 + 3,072 + 2 x 24 + 128.
  EXPECT_EQ(DefaultFraction(On(SglangNumber(0, 5, 6), 24564)), 0.847);
  EXPECT_EQ(DefaultFraction(On(SglangNumber(0, 5, 6), 0)), 0.88) << "nobody knows how large the card is";
}

TEST(SglangRules, WholePromptsTakeTheirBudget) {
  SglangFractionInput whole = On(SglangNumber(0, 5, 6), 24564);
  whole.chunk = -1;
  // 512 + 1.5 x 16,384 + 48 + 128 = 25,264 MiB are more than the card has.
  EXPECT_LT(DefaultFraction(whole), 0);
}

TEST(SglangRules, WhatADraftKeepsByRelease) {
  const auto reserve = [](int64_t number, SpeculativeMethod method) {
    SglangFractionInput plain = On(number, 81559), drafts = plain;
    drafts.drafts = true;
    drafts.method = method;
    return (DefaultFraction(plain) - DefaultFraction(drafts)) * 81559;
  };
  EXPECT_NEAR(reserve(SglangNumber(0, 5, 6), SpeculativeMethod::kEagle), 2048, 90);
  EXPECT_NEAR(reserve(SglangNumber(0, 5, 6), SpeculativeMethod::kDraft), 6144, 90);
  EXPECT_NEAR(reserve(SglangNumber(0, 5, 6), SpeculativeMethod::kNgram), 0, 1);
  EXPECT_NEAR(reserve(SglangNumber(0, 5, 12), SpeculativeMethod::kMtp), 4096, 90);
  EXPECT_NEAR(reserve(SglangNumber(0, 5, 14), SpeculativeMethod::kMtp), 0, 1) << "the pool prices it";
}

TEST(SglangRules, DataParallelAttentionKeepsMore) {
  SglangFractionInput dp = On(SglangNumber(0, 5, 9), 143771, 8);
  dp.dp_attention = true;
  dp.dp = 8;
  // 512 + 12,288 + 2 x 512 + 1,024 + (3 + 1.5) x 512 x 8.
  EXPECT_EQ(DefaultFraction(dp), 0.769);
}

// Kimi-K2.5's tower: 27 layers of 1,152. A server of February 2026 printed 0.8260405859375 of 0.908.
TEST(SglangRules, AVisionTowerMakesTheShareSmaller) {
  Architecture kimi;
  kimi.name = "KimiK25ForConditionalGeneration";
  kimi.vision.layers = 27;
  kimi.vision.hidden = 1152;
  const SglangFractionInput card = On(SglangNumber(0, 5, 8), 294896, 8);
  EXPECT_EQ(DefaultFraction(card), 0.908);
  EXPECT_NEAR(0.908 * VisionFactor(SglangNumber(0, 5, 8), kimi, false), 0.8260405859375, 1e-13);
  EXPECT_EQ(VisionFactor(SglangNumber(0, 5, 8), kimi, true), 1) << "a given share stands";
  EXPECT_EQ(VisionFactor(SglangNumber(0, 4, 6), kimi, true), 0.9);
  EXPECT_EQ(VisionFactor(SglangNumber(0, 4, 4), kimi, false), 0.95);
  EXPECT_EQ(VisionFactor(SglangNumber(0, 4, 9), kimi, false), 1);
  Architecture qwen = kimi;
  qwen.name = "Qwen3VLForConditionalGeneration";  // counts as 24 layers
  EXPECT_NEAR(VisionFactor(SglangNumber(0, 5, 8), qwen, false), 0.95 * (1 - 0.1 * (1.265625 - 1)), 1e-12);
  qwen.name = "Qwen3OmniMoeForConditionalGeneration";
  EXPECT_EQ(VisionFactor(SglangNumber(0, 5, 8), qwen, false), 1);
  kimi.vision.hidden = 8192;
  EXPECT_NEAR(VisionFactor(SglangNumber(0, 5, 8), kimi, false), 0.95 * 0.8, 1e-12) << "at most that much";
}

TEST(SglangRules, ChunkAndBatchByCard) {
  const auto chunk = [](int64_t number, double mib, int64_t tp = 1) {
    return DefaultsByCard(number, mib, tp, 1).chunk;
  };
  const auto batch = [](int64_t number, double mib, int64_t tp = 1) {
    return DefaultsByCard(number, mib, tp, 1).graph_batch;
  };
  EXPECT_EQ(chunk(SglangNumber(0, 4, 4), 24564), 2048);
  EXPECT_EQ(batch(SglangNumber(0, 4, 0), 24564, 4), 8);
  EXPECT_EQ(batch(SglangNumber(0, 4, 4), 24564, 4), 80);
  EXPECT_EQ(batch(SglangNumber(0, 4, 1), 81559), 160);
  EXPECT_EQ(batch(SglangNumber(0, 4, 6), 143771), 256);
  EXPECT_EQ(chunk(SglangNumber(0, 4, 7), 183359), 16384);
  EXPECT_EQ(batch(SglangNumber(0, 5, 2), 97871), 256);
  EXPECT_EQ(chunk(SglangNumber(0, 5, 2), 183359), 16384);
  EXPECT_EQ(batch(SglangNumber(0, 5, 3), 24564), 16);
  EXPECT_EQ(batch(SglangNumber(0, 5, 6), 24564), 24);
  EXPECT_EQ(batch(SglangNumber(0, 5, 6), 24564, 4), 80);
  EXPECT_EQ(chunk(SglangNumber(0, 5, 6), 46068), 4096);
  EXPECT_EQ(batch(SglangNumber(0, 5, 6), 46068, 4), 160);
  EXPECT_EQ(batch(SglangNumber(0, 5, 6), 81559, 4), 512);
  EXPECT_EQ(chunk(SglangNumber(0, 5, 6), 183359), 16384);
}

// As logs list them: 13 sizes up to 80 in March 2025, 23 up to 160, 52 up to 512.
TEST(SglangRules, CapturedSizes) {
  EXPECT_EQ(CountDecodeGraphs(SglangNumber(0, 4, 4), 8, false), 4);
  EXPECT_EQ(CountDecodeGraphs(SglangNumber(0, 4, 4), 80, false), 13);
  EXPECT_EQ(CountDecodeGraphs(SglangNumber(0, 4, 4), 160, false), 23);
  EXPECT_EQ(CountDecodeGraphs(SglangNumber(0, 5, 6), 8, false), 4);
  EXPECT_EQ(CountDecodeGraphs(SglangNumber(0, 5, 6), 24, false), 7);
  EXPECT_EQ(CountDecodeGraphs(SglangNumber(0, 5, 6), 80, false), 14);
  EXPECT_EQ(CountDecodeGraphs(SglangNumber(0, 5, 6), 160, false), 24);
  EXPECT_EQ(CountDecodeGraphs(SglangNumber(0, 5, 6), 256, false), 36);
  EXPECT_EQ(CountDecodeGraphs(SglangNumber(0, 5, 6), 512, false), 52);
  EXPECT_EQ(CountDecodeGraphs(SglangNumber(0, 5, 6), 48, true), 8 + 12 + 3);
  EXPECT_EQ(CountDecodeGraphs(SglangNumber(0, 5, 6), 0, false), 0);
  EXPECT_EQ(CountPrefillGraphs(2048), 42);
  EXPECT_EQ(CountPrefillGraphs(4096), 50);
  EXPECT_EQ(CountPrefillGraphs(8192), 58);
}

// 298,447 tokens in contexts of 40,960: a server printed 3730.
TEST(SglangRules, RequestsAtOnce) {
  EXPECT_EQ(DefaultRunning(SglangNumber(0, 5, 0), 298447, 40960, false), 3730);
  EXPECT_EQ(DefaultRunning(SglangNumber(0, 4, 1), 444500, 131072, false), 2049)
      << "one more was printed then";
  EXPECT_EQ(DefaultRunning(SglangNumber(0, 5, 0), 38141, 131072, false), 2048);
  EXPECT_EQ(DefaultRunning(SglangNumber(0, 5, 0), 10000000, 4096, false), 4096);
  EXPECT_EQ(DefaultRunning(SglangNumber(0, 5, 0), 10000000, 4096, true), 48);
}

}  // namespace
}  // namespace plimsoll
