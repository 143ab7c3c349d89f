#include "core/engines/sglang/sglang_pool.h"

#include <gtest/gtest.h>

#include <string>

#include "core/engines/sglang/sglang_setup.h"
#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

EstimatedCase With(const char* model, const char* gpu, const std::string& more = "") {
  return EstimateText(std::string(R"({"engine":"sglang","model":")") + model + R"(","gpu":")" + gpu + "\"" +
                      more + "}");
}

SglangCell Cell(const EstimatedCase& c) {
  return CellOf(c.resolved, PipelineStage(c.resolved.architecture->layers, 1, 0), true);
}

// Pools as servers printed them, in GiB, and their tokens.
TEST(SglangPool, TokensOfKnownPools) {
  const struct {
    const char *model, *gpu, *more;
    double gib;
    int64_t tokens;
  } logs[] = {
      {"qwen3-14b", "rtx-3090", R"(,"gpus":4)", 11.38, 298447},
      {"qwq-32b", "a10g", R"(,"gpus":4)", 2.84, 46611},
      {"kimi-k2.5", "mi355x", R"(,"gpus":8)", 160.63, 2454421},
      {"qwen3.6-27b", "gb10-dgx-spark", R"(,"kv_cache_dtype":"fp8")", 6.98, 228520},
      {"deepseek-v3.2", "rtx-pro-6000-blackwell-ws", R"(,"kv_cache_dtype":"bf16")", 18.68, 256000},
      {"qwen3-30b-a3b", "h100-sxm", "", 50.28, 549277},
      {"qwen3.6-27b", "rtx-pro-6000-blackwell-ws", "", 10.44, 171008},
  };
  for (const auto& log : logs) {
    const EstimatedCase c = With(log.model, log.gpu, log.more);
    const double tokens = log.gib * (int64_t{1} << 30) / static_cast<double>(Cell(c).token.count());
    EXPECT_NEAR(tokens / static_cast<double>(log.tokens), 1, 0.002) << log.model;
  }
}

// A pool of a given size holds what it holds: where the weights have no room either (experts in RAM, which a key does
// not say), and with a draft, whose cache is printed by itself.
TEST(SglangPool, AGivenPoolIsTheTargetsAlone) {
  const EstimatedCase lacking =
      With("deepseek-v3.2", "rtx-pro-6000-blackwell-ws", R"(,"kv_cache_memory_bytes":20057497272)");
  EXPECT_FALSE(lacking.report.fits());
  EXPECT_EQ(lacking.report.kv.capacity_tokens, 20057497272 / (1284 * 61) / 64 * 64);
  const char* draft = R"(,"mamba_ssm_cache_dtype":"bfloat16","speculative":{"method":"mtp","num_tokens":5},)"
                      R"("kv_cache_memory_bytes":11209864642)";
  const EstimatedCase drafted = With("qwen3.6-27b", "rtx-pro-6000-blackwell-ws", draft);
  EXPECT_EQ(drafted.report.kv.capacity_tokens, 11209864642 / 65536);
  EXPECT_GT(Cell(drafted).priced, Cell(drafted).token);
}

TEST(SglangPool, CellsByHand) {
  EXPECT_EQ(Cell(With("llama-3.1-8b", "h100-sxm")).token.count(), 131072);
  EXPECT_EQ(Cell(With("llama-3.1-8b", "h100-sxm", R"(,"gpus":2)")).token.count(), 65536);
  EXPECT_EQ(Cell(With("llama-3.1-8b", "h100-sxm", R"(,"kv_cache_dtype":"fp8_e5m2")")).token.count(), 65536);
  // A latent of 576 elements in 61 layers, whole on every rank.
  EXPECT_EQ(Cell(With("deepseek-r1", "h200", R"(,"gpus":8)")).token.count(), int64_t{576} * 61 * 2);
  // Sparse, in fp8: 512 + 16 + 128 bytes on Hopper, 576 on Blackwell, and 132 of the indexer.
  EXPECT_EQ(Cell(With("deepseek-v3.2", "h200", R"(,"gpus":8,"kv_cache_dtype":"fp8")")).token.count(),
            (656 + 132) * 61);
  EXPECT_EQ(Cell(With("deepseek-v3.2", "b200", R"(,"gpus":8)")).token.count(), (576 + 132) * 61);
}

// DP attention: a replica's ranks divide the heads, not all of tp's.
TEST(SglangPool, HeadsGoOverAReplicasRanks) {
  const SglangCell all = Cell(With("qwen3-30b-a3b", "h100-sxm", R"(,"gpus":4)"));
  const SglangCell replica = Cell(With("qwen3-30b-a3b", "h100-sxm", R"(,"gpus":4,"tp":4,"dp":4)"));
  EXPECT_EQ(replica.token, all.token * 4);
}

// Qwen3.6-27B: 48 recurrent layers; a log of 361 slots: states 50.77 GiB in float32, columns 0.99.
TEST(SglangPool, StatesOfASlot) {
  const SglangCell cell = Cell(With("qwen3.6-27b", "gb10-dgx-spark"));
  EXPECT_EQ(cell.state, MiB(144));
  EXPECT_NEAR((cell.state * 361).gib(), 50.77, 0.005);
  EXPECT_NEAR((cell.convolution * 361).gib(), 0.99, 0.005);
  const SglangCell half =
      Cell(With("qwen3.6-27b", "gb10-dgx-spark", R"(,"mamba_ssm_cache_dtype":"bfloat16")"));
  EXPECT_EQ(half.state, MiB(72));
}

