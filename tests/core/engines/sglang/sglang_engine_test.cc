#include "core/engines/sglang/sglang_engine.h"

#include <gtest/gtest.h>

#include <string>

#include "core/config/config_codec.h"
#include "core/engines/registry.h"
#include "core/engines/settle.h"
#include "core/resolve/resolved_config.h"
#include "core/schedule/scheduler.h"
#include "tests/support/estimates.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

TEST(SglangEngine, IsInTheRegistryWithItsOwnKeys) {
  EXPECT_EQ(FindEngine("sglang"), &SglangEngine());
  const EngineTraits& traits = SglangEngine().traits();
  EXPECT_TRUE(traits.budget_modelled);
  for (const char* key :
       {"mem_fraction_static", "chunked_prefill_size", "max_running_requests", "max_total_tokens",
        "enable_dp_attention", "hicache_ratio", "max_mamba_cache_size", "block_size", "cpu_offload_gb"}) {
    EXPECT_TRUE(Takes(traits, *FindConfigKey(key))) << key;
    const bool shared = std::string_view(key) == "block_size" || std::string_view(key) == "cpu_offload_gb";
    EXPECT_EQ(Takes(Engines().front()->traits(), *FindConfigKey(key)), shared) << key;
  }
  for (const char* key : {"gpu_memory_utilization", "mamba_cache_mode", "n_ubatch", "flash_attention"}) {
    EXPECT_FALSE(Takes(traits, *FindConfigKey(key))) << key;
  }
}

// What it came to, given back, comes to the same.
TEST(SglangEngine, AResolvedConfigurationIsItsOwnAnswer) {
  for (
      const char* json :
      {R"({"model":"llama-3.1-8b","engine":"sglang","gpu":"rtx-4090"})",
       R"({"model":"deepseek-r1","engine":"sglang","gpu":"h200","gpus":8,"tp":8,"dp":8})",
       R"({"model":"kimi-k2.5","engine":"sglang","engine_version":"0.5.8","gpu":"mi355x","gpus":8})",
       R"({"model":"gemma-3-12b","engine":"sglang","engine_version":"0.4.6","gpu":"h100-sxm"})",
       R"({"model":"qwen3.6-27b","engine":"sglang","gpu":"h100-sxm","speculative":{"method":"mtp","num_tokens":3}})"}) {
    const EstimatedCase first = EstimateText(json);
    ASSERT_TRUE(first.error.empty()) << first.error;
    const Json resolved = ResolvedConfigJson(first.resolved);
    const EstimatedCase again = EstimateText(resolved.Dump());
    ASSERT_TRUE(again.error.empty()) << again.error;
    EXPECT_EQ(ResolvedConfigJson(again.resolved).Dump(), resolved.Dump());
    EXPECT_EQ(again.report.kv.capacity_tokens, first.report.kv.capacity_tokens) << json;
    // A length that the pool decided is a given one the second time, and the request table is that much smaller.
    EXPECT_LE(again.report.per_gpu[0].total, first.report.per_gpu[0].total) << json;
  }
}

TEST(SglangEngine, AsLongAsFits) {
  const EstimatedCase c = EstimateText(
      R"({"model":"llama-3.1-8b","engine":"sglang","gpu":"rtx-4090","engine_version":"0.4.9","max_model_len":-1})");
  EXPECT_EQ(c.resolved.max_model_len, c.report.kv.max_model_len_that_fits);
  EXPECT_LE(c.resolved.max_model_len, c.report.kv.capacity_tokens);
  EXPECT_TRUE(c.report.fits());
}

TEST(SglangEngine, InvalidWhereAGateSaysSo) {
  const EstimatedCase c = EstimateText(R"({"model":"llama-3.1-8b","engine":"sglang","gpu":"apple-m4-max"})");
  EXPECT_EQ(c.report.verdict, Verdict::kInvalid);
  EXPECT_FALSE(c.report.per_gpu.empty());
}

TEST(SglangEngine, EveryModelOfTheCatalogHasAnAnswer) {
  for (const Model& model : ShippedCatalog().models()) {
    Config config;
    config.model = model.id;
    config.engine = "sglang";
    config.gpu = {"h200"};
    config.gpus = 8;
    const Result<Resolved> resolved = Settle(config, ShippedCatalog());
    if (!resolved.ok()) continue;
    Report report;
    SglangEngine().Plan(*resolved, &report);
    EXPECT_EQ(report.per_gpu.size(), 8u) << model.id;
    if (report.fits()) {
      EXPECT_GT(report.kv.capacity_tokens, 0) << model.id;
    }
  }
}

}  // namespace
}  // namespace plimsoll
