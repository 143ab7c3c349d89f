// Published config.json files, pasted as they are: parameters to the unit and cache bytes where somebody
// published them.
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>

#include "core/validate/validation.h"
#include "tests/support/case_files.h"
#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

const CaseFile& Configs() {
  static const CaseFile* const file = new CaseFile(ReadCaseFile("configs.json"));
  return *file;
}

TEST(Configs, EveryTotalAndCacheIsExact) {
  const Validation validation = Validate(Configs(), TestCatalog());
  int totals = 0, caches = 0;
  for (const ScoredMetric& comparison : validation.comparisons) {
    const bool total = comparison.metric == "total_params", cache = comparison.metric == "kv_bytes_per_token";
    if (!total && !cache) continue;
    EXPECT_EQ(comparison.predicted, comparison.measured) << comparison.id << " " << comparison.metric;
    totals += total ? 1 : 0;
    caches += cache ? 1 : 0;
  }
  EXPECT_GE(totals, 9);
  EXPECT_GE(caches, 13);
}

TEST(Configs, RoundedCheckpointSizesAreMet) {
  const Validation validation = Validate(Configs(), TestCatalog());
  int sizes = 0;
  for (const ScoredMetric& comparison : validation.comparisons) {
    if (comparison.metric != "checkpoint_bytes") continue;
    EXPECT_LE(std::fabs(comparison.relative_error), 0.01) << comparison.id << " " << comparison.predicted;
    ++sizes;
  }
  EXPECT_GE(sizes, 5);
}

TEST(Configs, AllAreAnswered) {
  const Validation validation = Validate(Configs(), TestCatalog());
  std::set<std::string> refused;
  for (const Unanswered& item : validation.unanswered) {
    if (item.metric.empty()) refused.insert(item.id + ": " + item.reason);
  }
  std::string list;
  for (const std::string& item : refused) list += item + "\n";
  EXPECT_TRUE(refused.empty()) << list;
}

}  // namespace
}  // namespace plimsoll
