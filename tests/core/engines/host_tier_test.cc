#include "core/engines/host_tier.h"

#include <gtest/gtest.h>

#include <string>

#include "core/engines/server.h"
#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

HostTier TierOf(const std::string& rest, const std::string& gpu = R"("gpu":"h100-sxm")") {
  const EstimatedCase c = EstimateText(R"({"model":"llama-3.1-8b","max_model_len":8192,)" + gpu + rest + "}");
  return MakeSchedulerSetup(c.resolved, c.report).host;
}

// Llama 3.1 8B: 32 layers of 8 heads of 128, keys and values of 2 bytes: 128 KiB a token, 2 MiB a block of 16. PCIe 5 at
// 0.8 of 64 GB/s takes 41 microseconds for one, as against three milliseconds of computing its tokens.
TEST(HostTier, BlocksOfOneCard) {
  const HostTier tier = TierOf(R"(,"kv_offloading_gib":10)");
  EXPECT_EQ(tier.units, 5120);
  EXPECT_NEAR(tier.load, 2097152 / (0.8 * 64e9), 1e-12);
  EXPECT_TRUE(tier.waits);
  EXPECT_EQ(tier.least, 0);
}

// Each of four ranks has a quarter of a block and loads it over its own link; RAM has the whole.
TEST(HostTier, RanksLoadTheirPartsAtOnce) {
  const HostTier tier = TierOf(R"(,"kv_offloading_gib":10,"gpus":4,"tp":4,"ram_gb_per_s":600)");
  EXPECT_EQ(tier.units, 5120);
  EXPECT_NEAR(tier.load, 524288 / (0.8 * 64e9), 1e-12);
  const HostTier slow = TierOf(R"(,"kv_offloading_gib":10,"gpus":4,"tp":4,"ram_gb_per_s":100)");
  EXPECT_NEAR(slow.load, 2097152 / 100e9, 1e-12) << "more than RAM delivers";
}

EstimatedCase Case(const std::string& rest) {
  return EstimateText(R"({"model":"llama-3.1-8b","max_model_len":8192,"gpu":"h100-sxm")" + rest + "}");
}

// Each replica of vLLM is an engine with a size of its own: four of them take four times as much RAM.
TEST(HostTier, ReplicasHaveTheirOwn) {
  const std::string ask = R"(,"kv_offloading_gib":10,"gpus":4,"tp":1,"dp":4,"ram_gb_per_s":600)";
  const HostTier tier = TierOf(ask);
  EXPECT_EQ(tier.units, 5120);
  EXPECT_NEAR(tier.load, 2097152 / (0.8 * 64e9), 1e-12);
  EXPECT_EQ(Case(ask).report.host.kv_cache, GiB(40));
}

// SGLang's replicas that divide the attention of one engine's ranks share what these have.
TEST(HostTier, ReplicasWithinRanksShareTheirs) {
  const std::string ask =
      R"(,"engine":"sglang","kv_offloading_gib":10,"gpus":4,"tp":4,"dp":4,"enable_dp_attention":true)";
  const EstimatedCase c = Case(ask);
  ASSERT_TRUE(c.resolved.dp_attention);
  EXPECT_EQ(c.report.host.kv_cache, GiB(10));
  EXPECT_EQ(TierOf(ask).units, 81920 / 4);
}

// A ratio of the pool: as many tokens as it has, and its bytes.
TEST(HostTier, SglangsRatioIsOfThePool) {
  const std::string ask = R"(,"engine":"sglang","hicache_ratio":1.5)";
  const EstimatedCase c = Case(ask);
  const double tokens = static_cast<double>(c.report.kv.capacity_tokens);
  EXPECT_NEAR(static_cast<double>(TierOf(ask).units), 1.5 * tokens, 1);
  EXPECT_NEAR(c.report.host.kv_cache.gib(), 1.5 * c.report.per_gpu[0].kv_cache.gib(), 1e-6);
  EXPECT_EQ(TierOf(R"(,"engine":"sglang","hicache_ratio":1.5,"kv_offloading_gib":10)").units, 81920)
      << "a size goes before it";
  EXPECT_EQ(TierOf(R"(,"engine":"sglang","hicache_ratio":0)").units, 0);
}

