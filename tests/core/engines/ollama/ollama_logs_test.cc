// ollama's answers held against published logs: the layers that go to the cards are right in nine of ten, what
// `ollama ps` lists is right within 3 %, and the buffers are those of the llama.cpp inside.
#include <gtest/gtest.h>

#include <cmath>

#include "core/validate/validation.h"
#include "tests/support/estimates.h"
#include "tests/support/json_text.h"
#include "tests/support/test_data.h"

namespace plimsoll {
namespace {

TEST(OllamaLogs, WithinTheBounds) {
  const Result<CaseFile> cases = ReadCases(JsonOfText(ReadTestFile("ollama_logs.json")));
  ASSERT_TRUE(cases.ok());
  const Validation validation = Validate(*cases, TestCatalog());
  EXPECT_TRUE(validation.unanswered.empty());
  int splits = 0, right = 0, listed = 0, buffers = 0;
  for (const auto& comparison : validation.comparisons) {
    if (!comparison.binding) continue;
    const std::string what = comparison.id + " " + comparison.metric;
    if (comparison.metric == "gpu_layers") {
      ++splits;
      right += comparison.predicted == comparison.measured ? 1 : 0;
    } else if (comparison.metric == "listed_gb") {
      ++listed;
      EXPECT_LE(std::abs(comparison.relative_error), 0.03) << what;
    } else {
      ++buffers;
      EXPECT_LE(std::abs(comparison.relative_error), 1e-4) << what;
    }
  }
  EXPECT_GE(splits, 12);
  EXPECT_GE(10 * right, 9 * splits);
  EXPECT_GE(listed, 9);
  EXPECT_GE(buffers, 18);
}

}  // namespace
}  // namespace plimsoll
