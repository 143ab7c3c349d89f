// Beside estimate_test.cc: what a report holds of a configuration that cannot start.
#include <gtest/gtest.h>

#include "core/estimate/estimate.h"
#include "core/estimate/report_json.h"
#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

TEST(EstimateInvalid, CardsAreDescribedAllTheSame) {
  const EstimatedCase c = EstimateText(
      R"({"model":"llama-3.1-8b","engine":"llama.cpp","format":"awq-int4","gpu":"apple-m2-ultra","reserved_mib":700})");
  EXPECT_EQ(c.report.verdict, Verdict::kInvalid);
  EXPECT_EQ(c.report.failure, FailureStage::kInvalid);
  ASSERT_EQ(c.report.per_gpu.size(), 1u);
  const GpuReport& gpu = c.report.per_gpu[0];
  EXPECT_EQ(gpu.gpu, "apple-m2-ultra");
  EXPECT_EQ(gpu.others, MiB(700));
  EXPECT_EQ(gpu.capacity + gpu.reserved, GiB(192));
  EXPECT_EQ(gpu.weights, Bytes(0));
  const Json json = ReportToJson(c.resolved, c.report);
  const Json& card = json.Find("per_gpu")->items()[0];
  EXPECT_EQ(*card.Find("others_bytes")->AsInt(), MiB(700).count());
  EXPECT_EQ(*card.Find("reserved_bytes")->AsInt(), gpu.reserved.count());
  EXPECT_TRUE(json.Find("terms")->items().empty());
}

}  // namespace
}  // namespace plimsoll
