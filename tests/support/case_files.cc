#include "tests/support/case_files.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "tests/support/test_data.h"

namespace plimsoll {
namespace {

const MetricSummary* FindSummary(const Validation& validation, std::string_view metric) {
  for (const MetricSummary& summary : validation.binding_summary) {
    if (summary.metric == metric) return &summary;
  }
  return nullptr;
}

}  // namespace

CaseFile ReadCaseFile(const std::string& name) {
  const Result<Json> json = Json::Parse(ReadTestFile(name), name);
  Result<CaseFile> cases = json.ok() ? ReadCases(*json) : Result<CaseFile>(json.error());
  if (!cases.ok()) {
    std::fprintf(stderr, "%s: %s\n", name.c_str(), cases.error().Message().c_str());
    std::abort();
  }
  return std::move(*cases);
}

void ExpectWithin(const Validation& validation, std::span<const ErrorBound> bounds) {
  EXPECT_TRUE(validation.unanswered.empty());
  for (const ErrorBound& bound : bounds) {
    const MetricSummary* summary = FindSummary(validation, bound.metric);
    ASSERT_NE(summary, nullptr) << bound.metric;
    EXPECT_GE(summary->n, bound.least_n) << bound.metric;
    EXPECT_LE(summary->median_abs, bound.median) << bound.metric;
    EXPECT_LE(summary->p90_abs, bound.p90) << bound.metric << ", worst " << summary->worst_id;
  }
}

}  // namespace plimsoll