// TensorRT-LLM moves what the cards forget: both pools together hold what was used last. Pages of 64 tokens are 8 MiB.
TEST(HostTier, TensorrtMovesWhatTheCardsForget) {
  const std::string ask = R"(,"engine":"tensorrt-llm","kv_offloading_gib":10)";
  const EstimatedCase c = Case(ask);
  const SchedulerSetup setup = MakeSchedulerSetup(c.resolved, c.report);
  EXPECT_EQ(setup.host.units, 1280 + setup.blocks);
  EXPECT_NEAR(setup.host.load, 8388608 / (0.8 * 64e9), 1e-12);
  EXPECT_FALSE(setup.host.waits);
  EXPECT_EQ(setup.host.layers, 1) << "a step waits for its copies";
  EXPECT_TRUE(setup.host.moves);
  EXPECT_EQ(c.report.host.kv_cache, GiB(10));
  EXPECT_EQ(TierOf(ask + R"(,"enable_prefix_caching":false)").units, 0);
  EXPECT_EQ(TierOf(R"(,"engine":"mlx","gpu":"m4-max","kv_offloading_gib":10)").units, 0);
}

// LMCache: 5 GiB of each rank unless a size is given, chunks of 16 blocks, and steps that wait for both ways.
TEST(HostTier, LmcacheHasChunksOfPrompts) {
  const std::string ask = R"(,"kv_offloading_backend":"lmcache")";
  const HostTier tier = TierOf(ask);
  EXPECT_EQ(tier.units, 2560);
  EXPECT_EQ(tier.chunk, 16);
  EXPECT_EQ(tier.layers, 1);
  EXPECT_FALSE(tier.waits);
  EXPECT_TRUE(tier.prompts_only);
  EXPECT_EQ(tier.write, tier.load);
  EXPECT_EQ(TierOf(ask + R"(,"gpus":4,"tp":2,"pp":2)").units, 4 * 2560);
  EXPECT_EQ(Case(ask + R"(,"gpus":4,"tp":2,"dp":2)").report.host.kv_cache, GiB(20));
  EXPECT_EQ(TierOf(ask + R"(,"kv_offloading_gib":10)").units, 5120);
  EXPECT_EQ(TierOf(ask + R"(,"kv_offloading_gib":0)").units, 0);
  EXPECT_EQ(TierOf(ask + R"(,"block_size":128)").chunk, 2);
  EXPECT_TRUE(Case(ask + R"(,"ram_gib":4)").report.Has("ram_short"));
  const HostTier native = TierOf(R"(,"kv_offloading_gib":10,"kv_offloading_backend":"native")");
  EXPECT_TRUE(native.waits);
  EXPECT_EQ(native.chunk, 1);
  EXPECT_NE(Case(R"(,"kv_offloading_backend":"lmcach")").error.find("lmcache"), std::string::npos);
}

Report OnEightH200(const std::string& release, const std::string& model, const std::string& rest) {
  return EstimateText(R"({"gpu":"h200","gpus":8,"tp":8,"max_model_len":131072,"engine_version":")" + release +
                      R"(","model":")" + model + '"' + rest + "}")
      .report;
}

// OffloadingConnector supports the hybrid manager since 0.21.0 (vllm-project/vllm#41445); before, gpt-oss's windows are
// kept whole, 18 of whose 36 layers have 128 tokens.
TEST(HostTier, VllmsOwnTurnedTheHybridManagerOffOnce) {
  const std::string kept = R"(,"kv_offloading_gib":40)";
  const Report before = OnEightH200("0.20.0", "gpt-oss-120b", kept);
  const Report since = OnEightH200("0.21.0", "gpt-oss-120b", kept);
  EXPECT_NEAR(since.kv.max_concurrency / before.kv.max_concurrency, 2, 0.2);
  EXPECT_TRUE(before.Has("hybrid_manager_off"));
  EXPECT_FALSE(since.Has("hybrid_manager_off"));
  EXPECT_FALSE(OnEightH200("0.20.0", "gpt-oss-120b", "").Has("hybrid_manager_off"));
  EXPECT_EQ(OnEightH200("0.20.0", "qwen3-next-80b-a3b", kept).verdict, Verdict::kInvalid);
  EXPECT_NE(OnEightH200("0.21.0", "qwen3-next-80b-a3b", kept).verdict, Verdict::kInvalid);
}

