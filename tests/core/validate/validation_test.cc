#include "core/validate/validation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "core/config/config_codec.h"
#include "core/estimate/estimate.h"
#include "tests/support/shipped_catalog.h"
#include "tests/support/test_data.h"

namespace plimsoll {
namespace {

CaseFile Read(std::string_view text) {
  Result<Json> json = Json::Parse(text, "cases");
  EXPECT_TRUE(json.ok()) << text;
  Result<CaseFile> file = ReadCases(*json);
  EXPECT_TRUE(file.ok());
  return file.ok() ? *file : CaseFile();
}

const ScoredMetric* Find(const Validation& validation, std::string_view id, std::string_view metric) {
  for (const ScoredMetric& comparison : validation.comparisons) {
    if (comparison.id == id && comparison.metric == metric) return &comparison;
  }
  return nullptr;
}

// Where a start ended by its log: of the measured cases that say so, and that bind a bound, 95 % are told the same
// stage.
TEST(Validation, StartsThatFailDoSoAtTheMeasuredStage) {
  int all = 0, right = 0;
  std::string wrong;
  for (const char* name : {"vllm_logs.json", "llama_cpp_logs.json"}) {
    const Result<Json> cases = Json::Parse(ReadTestFile(name), name);
    ASSERT_TRUE(cases.ok()) << name;
    for (const Json& one : cases->items()) {
      const Json* stage = one.Find("stage");
      if (stage == nullptr || one.Find("confidence")->AsString() == "low") continue;
      const Result<DecodedConfig> decoded = DecodeConfigJson(*one.Find("config"));
      ASSERT_TRUE(decoded.ok()) << one.Find("id")->AsString();
      const Result<Report> report = Estimate(decoded->config, ShippedCatalog());
      ASSERT_TRUE(report.ok()) << one.Find("id")->AsString();
      ++all;
      const bool same = FailureStageName(report->failure) == stage->AsString();
      if (same) ++right;
      if (!same)
        wrong += one.Find("id")->AsString() + ": " + std::string(FailureStageName(report->failure)) + "\n";
    }
  }
  EXPECT_GE(all, 17);
  EXPECT_GE(right * 100, all * 95) << wrong;
  RecordProperty("stages_right_percent", 100 * right / std::max(all, 1));
}

TEST(Validation, ComparesEveryMetricThatWasMeasured) {
  // Llama-3.1-8B on an RTX 3090: weights 14.9888 GiB are the file's bytes plus a 32 MiB RoPE table.
  const Validation validation = Validate(
      Read(
          R"([{"id":"a","source":"a log","config":{"model":"llama-3.1-8b","engine_version":"0.6.4","gpu":"rtx-3090",
          "max_model_len":20000,"gpu_memory_utilization":0.9},
          "measured":{"weights_gib_per_gpu":14.9888,"kv_cache_gib_per_gpu":3.81,"kv_cache_tokens":31232,"outcome":"ok"}}])"),
      ShippedCatalog());
  EXPECT_TRUE(validation.unanswered.empty());
  const ScoredMetric* weights = Find(validation, "a", "weights_gib_per_gpu");
  ASSERT_NE(weights, nullptr);
  EXPECT_NEAR(weights->relative_error, 0, 0.0005);
  const ScoredMetric* outcome = Find(validation, "a", "outcome");
  ASSERT_NE(outcome, nullptr);
  EXPECT_EQ(outcome->relative_error, 0);
  const ScoredMetric* given_pool = Find(validation, "a", "kv_cache_tokens_given_pool");
  ASSERT_NE(given_pool, nullptr);
  // 3.81 GiB in blocks of 16 tokens of 128 KiB
  EXPECT_EQ(given_pool->predicted, static_cast<double>(int64_t(3.81 * 1073741824) / (16 * 131072) * 16));
}

// Gemma 2 2B wholly in RAM: 26 layers x 8192 cells x 2 x 4 heads x 256 x 2 B = 832 MiB, though no card holds
// a weight.
TEST(Validation, AModelInRamIsAnsweredToo) {
  const Validation validation = Validate(
      Read(
          R"([{"id":"cpu","config":{"model":"gemma-2-2b","format":"gguf-q4_k_m","engine":"llama.cpp","engine_version":"b7000",
           "gpu":"rtx-4060","max_model_len":8192,"max_num_seqs":4,"n_gpu_layers":0},"measured":{"kv_buffer_mib":832}}])"),
      ShippedCatalog());
  const ScoredMetric* kv = Find(validation, "cpu", "kv_buffer_mib");
  ASSERT_NE(kv, nullptr);
  EXPECT_EQ(kv->predicted, 832);
}

