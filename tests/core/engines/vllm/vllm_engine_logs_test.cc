// vLLM's budget held against published startup logs. The bounds are those that the project promises; a
// regression of a rule or a constant moves a median and fails here.
#include <gtest/gtest.h>

#include <string>

#include "core/estimate/estimate.h"
#include "core/validate/validation.h"
#include "tests/support/estimates.h"
#include "tests/support/test_data.h"

namespace plimsoll {
namespace {

const CaseFile& Logs() {
  static const CaseFile* const file = [] {
    const Result<Json> json = Json::Parse(ReadTestFile("vllm_logs.json"), "vllm_logs.json");
    Result<CaseFile> cases = ReadCases(*json);
    return new CaseFile(std::move(*cases));
  }();
  return *file;
}

const MetricSummary* Find(const Validation& validation, std::string_view metric) {
  for (const MetricSummary& summary : validation.binding_summary) {
    if (summary.metric == metric) return &summary;
  }
  return nullptr;
}

TEST(EngineVllmLogs, WithinTheBounds) {
  const Validation validation = Validate(Logs(), TestCatalog());
  EXPECT_TRUE(validation.unanswered.empty());
  const struct {
    const char* metric;
    int64_t least_n;
    double median, p90;
  } bounds[] = {
      {"weights_gib_per_gpu", 65, 0.003, 0.025},       {"kv_cache_gib_per_gpu", 45, 0.03, 0.12},
      {"kv_cache_tokens_given_pool", 33, 0.003, 0.01}, {"max_concurrency", 45, 0.02, 0.1},
      {"activation_peak_gib", 22, 0.05, 0.1},          {"cuda_graph_gib", 20, 0.25, 0.6},
  };
  for (const auto& bound : bounds) {
    const MetricSummary* summary = Find(validation, bound.metric);
    ASSERT_NE(summary, nullptr) << bound.metric;
    EXPECT_GE(summary->n, bound.least_n) << bound.metric;
    EXPECT_LE(summary->median_abs, bound.median) << bound.metric;
    EXPECT_LE(summary->p90_abs, bound.p90) << bound.metric << ", worst " << summary->worst_id;
  }
}

// Never a plain "fits" where the engine failed, and 97 of 100 outcomes right where the log tells the length
// that was asked for.
TEST(EngineVllmLogs, Outcomes) {
  int asked = 0, right = 0;
  for (const Case& log : Logs().cases) {
    for (const Measured& measured : log.measured) {
      if (measured.metric != "outcome" || !log.binding) continue;
      const Result<Report> report = Estimate(log.config, TestCatalog());
      ASSERT_TRUE(report.ok()) << log.id;
      const bool started = measured.value == 1;
      if (!started) {
        EXPECT_NE(report->verdict, Verdict::kFits) << log.id;
      }
      if (started && !log.config.max_model_len) continue;
      ++asked;
      right += report->fits() == started ? 1 : 0;
    }
  }
  EXPECT_GE(asked, 50);
  EXPECT_GE(right * 100, asked * 97);
}

}  // namespace
}  // namespace plimsoll