// Beside LMCache windows are kept whole: gpt-oss-120b under vLLM 0.22.1 on eight H200 had 25,798,626 tokens of pool
// without and 13,724,416 with it (measured by an LMCache developer, September 2026; vllm-project/vllm#41830). Models with
// recurrent layers do not start: "failed to convert the KV cache specs to one unified type".
TEST(HostTier, LmcacheTurnsTheHybridManagerOff) {
  const auto asked = [](const std::string& model, const std::string& rest) {
    return OnEightH200("0.22.1", model, rest);
  };
  const std::string lmcache = R"(,"kv_offloading_backend":"lmcache")";
  const Report without = asked("gpt-oss-120b", R"(,"kv_offloading_gib":40)");
  const Report with = asked("gpt-oss-120b", lmcache);
  const auto tokens = [](const Report& report) { return static_cast<double>(report.kv.capacity_tokens); };
  EXPECT_NEAR(tokens(without) / 25798626, 1, 0.02);
  EXPECT_NEAR(tokens(with) / 13724416, 1, 0.02);
  EXPECT_NEAR(tokens(without) / tokens(with), 25798626.0 / 13724416, 0.005);
  EXPECT_TRUE(with.Has("hybrid_manager_off"));
  EXPECT_FALSE(without.Has("hybrid_manager_off"));
  EXPECT_EQ(asked("qwen3-next-80b-a3b", lmcache).verdict, Verdict::kInvalid);
  EXPECT_NE(asked("qwen3-next-80b-a3b", R"(,"kv_offloading_gib":40)").verdict, Verdict::kInvalid);
  EXPECT_FALSE(asked("llama-3.1-8b", lmcache).Has("hybrid_manager_off")) << "its layers are alike";
  EXPECT_FALSE(with.Has("lmcache_in_process"));
  EXPECT_TRUE(OnEightH200("0.23.0", "llama-3.1-8b", lmcache).Has("lmcache_in_process"));
}

// Weights that stay in RAM need room there, too.
TEST(HostTier, OffloadedWeightsNeedRam) {
  for (const char* engine : {"vllm", "sglang"}) {
    const std::string ask = R"(,"cpu_offload_gb":10,"engine":")" + std::string(engine) + '"';
    EXPECT_TRUE(Case(ask + R"(,"ram_gib":10)").report.fits()) << engine;
    const Report report = Case(ask + R"(,"ram_gib":9)").report;
    EXPECT_FALSE(report.fits()) << engine;
    EXPECT_TRUE(report.Has("ram_short")) << engine;
    EXPECT_EQ(report.kv.max_model_len_that_fits, 0) << engine;
    EXPECT_TRUE(Case(ask).report.fits()) << engine << ": of a machine that is not known";
  }
}

// What does not fit into the machine's memory does not start.
TEST(HostTier, RamMayBeShort) {
  const auto fits = [](const std::string& rest) { return Case(rest).report.fits(); };
  EXPECT_TRUE(fits(R"(,"kv_offloading_gib":60,"ram_gib":64)"));
  EXPECT_FALSE(fits(R"(,"kv_offloading_gib":65,"ram_gib":64)"));
  EXPECT_TRUE(Case(R"(,"kv_offloading_gib":65,"ram_gib":64)").report.Has("ram_short"));
  EXPECT_FALSE(fits(R"(,"kv_offloading_gib":20,"ram_gib":64,"gpus":4,"tp":1,"dp":4)")) << "four times 20";
  EXPECT_TRUE(fits(R"(,"kv_offloading_gib":65)")) << "of a machine that is not known";
  EXPECT_FALSE(fits(R"(,"kv_offloading_gib":60,"ram_gib":64,"engine":"sglang")")) << "10 GiB stay free";
  EXPECT_TRUE(fits(R"(,"kv_offloading_gib":53,"ram_gib":64,"engine":"sglang")"));
  EXPECT_FALSE(fits(R"(,"kv_offloading_gib":65,"ram_gib":64,"engine":"tensorrt-llm")"));
  for (const char* engine : {"vllm", "sglang", "tensorrt-llm"}) {
    const std::string more = R"(,"kv_offloading_gib":65,"ram_gib":64,"engine":")" + std::string(engine) + '"';
    const Report report = Case(more).report;
    EXPECT_EQ(report.kv.max_model_len_that_fits, 0) << engine;
    EXPECT_EQ(report.kv.max_concurrency, 0) << engine;
  }
}