TEST(Validation, NothingIsDroppedSilently) {
  const Validation validation =
      Validate(Read(R"([{"id":"unknown model","config":{"model":"no-such-model"},"measured":{"outcome":"ok"}},
               {"id":"bad number","config":{"model":"llama-3.1-8b","tp":-1},"measured":{"outcome":"ok"}},
               {"id":"odd metric","config":{"model":"llama-3.1-8b"},"measured":{"karma":3,"outcome":"perhaps"}},
               {"id":"nothing measured","config":{"model":"llama-3.1-8b"}},
               {"config":{"model":"llama-3.1-8b","engine":"abacus"},"measured":{"outcome":"ok"}}])"),
               ShippedCatalog());
  EXPECT_TRUE(validation.comparisons.empty());
  std::string ids;
  for (const Unanswered& item : validation.unanswered) {
    ids += item.id + ";";
    EXPECT_FALSE(item.reason.empty());
  }
  for (const char* id : {"unknown model", "bad number", "odd metric", "nothing measured", "case 4"}) {
    EXPECT_NE(ids.find(id), std::string::npos) << id << " in " << ids;
  }
}

TEST(Validation, AnOutcomeIsRightOrWrong) {
  const Validation validation = Validate(
      Read(
          R"([{"id":"right","config":{"model":"llama-3.1-70b","gpu":"rtx-4090"},"measured":{"outcome":"fail"}},
               {"id":"wrong","config":{"model":"llama-3.1-70b","gpu":"rtx-4090"},"measured":{"outcome":"ok"}}])"),
      ShippedCatalog());
  EXPECT_EQ(Find(validation, "right", "outcome")->relative_error, 0);
  EXPECT_EQ(Find(validation, "wrong", "outcome")->relative_error, 1);
  const Json json = ValidationToJson(validation);
  EXPECT_EQ(json.Find("cases")->items()[0].Find("measured")->AsString(), "fail");
}

// Llama-3.1-8B on an RTX 3090 does not hold its own 131072 tokens, and starts at what fits: a server that
// started was given another length, one that failed may have failed for it.
TEST(Validation, AnOmittedLengthIsShortenedForWhatStarted) {
  const Validation validation = Validate(
      Read(
          R"([{"id":"started","config":{"model":"llama-3.1-8b","gpu":"rtx-3090"},"measured":{"outcome":"ok"}},
               {"id":"failed","config":{"model":"llama-3.1-8b","gpu":"rtx-3090"},"measured":{"outcome":"fail"}}])"),
      ShippedCatalog());
  EXPECT_EQ(Find(validation, "started", "outcome")->relative_error, 0);
  EXPECT_EQ(Find(validation, "failed", "outcome")->relative_error, 0);
}

// What the report holds of an engine without a budget is the cache that was asked for.
TEST(Validation, APoolIsNotPredictedWithoutABudget) {
  const Validation validation =
      Validate(Read(R"([{"id":"a","config":{"model":"llama-3.1-8b","engine":"lmdeploy","gpu":"rtx-4090"},
               "measured":{"kv_cache_gib_per_gpu":4.5,"max_concurrency":3}}])"),
               ShippedCatalog());
  EXPECT_EQ(Find(validation, "a", "kv_cache_gib_per_gpu"), nullptr);
  ASSERT_EQ(validation.unanswered.size(), 2u);
  EXPECT_EQ(validation.unanswered[0].reason, "LMDeploy's budget is not modelled");
}

TEST(Validation, LowConfidenceDoesNotBind) {
  const Validation validation = Validate(
      Read(
          R"([{"id":"a","confidence":"high","config":{"model":"llama-3.1-8b"},"measured":{"checkpoint_bytes":16060522496}},
               {"id":"b","confidence":"low","config":{"model":"llama-3.1-8b"},"measured":{"checkpoint_bytes":1000}},
               {"id":"c","set":"suspect","config":{"model":"llama-3.1-8b"},"measured":{"checkpoint_bytes":1000}}])"),
      ShippedCatalog());
  ASSERT_EQ(validation.summary.size(), 1u);
  EXPECT_EQ(validation.summary[0].n, 3);
  EXPECT_EQ(validation.binding_summary[0].n, 1);
  EXPECT_EQ(validation.binding_summary[0].worst, 0) << "8,030,261,248 parameters of 2 bytes, exactly";
}

