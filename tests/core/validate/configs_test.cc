// Published config.json files, pasted as they are: parameters to the unit and cache bytes where somebody
// published them.
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>

#include "core/validate/validation.h"
#include "tests/support/estimates.h"
#include "tests/support/test_data.h"

namespace plimsoll {
namespace {

CaseFile ReadFile(const char* name) {
  const Result<Json> json = Json::Parse(ReadTestFile(name), name);
  EXPECT_TRUE(json.ok()) << json.error().Message();
  Result<CaseFile> cases = ReadCases(*json);
  return std::move(*cases);
}

const CaseFile& Configs() {
  static const CaseFile* const file = new CaseFile(ReadFile("configs.json"));
  return *file;
}

TEST(Configs, EveryTotalAndCacheIsExact) {
  const Validation validation = Validate(Configs(), TestCatalog());
  int totals = 0, caches = 0;
  for (const Comparison& comparison : validation.comparisons) {
    const bool total = comparison.metric == "total_params", cache = comparison.metric == "kv_bytes_per_token";
    if (!total && !cache) continue;
    // Nobody published MiniCPM-MoE's total: it is the sum of its parts, rounded before they were added.
    const bool rounded = comparison.id == "cfg-mlc-minicpm-moe-8x2b" && total;
    EXPECT_NEAR(comparison.predicted, comparison.measured, rounded ? 1e-4 * comparison.measured : 0)
        << comparison.id << " " << comparison.metric;
    totals += total ? 1 : 0;
    caches += cache ? 1 : 0;
  }
  EXPECT_GE(totals, 6);
  EXPECT_GE(caches, 8);
}

TEST(Configs, EveryFurtherDecoderIsExact) {
  const CaseFile file = ReadFile("architectures.json");
  const Validation validation = Validate(file, TestCatalog());
  for (const Unanswered& item : validation.unanswered) ADD_FAILURE() << item.id << ": " << item.reason;
  EXPECT_GE(validation.comparisons.size(), 25u);
  for (const Comparison& comparison : validation.comparisons) {
    EXPECT_EQ(comparison.predicted, comparison.measured) << comparison.id << " " << comparison.metric;
  }
}

TEST(Configs, RoundedCheckpointSizesAreMet) {
  const Validation validation = Validate(Configs(), TestCatalog());
  int sizes = 0;
  for (const Comparison& comparison : validation.comparisons) {
    if (comparison.metric != "checkpoint_bytes") continue;
    EXPECT_LE(std::fabs(comparison.relative_error), 0.01) << comparison.id << " " << comparison.predicted;
    ++sizes;
  }
  EXPECT_GE(sizes, 4);
}

TEST(Configs, NearlyAllAreAnswered) {
  const Validation validation = Validate(Configs(), TestCatalog());
  std::set<std::string> refused;
  for (const Unanswered& item : validation.unanswered) {
    if (item.metric.empty()) refused.insert(item.id + ": " + item.reason);
  }
  std::string list;
  for (const std::string& item : refused) list += item + "\n";
  EXPECT_LE(refused.size(), 10u) << list;
}

}  // namespace
}  // namespace plimsoll