// The fix is the largest whole size, of a replica.
TEST(HostTier, ShortRamSaysWhatHasRoom) {
  const auto fix = [](const std::string& rest) {
    for (const Diagnostic& diagnostic : Case(rest).report.diagnostics) {
      if (diagnostic.code == "ram_short") return diagnostic.fix;
    }
    return std::string();
  };
  EXPECT_EQ(fix(R"(,"kv_offloading_gib":65,"ram_gib":64.5)"), "Set kv_offloading_gib to 64 or less.");
  EXPECT_EQ(fix(R"(,"kv_offloading_gib":65,"ram_gib":64,"engine":"sglang")"),
            "Set kv_offloading_gib to 54 or less.")
      << "10 GiB stay free";
  EXPECT_EQ(fix(R"(,"kv_offloading_gib":20,"ram_gib":64,"gpus":4,"tp":1,"dp":4)"),
            "Set kv_offloading_gib to 16 or less.");
  EXPECT_EQ(fix(R"(,"kv_offloading_gib":8,"cpu_offload_gb":10,"ram_gib":10)"), "Keep no cache in RAM.");
  EXPECT_EQ(fix(R"(,"cpu_offload_gb":10,"ram_gib":9)"), "Set cpu_offload_gb lower.");
}

TEST(HostTier, WithoutRamThereIsNone) {
  EXPECT_EQ(TierOf("").units, 0);
  EXPECT_EQ(TierOf(R"(,"kv_offloading_gib":0)").units, 0);
  EXPECT_EQ(TierOf(R"(,"kv_offloading_gib":10,"engine_version":"0.6.3","gpu_memory_utilization":0.9)").units,
            0)
      << "V0 has no connector";
  EXPECT_EQ(HostTierOf(Resolved(), PoolOnCards(Report(), 100), GiB(10)).units, 0);
}

// SGLang: pages of one token by default, each layer ahead of its part of the step, nothing below ten tokens.
TEST(HostTier, SglangLoadsLayerByLayer) {
  const HostTier tier = TierOf(R"(,"engine":"sglang","kv_offloading_gib":10)");
  EXPECT_EQ(tier.units, 81920);
  EXPECT_NEAR(tier.load, 131072 / (0.8 * 64e9), 1e-13);
  EXPECT_FALSE(tier.waits);
  EXPECT_EQ(tier.layers, 32);
  EXPECT_EQ(tier.least, 10);
  EXPECT_EQ(TierOf(R"(,"engine":"sglang","kv_offloading_gib":10,"enable_prefix_caching":false)").units, 0);
}

// A public run of vLLM on 16 H100, eight engines of two (llm-d, guides/tiered-prefix-cache/cpu/README.md): Qwen3-32B with
// 9,271 blocks on the cards, 45 users, 45 beginnings of 30,000 tokens that ten prompts each share, 1,024 tokens of answer.
// Each engine sees five or six of them.
struct PublicRun {
  double tokens_per_s = 0, end_to_end_s = 0;
};
PublicRun SimulatedRun(const char* offloading) {
  const EstimatedCase c = EstimateText(
      std::string(R"({"model":"qwen3-32b","gpu":"h100-sxm","gpus":2,"tp":2,"engine_version":"0.11.2",)") +
      R"("max_model_len":40960,"kv_cache_memory_bytes":19442696192)" + offloading + "}");
  const SchedulerSetup setup = MakeSchedulerSetup(c.resolved, c.report);
  PublicRun run;
  const auto add = [&](int64_t users, double engines) {
    Workload workload;
    workload.users = workload.different_prompts = users;
    workload.requests = users * 10;
    workload.prompt.mean = 30256;
    workload.output.mean = 1024;
    const SimulationSummary summary = Simulate(setup, *GenerateRequests(workload)).Summarize({});
    run.tokens_per_s += engines * summary.total_tokens_per_s;
    run.end_to_end_s += engines * static_cast<double>(users) / 45 * summary.end_to_end_ms.mean / 1e3;
  };
  add(6, 5);
  add(5, 3);
  return run;
}

TEST(HostTier, APublicRunWithAndWithoutIt) {
  const PublicRun without = SimulatedRun("");
  EXPECT_NEAR(without.tokens_per_s / 38534.8, 1, 0.1);
  EXPECT_NEAR(without.end_to_end_s / 37.8, 1, 0.1);
  const PublicRun with = SimulatedRun(R"(,"kv_offloading_gib":160.2)");  // 41,000 blocks of 4 MiB
  EXPECT_NEAR(with.tokens_per_s / 46662.5, 1, 0.1);
  EXPECT_NEAR(with.end_to_end_s / 31.0, 1, 0.1);
}

}  // namespace
}  // namespace plimsoll