TEST(Validation, SummariesAreTheUsualStatistics) {
  std::vector<ScoredMetric> comparisons;
  for (double error : {0.1, -0.2, 0.3, -0.4, 0.5}) {
    comparisons.push_back({std::to_string(error), "ttft_ms", 0, 1, error, true});
  }
  const std::vector<MetricSummary> summary = Summarize(comparisons, false);
  ASSERT_EQ(summary.size(), 1u);
  EXPECT_EQ(summary[0].n, 5);
  EXPECT_DOUBLE_EQ(summary[0].median_abs, 0.3);
  EXPECT_DOUBLE_EQ(summary[0].mean_abs, 0.3);
  EXPECT_DOUBLE_EQ(summary[0].p90_abs, 0.46);
  EXPECT_DOUBLE_EQ(summary[0].worst, 0.5);
}

// Llama 3.1 8B: 8,030,261,248 parameters; a token takes 32 layers x 2 x 8 heads x 128 x 2 B = 128 KiB.
TEST(Validation, WhatTheModelAloneSays) {
  const Validation validation =
      Validate(Read(R"([{"id":"a","source":"the model card","config":{"model":"llama-3.1-8b"},
               "measured":{"total_params":8030261248,"kv_bytes_per_token":131072}}])"),
               ShippedCatalog());
  for (const char* metric : {"total_params", "kv_bytes_per_token"}) {
    const ScoredMetric* comparison = Find(validation, "a", metric);
    ASSERT_NE(comparison, nullptr) << metric;
    EXPECT_EQ(comparison->predicted, comparison->measured) << metric;
  }
}

TEST(Validation, PublishedExceptionsAreTaken) {
  const CaseFile file = Read(
      R"([{"id":"a","config":{"model":"llama-3.1-70b","format":"fp8"},"quant_config":{"ignore":["lm_head"]},"measured":{}}])");
  ASSERT_EQ(file.cases.size(), 1u);
  EXPECT_EQ(file.cases[0].config.format.Dump(), R"({"id":"fp8","unquantized":["lm_head"]})");
}

TEST(Validation, WhatIsNoListIsRefused) {
  EXPECT_FALSE(ReadCases(Json(3)).ok());
  EXPECT_FALSE(ReadCases(Json::MakeObject()).ok());
}

// Cases of the right structure with numbers that none has: each is answered or listed, and none overflows
// (the sanitizers watch).
TEST(Validation, SurvivesAnyNumberInAnyPlace) {
  constexpr const char* kNumbers[] = {"0",
                                      "1",
                                      "-1",
                                      "0.5",
                                      "1e300",
                                      "-1e300",
                                      "1e18",
                                      "9223372036854775807",
                                      "-9223372036854775808",
                                      "4294967296",
                                      "1e-300",
                                      "null",
                                      "\"7\"",
                                      "[]"};
  constexpr const char* kKeys[] = {
      "concurrency",  "users",        "num_prompts",     "input_len",    "output_len",
      "request_rate", "arrival_rate", "kv_cache_tokens", "max_num_seqs", "max_num_batched_tokens"};
  constexpr const char* kArrivals[] = {"closed_loop", "poisson", "constant", "burst"};
  for (const char* key : kKeys) {
    for (const char* number : kNumbers) {
      for (const char* arrival : kArrivals) {
        const std::string text =
            R"([{"id":"a","config":{"model":"llama-3.2-1b","gpu":"h100-sxm","workload":{}},"measured":{"ttft_ms":1,"tpot_ms":1,)"
            R"("output_tps_total":1,"decode_tps_per_stream":)" +
            std::string(number) + R"(},"workload":{"arrival":")" + arrival +
            R"(","input_len":64,"output_len":8,"request_rate":4,"concurrency":4,"num_prompts":8,")" + key +
            "\":" + number + "}}]";
        const Result<Json> json = Json::Parse(text, "cases");
        ASSERT_TRUE(json.ok()) << text;
        const Result<CaseFile> cases = ReadCases(*json);
        if (!cases.ok()) continue;
        for (const ScoredMetric& comparison : Validate(*cases, ShippedCatalog()).comparisons) {
          EXPECT_TRUE(std::isfinite(comparison.predicted)) << text;
        }
      }
    }
  }
}

}  // namespace
}  // namespace plimsoll
