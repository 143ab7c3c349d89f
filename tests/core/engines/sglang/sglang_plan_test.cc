#include "core/engines/sglang/sglang_plan.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "core/engines/sglang/sglang_setup.h"
#include "core/resolve/memory_parts.h"
#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

EstimatedCase With(const char* model, const char* gpu, const std::string& more = "") {
  return EstimateText(std::string(R"({"engine":"sglang","model":")") + model + R"(","gpu":")" + gpu + "\"" +
                      more + "}");
}

std::string FixOf(const EstimatedCase& c, std::string_view code) {
  for (const Diagnostic& diagnostic : c.report.diagnostics) {
    if (diagnostic.code == code) return diagnostic.fix;
  }
  return "";
}

TEST(SglangPlan, ThePoolIsWhatTheShareLeavesBesideTheWeights) {
  const EstimatedCase c = With("qwen3-8b", "h100-sxm", R"(,"mem_fraction_static":0.8)");
  const SglangPlan plan = PlanSglang(c.resolved);
  ASSERT_EQ(plan.ranks.size(), 1u);
  const SglangRankPlan& rank = plan.ranks[0];
  EXPECT_EQ(rank.free, rank.gpu.capacity - rank.gpu.driver);
  EXPECT_NEAR(plan.slack.gib(), rank.free.gib() * 0.2, 1e-6);
  EXPECT_EQ(rank.rest, rank.free - rank.weights.target - plan.slack);
  EXPECT_EQ(plan.tokens, rank.rest / rank.cell.token);
  EXPECT_LE(rank.gpu.weights + rank.gpu.kv_cache, rank.gpu.budget);
  EXPECT_EQ(rank.gpu.total, SumOfParts(rank.gpu));
  EXPECT_EQ(rank.gpu.headroom, rank.gpu.capacity - rank.gpu.total);
}

TEST(SglangPlan, OtherProgramsShrinkShareAndSlackAlike) {
  const EstimatedCase alone = With("qwen3-8b", "h100-sxm", R"(,"mem_fraction_static":0.8)");
  const EstimatedCase shared =
      With("qwen3-8b", "h100-sxm", R"(,"mem_fraction_static":0.8,"reserved_mib":10240)");
  EXPECT_NEAR((alone.report.per_gpu[0].budget - shared.report.per_gpu[0].budget).gib(), 8, 1e-6);
  EXPECT_NEAR((PlanSglang(alone.resolved).slack - PlanSglang(shared.resolved).slack).gib(), 2, 1e-6);
}

TEST(SglangPlan, TheScarcestRankDecidesForAll) {
  const EstimatedCase c = With("llama-3.1-70b", "h100-sxm", R"(,"gpus":4,"reserved_mib":[0,0,4000,0])");
  const SglangPlan plan = PlanSglang(c.resolved);
  for (const SglangRankPlan& rank : plan.ranks) {
    EXPECT_GE(rank.pools.tokens, plan.tokens);
    EXPECT_EQ(rank.gpu.kv_cache, plan.ranks[0].gpu.kv_cache);
  }
  EXPECT_EQ(plan.ranks[2].pools.tokens, plan.tokens);
}

TEST(SglangPlan, StagesHoldTheirLayers) {
  const EstimatedCase c = With("llama-3.1-70b", "h100-sxm", R"(,"gpus":4,"tp":2,"pp":2)");
  const SglangPlan plan = PlanSglang(c.resolved);
  ASSERT_EQ(plan.ranks.size(), 4u);
  EXPECT_EQ(StageOfRank(c.resolved, 1), 0);
  EXPECT_EQ(StageOfRank(c.resolved, 2), 1);
  EXPECT_EQ(plan.ranks[0].cell.token, plan.ranks[2].cell.token) << "40 layers each";
}

// ---- where it fails, and what to turn ----

TEST(SglangPlan, WeightsThatDoNotFit) {
  const EstimatedCase c = With("llama-3.1-70b", "h100-sxm");
  EXPECT_EQ(c.report.verdict, Verdict::kDoesNotFit);
  EXPECT_EQ(c.report.failure, FailureStage::kLoading);
  EXPECT_NE(FixOf(c, "out_of_memory_loading").find("does not help"), std::string::npos);
}