TEST(SglangPool, StatesTakeTheirRatio) {
  const EstimatedCase c = With("qwen3.6-27b", "h100-sxm", R"(,"engine_version":"0.5.13")");
  const SglangCell cell = Cell(c);
  const SglangPools pools = DividePool(c.resolved, cell, GiB(19));
  EXPECT_EQ(pools.slots, GiB(9) / cell.slot());
  EXPECT_EQ(pools.room, GiB(19) - cell.slot() * pools.slots);
  EXPECT_EQ(pools.states, cell.slot() * (pools.slots + 1));
  EXPECT_EQ(pools.tokens, pools.room / cell.token);
}

// A server without a radix cache and with 32 requests: 37.52 GiB left less 33 slots and 100 MiB for images: 32.66.
TEST(SglangPool, WithoutPrefixesAStateForEachRequest) {
  const EstimatedCase c =
      With("qwen3.6-27b", "h100-sxm", R"(,"enable_prefix_caching":false,"max_running_requests":32)");
  const SglangPools pools = DividePool(c.resolved, Cell(c), GiBFromDouble(37.52 - 0.098));
  EXPECT_EQ(pools.slots, 32);
  EXPECT_NEAR(pools.room.gib(), 32.66, 0.04);
}

TEST(SglangPool, AGivenNumberOfStates) {
  const EstimatedCase c = With("qwen3.6-27b", "gb10-dgx-spark", R"(,"max_mamba_cache_size":360)");
  const SglangPools pools = DividePool(c.resolved, Cell(c), GiB(80));
  EXPECT_EQ(pools.slots, 360);
  EXPECT_EQ(RunningOf(c.resolved, pools, 228520, 262144), 72) << "five slots each, as printed";
}

TEST(SglangPool, TooFewStatesOrNoRoom) {
  const EstimatedCase c = With("qwen3.6-27b", "h100-sxm");
  EXPECT_EQ(DividePool(c.resolved, Cell(c), MiB(500)).shortage, SglangShortage::kStates);
  EXPECT_EQ(DividePool(c.resolved, Cell(c), Bytes(0)).shortage, SglangShortage::kPool);
  const EstimatedCase dense = With("llama-3.1-8b", "h100-sxm");
  EXPECT_EQ(DividePool(dense.resolved, Cell(dense), Bytes(-1)).shortage, SglangShortage::kPool);
  EXPECT_EQ(DividePool(dense.resolved, Cell(dense), Bytes(131071)).shortage, SglangShortage::kPool);
  EXPECT_EQ(DividePool(dense.resolved, Cell(dense), Bytes(131072)).tokens, 1);
}

// Gemma 4: a server printed 1710 tokens for whole layers and 1368 for windows.
TEST(SglangPool, WindowsGetTheirShareOfTokens) {
  const EstimatedCase c = With("gemma-4-12b", "h100-sxm");
  const SglangCell cell = Cell(c);
  EXPECT_GT(cell.window_token, Bytes(0));
  EXPECT_EQ(WindowTokens(c.resolved, cell, 1710), 1368);
  EXPECT_EQ(cell.priced, cell.token + cell.window_token * 8 / 10);
  const EstimatedCase whole = With("gemma-3-12b", "h100-sxm");
  EXPECT_EQ(Cell(whole).window_token, Bytes(0));
  EXPECT_EQ(WindowTokens(whole.resolved, Cell(whole), 1710), 0);
}

// From 0.5.14 on a token is priced with the draft's layers: 16 of the target, one of the draft.
TEST(SglangPool, ADraftIsPricedIn) {
  const std::string draft = R"(,"speculative":{"method":"mtp","num_tokens":3})";
  const SglangCell now = Cell(With("qwen3.6-27b", "h100-sxm", draft));
  EXPECT_EQ(now.draft_token * 16, now.token);
  EXPECT_EQ(now.priced, now.token + now.draft_token);
  const SglangCell before = Cell(With("qwen3.6-27b", "h100-sxm", draft + R"(,"engine_version":"0.5.13")"));
  EXPECT_EQ(before.priced, before.token);
}

TEST(SglangPool, PagesAndLimits) {
  const EstimatedCase c = With("llama-3.1-8b", "h100-sxm", R"(,"block_size":64,"max_total_tokens":1000)");
  EXPECT_EQ(DividePool(c.resolved, Cell(c), GiB(40)).tokens, 960);
  const EstimatedCase paged = With("llama-3.1-8b", "h100-sxm", R"(,"block_size":64)");
  EXPECT_EQ(DividePool(paged.resolved, Cell(paged), Bytes(131072) * 200).tokens, 192);
}

// 2049 rows of 131,076 indices.
TEST(SglangPool, TheRequestTable) {
  const EstimatedCase c = With("llama-3.1-8b", "h100-sxm");
  EXPECT_EQ(RequestTable(c.resolved, 2048, 131072).count(), int64_t{2049} * 131076 * 4);
}

}  // namespace
}  // namespace plimsoll
