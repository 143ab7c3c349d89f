#include "core/schedule/capacity.h"

#include "core/catalog/catalog_data.h"
#include "core/engines/server.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "gtest/gtest.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

Config Pool() {
  // The pool of the published Llama 3.1 70B deployment: 5.5 GiB at FP8, 163,840 bytes a token: 36,044 tokens.
  Config config;
  config.model = "llama-3.1-70b";
  config.format = Json("awq-int4");
  config.gpu = {"h100-sxm"};
  config.kv_cache_dtype = KvTypes{KvType::kFp8, KvType::kFp8};
  config.kv_cache_memory_bytes = GiB(11).count() / 2;
  config.max_model_len = 16384;
  return config;
}

TEST(Capacity, SharesAPoolOut) {
  const Config config = Pool();
  const Result<Resolved> resolved = Settle(config, ShippedCatalog());
  ASSERT_TRUE(resolved.ok());
  const Capacity capacity(MakeSchedulerSetup(*resolved, EstimateResolved(*resolved)));
  // 2252 blocks of 16 tokens, less the null block.
  EXPECT_EQ(capacity.TokensEach(1), 2251 * 16);
  EXPECT_EQ(capacity.TokensEach(2), 1125 * 16);
  EXPECT_EQ(capacity.TokensEach(4), 562 * 16);
  EXPECT_EQ(capacity.TokensEach(8), 281 * 16);
  EXPECT_EQ(capacity.SequencesOf(16384), 2);
  EXPECT_EQ(capacity.SequencesOf(4096), 8);
  EXPECT_GT(capacity.Share(16, 4096), 1.0);
  EXPECT_LT(capacity.Share(8, 4096), 1.0);
}

TEST(Capacity, LengthAndNumberAgree) {
  const Config config = Pool();
  const Result<Resolved> resolved = Settle(config, ShippedCatalog());
  ASSERT_TRUE(resolved.ok());
  const Capacity capacity(MakeSchedulerSetup(*resolved, EstimateResolved(*resolved)));
  for (int64_t sequences = 1; sequences < 2000; sequences = sequences * 3 / 2 + 1) {
    const int64_t tokens = capacity.TokensEach(sequences);
    EXPECT_GE(capacity.SequencesOf(tokens), sequences);
    EXPECT_LT(capacity.SequencesOf(tokens + 1), sequences);
  }
  EXPECT_EQ(capacity.TokensEach(1000000), 0);
}

TEST(Capacity, NamesOperatingPoints) {
  const Config config = Pool();
  const Result<Resolved> resolved = Settle(config, ShippedCatalog());
  ASSERT_TRUE(resolved.ok());
  const Capacity capacity(MakeSchedulerSetup(*resolved, EstimateResolved(*resolved)));
  const std::vector<OperatingPoint> points = OperatingPoints(capacity, 131072);
  ASSERT_GE(points.size(), 3u);
  EXPECT_EQ(points.front().name, "One at a time");  // 131,072 tokens do not fit
  for (const OperatingPoint& point : points) {
    EXPECT_LE(capacity.Share(point.sequences, point.context), 1.0);
    EXPECT_EQ(point.prompt + point.output, point.context);
  }
}

TEST(Capacity, SaysWhatUsersGet) {
  const Config config = Pool();
  const Result<Resolved> resolved = Settle(config, ShippedCatalog());
  ASSERT_TRUE(resolved.ok());
  const Report report = EstimateResolved(*resolved);
  const StepModel model = MakeStepModel(*resolved);
  const OperatingPoint alone = {"", 1, 8192, 7680, 512, ""}, crowd = {"", 16, 8192, 7680, 512, ""};
  const Operation operation = OperationOf(*resolved, report);
  const SpeedReport one = SpeedOf(alone, model, operation), many = SpeedOf(crowd, model, operation);
  EXPECT_GT(one.decode_tokens_per_s, many.decode_tokens_per_s);
  EXPECT_LT(one.decode_tokens_per_s_total, many.decode_tokens_per_s_total);
  // Alone, the first token comes when the prompt has been read.
  EXPECT_NEAR(one.ttft_ms, 7680 / one.prefill_tokens_per_s * 1e3, 0.3 * one.ttft_ms);
}

TEST(Capacity, OneBlockEachIsRoomForABlock) {
  SchedulerSetup setup;
  setup.block_size = 16;
  setup.blocks = 4;
  EXPECT_EQ(Capacity(setup).TokensEach(4), 16);
  EXPECT_EQ(Capacity(setup).TokensEach(5), 0);
  EXPECT_EQ(Capacity(setup).TokensEach(1), 64);
  EXPECT_EQ(Capacity(setup).SequencesOf(17), 2);
  EXPECT_DOUBLE_EQ(Capacity(setup).Share(1, 17), 0.5);
}

}  // namespace
}  // namespace plimsoll
