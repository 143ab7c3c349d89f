#include "core/verdict.h"

#include <gtest/gtest.h>

#include "core/config_codec.h"
#include "core/estimate.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

// A report with the numbers that a sentence is about, for cards that the catalog has.
struct Sentence {
  explicit Sentence(std::string_view url)
      : config(DecodeConfigUrl(url)->config), resolved(std::move(Resolve(config, ShippedCatalog())).value()) {
    for (const Card& card : resolved.cards) {
      GpuReport gpu;
      gpu.gpu = card.gpu->id;
      gpu.rank = static_cast<int32_t>(report.per_gpu.size());
      gpu.capacity = card.capacity;
      gpu.budget = card.capacity;
      gpu.weights = GiB(10);
      gpu.total = GiB(12);
      gpu.headroom = GiB(1);
      report.per_gpu.push_back(gpu);
    }
    report.verdict = Verdict::kFits;
  }
  std::string text(SizeUnits units = SizeUnits::kBinary) const {
    return HeadlineText(resolved, report, units);
  }

  Config config;
  Resolved resolved;
  Report report;
};

TEST(Verdict, SaysHowMuchIsMissingAndWhere) {
  Sentence one("m=llama-3.1-8b&g=rtx-4090");
  one.report.verdict = Verdict::kDoesNotFit;
  one.report.per_gpu[0].headroom = Bytes(0) - GiBFromDouble(15.4);
  EXPECT_EQ(one.text(), "Does not fit: short by 15.4 GiB on one RTX 4090.");
  EXPECT_EQ(one.text(SizeUnits::kDecimal), "Does not fit: short by 16.5 GB on one RTX 4090.");
  one.report.per_gpu[0].headroom = MiB(-300);
  EXPECT_EQ(one.text(), "Does not fit: short by 300 MiB on one RTX 4090.");

  Sentence two("m=llama-3.1-8b&g=rtx-4090&n=2");
  two.report.verdict = Verdict::kDoesNotFit;
  for (GpuReport& gpu : two.report.per_gpu) gpu.headroom = GiB(-2);
  EXPECT_EQ(two.text(), "Does not fit: short by 2.0 GiB on each of 2 RTX 4090.");

  Sentence mixed("m=llama-3.1-8b&g=rtx-4090,rtx-3090");
  mixed.report.verdict = Verdict::kDoesNotFit;
  mixed.report.per_gpu[1].headroom = GiB(-3);
  EXPECT_EQ(mixed.text(), "Does not fit: short by 3.0 GiB on GPU 1 (RTX 3090), the fullest of 2.");
}

TEST(Verdict, SaysHowMuchRoomThereIs) {
  Sentence c("m=llama-3.1-8b&g=h100-sxm&n=2&ctx=16384");
  c.report.kv.max_concurrency = 12.34;
  EXPECT_EQ(
      c.text(),
      "Fits: 10.0 GiB of weights on each of 2 H100 SXM5 80GB, room for 12.3 sequences of 16,384 tokens.");
  c.report.verdict = Verdict::kTight;
  c.report.per_gpu[1].total = GiB(13);
  c.report.per_gpu[1].headroom = GiB(0);
  EXPECT_EQ(c.text(),
            "Tight: 10.0 GiB of weights on the fullest of 2 H100 SXM5 80GB, room for 12.3 sequences of "
            "16,384 tokens.");
  EXPECT_NE(DetailText(c.resolved, c.report).find("within the error"), std::string::npos);
}

TEST(Verdict, AnInvalidConfigurationIsItsFirstError) {
  Sentence c("m=llama-3.1-8b&g=rtx-4090");
  c.report.verdict = Verdict::kInvalid;
  c.report.diagnostics = {{"a", Severity::kWarning, "Warned.", ""},
                          {"b", Severity::kError, "Heads do not divide.", ""}};
  EXPECT_EQ(c.text(), "Cannot run: Heads do not divide.");
  EXPECT_EQ(DetailText(c.resolved, c.report), "");
}

TEST(Verdict, TheFullestCardHasTheLeastHeadroom) {
  Sentence c("m=llama-3.1-8b&g=rtx-4090&n=4");
  c.report.per_gpu[2].headroom = GiB(-1);
  EXPECT_EQ(FullestCard(c.report), &c.report.per_gpu[2]);
  EXPECT_EQ(FullestCard(Report()), nullptr);
}

TEST(Verdict, CardsAreNamedAlikeOrOneByOne) {
  EXPECT_EQ(CardsText(Sentence("m=llama-3.1-8b&g=t4").resolved), "one T4");
  EXPECT_EQ(CardsText(Sentence("m=llama-3.1-8b&g=t4&n=4").resolved), "4 T4");
  EXPECT_EQ(CardsText(Sentence("m=llama-3.1-8b&g=t4,rtx-4090").resolved), "T4 and RTX 4090");
}

}  // namespace
}  // namespace plimsoll