// The weights fit, the share is too small for them: more of it.
TEST(SglangPlan, AShareBelowTheWeights) {
  const EstimatedCase c = With("qwen3-8b", "rtx-4090", R"(,"mem_fraction_static":0.5)");
  EXPECT_EQ(c.report.failure, FailureStage::kCacheTooSmall);
  EXPECT_LT(c.report.per_gpu[0].headroom, Bytes(0));
  EXPECT_NE(FixOf(c, "static_share_too_small").find("Raise mem_fraction_static"), std::string::npos);
  // What it says works.
  EXPECT_TRUE(With("qwen3-8b", "rtx-4090", R"(,"mem_fraction_static":0.85)").report.fits());
  // Where weights leave next to nothing of the card no share does.
  const EstimatedCase full = With("qwen3-14b", "rtx-5090", R"(,"gpu_memory_mib":29500)");
  EXPECT_EQ(full.report.failure, FailureStage::kCacheTooSmall);
  EXPECT_NE(FixOf(full, "static_share_too_small").find("smaller format"), std::string::npos);
}

// The share leaves too little for table, workspaces and graphs: less of it.
TEST(SglangPlan, AShareThatLeavesNothingBeside) {
  const EstimatedCase c = With("llama-3.1-8b", "rtx-4090", R"(,"mem_fraction_static":0.99)");
  EXPECT_EQ(c.report.failure, FailureStage::kGraphCapture);
  EXPECT_NE(FixOf(c, "out_of_memory_capturing_graphs").find("Lower mem_fraction_static"), std::string::npos);
}

// It starts, and a full chunk has no room: less share or smaller chunks.
TEST(SglangPlan, ActivationsThatHaveNoRoom) {
  const EstimatedCase c = With(
      "llama-3.1-70b", "h200",
      R"(,"mem_fraction_static":0.96,"chunked_prefill_size":65536,"max_model_len":4096,"enforce_eager":true)");
  EXPECT_EQ(c.report.verdict, Verdict::kTight);
  EXPECT_TRUE(c.Has("out_of_memory_serving"));
  EXPECT_NE(FixOf(c, "out_of_memory_serving").find("chunked_prefill_size"), std::string::npos);
  EXPECT_FALSE(With("llama-3.1-70b", "h200",
                    R"(,"mem_fraction_static":0.96,"max_model_len":4096,"enforce_eager":true)")
                   .Has("out_of_memory_serving"));
}

// A pool smaller than one context is no reason not to start; but a sequence of that length has no room.
TEST(SglangPlan, APoolBelowTheContext) {
  const std::string release = R"(,"engine_version":"0.4.9")";
  const EstimatedCase given = With("llama-3.1-8b", "rtx-4090", R"(,"max_model_len":131072)" + release);
  EXPECT_LT(given.report.kv.capacity_tokens, 131072);
  EXPECT_EQ(given.report.verdict, Verdict::kDoesNotFit);
  EXPECT_TRUE(given.Has(kPoolBelowContext));
  EXPECT_LT(given.report.kv.max_concurrency, 1);
  EXPECT_TRUE(given.resolved.engine->starts_below_context);
  // Nobody asked for that length: the pool says how long requests may be, tables are as large as before.
  const EstimatedCase open = With("llama-3.1-8b", "rtx-4090", release);
  EXPECT_EQ(open.report.verdict, Verdict::kFits);
  EXPECT_EQ(open.resolved.max_model_len, open.report.kv.capacity_tokens);
  EXPECT_EQ(open.report.kv.capacity_tokens, given.report.kv.capacity_tokens);
  EXPECT_EQ(PlanSglang(open.resolved).ranks[0].beside.table,
            PlanSglang(given.resolved).ranks[0].beside.table);
  EXPECT_TRUE(open.Has("length_by_pool"));
  EXPECT_FALSE(With("llama-3.1-8b", "h100-sxm").Has("length_by_pool"));
}

