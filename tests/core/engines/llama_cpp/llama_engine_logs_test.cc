// llama.cpp's buffers held against published startup logs: what a log prints to the hundredth of a MiB is met
// nearly everywhere. The buffer in RAM is good at its median alone: a few logs were written with options that
// they do not name.
#include <gtest/gtest.h>

#include "core/validate/validation.h"
#include "tests/support/estimates.h"
#include "tests/support/json_text.h"
#include "tests/support/test_data.h"

namespace plimsoll {
namespace {

TEST(LlamaEngineLogs, WithinTheBounds) {
  const Result<CaseFile> cases = ReadCases(JsonOfText(ReadTestFile("llama_cpp_logs.json")));
  ASSERT_TRUE(cases.ok());
  const Validation validation = Validate(*cases, TestCatalog());
  const struct {
    const char* metric;
    int64_t least_n;
    double median, p90;
  } bounds[] = {
      {"model_buffer_mib", 39, 1e-4, 0.04},       {"kv_buffer_mib", 50, 0, 0},
      {"recurrent_buffer_mib", 9, 1e-4, 1e-3},    {"compute_buffer_mib", 35, 1e-4, 0.05},
      {"host_compute_buffer_mib", 22, 1e-3, 0.7},
  };
  for (const auto& bound : bounds) {
    const MetricSummary* found = nullptr;
    for (const MetricSummary& summary : validation.binding_summary) {
      if (summary.metric == bound.metric) found = &summary;
    }
    ASSERT_NE(found, nullptr) << bound.metric;
    EXPECT_GE(found->n, bound.least_n) << bound.metric;
    EXPECT_LE(found->median_abs, bound.median) << bound.metric;
    EXPECT_LE(found->p90_abs, bound.p90) << bound.metric << ", worst " << found->worst_id;
  }
}

}  // namespace
}  // namespace plimsoll
