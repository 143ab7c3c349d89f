#include "core/resolve/report.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

// The contract's words.
TEST(Report, Names) {
  EXPECT_EQ(VerdictName(Verdict::kFits), "fits");
  EXPECT_EQ(VerdictName(Verdict::kTight), "tight");
  EXPECT_EQ(VerdictName(Verdict::kDoesNotFit), "does_not_fit");
  EXPECT_EQ(VerdictName(Verdict::kInvalid), "invalid");
  EXPECT_EQ(FailureStageName(FailureStage::kNone), "none");
  EXPECT_EQ(FailureStageName(FailureStage::kInvalid), "invalid");
  EXPECT_EQ(FailureStageName(FailureStage::kLoading), "loading");
  EXPECT_EQ(FailureStageName(FailureStage::kProfiling), "profiling");
  EXPECT_EQ(FailureStageName(FailureStage::kCacheTooSmall), "cache_too_small");
  EXPECT_EQ(FailureStageName(FailureStage::kGraphCapture), "graph_capture");
  EXPECT_EQ(SeverityName(Severity::kError), "error");
  EXPECT_EQ(SeverityName(Severity::kWarning), "warning");
  EXPECT_EQ(SeverityName(Severity::kInfo), "info");
}

TEST(Report, TightFitsToo) {
  Report report;
  EXPECT_FALSE(report.fits()) << "nothing is said yet";
  for (const Verdict verdict : {Verdict::kFits, Verdict::kTight, Verdict::kDoesNotFit, Verdict::kInvalid}) {
    report.verdict = verdict;
    EXPECT_EQ(report.fits(), verdict == Verdict::kFits || verdict == Verdict::kTight);
  }
}

TEST(Report, DiagnosticsAreFoundByTheirWholeCode) {
  Report report;
  report.diagnostics.push_back({"gpus_unused", Severity::kWarning, "", ""});
  EXPECT_TRUE(report.Has("gpus_unused"));
  EXPECT_FALSE(report.Has("gpus"));
  EXPECT_FALSE(report.Has(""));
}

}  // namespace
}  // namespace plimsoll
