#include "core/check/startup_log.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>

#include "core/check/check.h"
#include "core/check/log_diagnosis.h"
#include "core/config/config_keys.h"
#include "core/config/config_url.h"
#include "core/config/config_value.h"
#include "core/engines/engine.h"
#include "core/engines/registry.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/validate/validation.h"
#include "tests/support/json_text.h"
#include "tests/support/shipped_catalog.h"
#include "tests/support/test_data.h"

namespace plimsoll {
namespace {

CheckResult Checked(std::string_view text) {
  const Result<CheckResult> result = Check(text, ShippedCatalog());
  EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().Message());
  return result.ok() ? *result : CheckResult();
}

std::optional<double> Value(const std::vector<CheckMetric>& metrics, std::string_view name) {
  for (const CheckMetric& metric : metrics) {
    if (metric.first == name) return metric.second;
  }
  return std::nullopt;
}

// Logs of every engine whose logs are read, in the shapes of their releases, with the figures of public
// cases: with collectors' prefixes, colours, ranks mixed, as JSON lines, with \r\n.
TEST(StartupLog, EveryFigureOfTheCorpusIsRead) {
  const Json cases = JsonOfText(ReadTestFile("logs/expected.json"));
  ASSERT_GE(cases.items().size(), 90u);
  for (const Json& item : cases.items()) {
    const std::string file = item.Find("file")->AsString();
    SCOPED_TRACE(file);
    const CheckResult result = Checked(ReadTestFile("logs/" + file));
    EXPECT_EQ(result.kind, CheckKind::kLog);
    EXPECT_EQ(result.config.engine, item.Find("engine")->AsString());
    EXPECT_EQ(result.config.model, item.Find("model")->AsString());
    if (const Json* version = item.Find("engine_version")) {
      EXPECT_EQ(result.config.engine_version, version->AsString());
    }
    for (const Json::Member& member : item.Find("measured")->members()) {
      const std::optional<double> read = Value(result.measured, member.first);
      ASSERT_TRUE(read) << member.first;
      EXPECT_NEAR(*read, *member.second.AsDouble(), 1e-6 * std::max(1.0, std::fabs(*read))) << member.first;
    }
    // Of a log that is cut before it names the model there is no answer, and what it says stands all the same.
    if (result.config.model.empty()) {
      for (const char* name : {"max_model_len", "tp", "pp"}) {
        const Json* wanted = item.Find(name);
        if (wanted == nullptr) continue;
        EXPECT_EQ(GetConfigValue(result.config, *FindConfigKey(name)), *wanted) << name;
      }
      continue;
    }
    // What is so anyway is left out of the configuration.
    const Result<Resolved> resolved = Settle(result.config, ShippedCatalog());
    ASSERT_TRUE(resolved.ok()) << resolved.error().Message();
    if (const Json* length = item.Find("max_model_len")) {
      EXPECT_EQ(resolved->max_model_len, length->AsInt());
    }
    if (const Json* format = item.Find("format")) {
      EXPECT_EQ(resolved->format->id, format->AsString());
    }
    if (const Json* tp = item.Find("tp")) {
      EXPECT_EQ(resolved->tp, tp->AsInt());
    }
  }
}

TEST(StartupLog, FailuresAreToldByStageWithWhatIsMissing) {
  const Json cases = JsonOfText(ReadTestFile("logs/expected.json"));
  int failures = 0, right = 0;
  for (const Json& item : cases.items()) {
    const std::string file = item.Find("file")->AsString();
    SCOPED_TRACE(file);
    const CheckResult result = Checked(ReadTestFile("logs/" + file));
    const std::string& stage = item.Find("stage")->AsString();
    if (stage == "none") {
      EXPECT_FALSE(result.failure);
      continue;
    }
    ++failures;
    ASSERT_TRUE(result.failure);
    EXPECT_EQ(FailureStageName(result.failure->stage), stage);
    right += FailureStageName(result.failure->stage) == stage ? 1 : 0;
    EXPECT_FALSE(result.failure->cause.empty());
    if (const Json* knob = item.Find("knob")) {
      EXPECT_EQ(result.failure->knob, knob->AsString());
    }
    if (const Json* first = item.Find("first_fix")) {
      ASSERT_FALSE(result.failure->fixes.empty());
      EXPECT_TRUE(result.failure->fixes[0].set.Has(first->AsString())) << result.failure->fixes[0].cost;
    }
    if (const Json* missing = item.Find("missing_gib")) {
      ASSERT_TRUE(result.failure->missing);
      EXPECT_NEAR(result.failure->missing->gib(), *missing->AsDouble(), 0.011);
    }
  }
  EXPECT_GE(failures, 20);
  EXPECT_GE(right, failures * 95 / 100);
}

// What we print for a configuration is read back as it was printed.
TEST(StartupLog, ReadsTheLinesThatWePrint) {
  std::mt19937 random(11);
  const Catalog& catalog = ShippedCatalog();
  const std::vector<std::string> versions = {"0.6.6",  "0.7.3",  "0.8.5",  "0.9.2",
                                             "0.10.2", "0.15.1", "0.21.0", ""};
  int compared = 0;
  for (int round = 0; round < 400; ++round) {
    Config config;
    config.model = catalog.models()[random() % catalog.models().size()].id;
    config.gpu = {catalog.gpus()[random() % catalog.gpus().size()].id};
    config.max_model_len = 1024 << random() % 6;
    config.gpus = 1 << random() % 3;
    const bool gguf = random() % 2 == 0;
    config.engine = std::string((gguf ? GgufEngine() : *Engines().front()).traits().id);
    if (gguf) config.format = Json("gguf-q4_k_m");
    if (!gguf) config.engine_version = versions[random() % versions.size()];
    const Result<Resolved> resolved = Settle(config, catalog);
    if (!resolved.ok()) continue;
    const Report report = EstimateResolved(*resolved);
    if (report.failure == FailureStage::kInvalid) continue;
    std::string text;
    for (const std::string& line : Explain(*resolved, report).engine_log) text += line + "\n";
    const StartupLog log = ReadStartupLog(text);
    if (text.empty()) continue;
    ASSERT_NE(log.engine, nullptr) << text;
    EXPECT_EQ(log.engine->traits().id, config.engine) << text;
    for (const auto& [metric, value] : MeasuredFigures(log.reading)) {
      const std::optional<double> predicted = PredictedMetric(metric, *resolved, report);
      ASSERT_TRUE(predicted) << metric;
      // A model without a cache has a pool all the same.
      if (metric == "kv_cache_gib_per_gpu" && report.kv.capacity_tokens == 0) continue;
      // The log rounds; of V0's blocks the tokens are whole blocks.
      const double rounding = metric.ends_with("_mib") ? 0.03 : metric == "kv_cache_tokens" ? 16.5 : 0.011;
      EXPECT_NEAR(value, *predicted,
                  rounding * static_cast<double>(report.per_gpu.size()) + 1e-3 * std::fabs(value))
          << metric << " in\n"
          << text;
      ++compared;
    }
    if (report.failure != FailureStage::kNone && !gguf && log.reading.failure) {
      EXPECT_EQ(FailureStageName(log.reading.failure->stage), FailureStageName(report.failure))
          << EncodeConfigUrl(config) << "\n"
          << text;
    }
  }
  EXPECT_GT(compared, 300);
}

TEST(StartupLog, IsReadFromWhicheverEndIsCutOff) {
  const std::string text = ReadTestFile("logs/vllm-fail-12-graph_capture.log");
  for (size_t cut = 0; cut <= text.size(); cut += 7) {
    ReadStartupLog(text.substr(cut));
    ReadStartupLog(text.substr(0, text.size() - cut));
  }
  const std::string last = text.substr(text.find("Traceback"));
  const StartupLog log = ReadStartupLog(last);
  ASSERT_NE(log.engine, nullptr);
  ASSERT_TRUE(log.reading.failure);
  EXPECT_EQ(log.reading.failure->stage, FailureStage::kGraphCapture) << "by the frames alone";
}

TEST(StartupLog, WhatIsNoLogIsLeftToOthers) {
  for (const char* text : {"", "\n", "vllm serve Qwen/Qwen3-32B -tp 2 --gpu-memory-utilization=0.9", "hello",
                           "m=qwen3-32b&g=rtx-4090", "services:\n  vllm:\n    image: vllm/vllm-openai\n"}) {
    EXPECT_EQ(ReadStartupLog(text).engine, nullptr) << text;
  }
}

// Hostile texts: bytes at random, patterns with numbers that overflow, endless lines.
TEST(StartupLog, AnyTextIsRead) {
  std::mt19937 random(3);
  std::vector<std::string> seeds;
  for (const Engine* engine : Engines()) {
    for (const LogPattern& pattern : engine->LogPatterns()) seeds.push_back(std::string(pattern.phrase));
  }
  const std::vector<std::string> rest = {"99999999999999999999999999",
                                         "-1",
                                         "nan",
                                         "1e999",
                                         "GiB",
                                         " GiB",
                                         "(",
                                         ")",
                                         ": ",
                                         "=",
                                         "{'a': ",
                                         "\x1b[",
                                         "\xff\xfe",
                                         "\"",
                                         "'",
                                         ",",
                                         "\n",
                                         "0.5",
                                         "/"};
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (int i = 0; i < 12; ++i)
      text += random() % 2 == 0 ? seeds[random() % seeds.size()] : rest[random() % rest.size()];
    const std::optional<Result<CheckResult>> result = ReadLogText(text, ShippedCatalog());
    if (result && result->ok()) {
      for (const CheckMetric& metric : (*result)->measured) EXPECT_TRUE(std::isfinite(metric.second)) << text;
    }
  }
  EXPECT_EQ(ReadStartupLog(std::string(3 << 20, 'x')).engine, nullptr);
  std::string many;
  for (int i = 0; i < 20000; ++i) many += "INFO Model loading took 1.5 GiB and 3 seconds\n";
  EXPECT_LE(ReadStartupLog(many).reading.figures.size(), 2000u);
}

}  // namespace
}  // namespace plimsoll