// On ROCm a longer context makes the share smaller: what 8,192 tokens hold is not what more of them do.
TEST(SglangPlan, TheLongestIsWhatAnEstimateAtThatLengthSays) {
  for (const char* more : {"", R"(,"max_model_len":4096)", R"(,"max_model_len":200000)"}) {
    const EstimatedCase c = With("llama-3.1-70b", "mi300x", more);
    const int64_t longest = c.report.kv.max_model_len_that_fits;
    ASSERT_GT(longest, 8192);
    EXPECT_TRUE(
        With("llama-3.1-70b", "mi300x", R"(,"max_model_len":)" + std::to_string(longest)).report.fits());
  }
}

TEST(SglangPlan, TooFewStatesToServe) {
  const EstimatedCase c = With("qwen3.6-27b", "h100-sxm", R"(,"max_mamba_cache_size":4)");
  EXPECT_EQ(c.report.verdict, Verdict::kDoesNotFit);
  EXPECT_TRUE(c.Has("states_too_few"));
}

// A draft of before 0.5.14 lies outside the share, a later one inside.
TEST(SglangPlan, WhereADraftLies) {
  const std::string draft = R"(,"mem_fraction_static":0.8,"speculative":{"method":"eagle","num_tokens":3})";
  const auto rest = [&](const char* version) {
    return PlanSglang(
               With("llama-3.1-8b", "h100-sxm", draft + R"(,"engine_version":")" + version + "\"").resolved)
        .ranks[0];
  };
  const SglangRankPlan before = rest("0.5.13"), now = rest("0.5.14");
  EXPECT_EQ(before.rest - now.rest, now.weights.draft);
  EXPECT_GT(now.weights.draft, Bytes(0));
  EXPECT_LT(now.pools.tokens, before.pools.tokens);
}

TEST(SglangPlan, APoolInBytesIsTheSameInTokens) {
  const EstimatedCase bytes = With("qwen3-8b", "h100-sxm", R"(,"kv_cache_memory_bytes":14745600000)");
  EXPECT_EQ(bytes.report.kv.capacity_tokens, 100000);
  EXPECT_EQ(FixOf(bytes, "pool_given_in_bytes"), "Set max_total_tokens to 100,000.");
  const EstimatedCase tokens = With("qwen3-8b", "h100-sxm", R"(,"max_total_tokens":100000)");
  EXPECT_EQ(tokens.report.per_gpu[0].kv_cache, bytes.report.per_gpu[0].kv_cache);
}

// The draft lies on the last stage alone: that one has no room for the pool, whatever the first one has.
TEST(SglangPlan, AnyStageWithoutRoomFails) {
  const EstimatedCase c = With(
      "llama-3.1-8b", "rtx-4070",
      R"(,"format":"fp8","gpus":2,"tp":1,"pp":2,"max_model_len":2048,"kv_cache_memory_bytes":1000000000,)"
      R"("speculative":{"method":"draft","model":"llama-3.2-3b","num_tokens":2})");
  ASSERT_EQ(c.error, "");
  const SglangPlan plan = PlanSglang(c.resolved);
  ASSERT_EQ(plan.ranks.size(), 2u);
  ASSERT_EQ(plan.ranks[0].pools.shortage, SglangShortage::kNone);
  ASSERT_EQ(plan.ranks[1].pools.shortage, SglangShortage::kPool);
  EXPECT_FALSE(c.report.fits());
  EXPECT_EQ(c.report.kv.max_concurrency, 0);
  EXPECT_EQ(c.report.kv.max_model_len_that_fits, 0);
}

TEST(SglangPlan, LargerShareNeverHoldsFewerTokens) {
  int64_t last = 0;
  for (int share = 50; share <= 95; share += 5) {
    const EstimatedCase c =
        With("qwen3-8b", "h100-sxm", R"(,"mem_fraction_static":0.)" + std::to_string(share));
    EXPECT_GT(c.report.kv.capacity_tokens, last);
    last = c.report.kv.capacity_tokens;
  }
}

}  // namespace
}  // namespace plimsoll
