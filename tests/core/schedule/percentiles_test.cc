#include "core/schedule/percentiles.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

// numpy.percentile([…], q), its linear interpolation.
TEST(Percentiles, OfAListAsNumpyDoes) {
  std::vector<double> values = {40, 10, 20, 50, 30};
  const Percentiles p = PercentilesOf(&values);
  EXPECT_DOUBLE_EQ(p.mean, 30);
  EXPECT_DOUBLE_EQ(p.p50, 30);
  EXPECT_DOUBLE_EQ(p.p90, 46);
  EXPECT_DOUBLE_EQ(p.p95, 48);
  EXPECT_DOUBLE_EQ(p.p99, 49.6);
  EXPECT_DOUBLE_EQ(p.most, 50);
  std::vector<double> two = {1, 2};
  EXPECT_DOUBLE_EQ(PercentilesOf(&two).p50, 1.5);
  std::vector<double> one = {7};
  EXPECT_DOUBLE_EQ(PercentilesOf(&one).p99, 7);
  std::vector<double> none;
  EXPECT_EQ(PercentilesOf(&none).most, 0);
}

TEST(Percentiles, EqualTheSortedListWhateverTheOrder) {
  std::vector<double> values;
  for (int i = 0; i < 1000; ++i) values.push_back((i * 7919) % 1000);
  const Percentiles p = PercentilesOf(&values);
  EXPECT_DOUBLE_EQ(p.p50, 499.5);
  EXPECT_DOUBLE_EQ(p.p90, 899.1);
  EXPECT_DOUBLE_EQ(p.p99, 989.01);
  EXPECT_DOUBLE_EQ(p.most, 999);
}

TEST(DurationHistogram, IsGoodToHalfAPercent) {
  DurationHistogram histogram;
  histogram.Add(0.001, 50);
  histogram.Add(0.010, 45);
  histogram.Add(1.0, 5);
  histogram.Add(3.0, 0);
  const Percentiles p = histogram.Summarize();
  EXPECT_NEAR(p.p50, 1, 0.01);
  EXPECT_NEAR(p.p90, 10, 0.1);
  EXPECT_NEAR(p.p95, 10, 0.1);
  EXPECT_NEAR(p.p99, 1000, 10);
  EXPECT_DOUBLE_EQ(p.most, 1000) << "a count of zero adds nothing";
  EXPECT_NEAR(p.mean, (50 * 1 + 45 * 10 + 5 * 1000) / 100.0, 1e-9);
}

TEST(DurationHistogram, ARunEqualsItsStepsWhateverItsGrowth) {
  const struct {
    double first, last;
    int64_t steps, count;
  } cases[] = {{0.010, 0.020, 1001, 3}, {0.010, 0.010, 5, 2}, {0.001, 1.0, 37, 1}, {0.5, 0.5001, 100, 4}};
  for (const auto& c : cases) {
    DurationHistogram run, steps;
    run.AddRun(c.first, c.last, c.steps, c.count);
    for (int64_t i = 0; i < c.steps; ++i) {
      steps.Add(c.first + (c.last - c.first) * static_cast<double>(i) /
                              static_cast<double>(std::max<int64_t>(1, c.steps - 1)),
                c.count);
    }
    const Percentiles a = run.Summarize(), b = steps.Summarize();
    EXPECT_NEAR(a.mean, b.mean, 1e-9 * b.mean);
    for (const auto& [x, y] : {std::pair(a.p50, b.p50), std::pair(a.p90, b.p90), std::pair(a.p99, b.p99)}) {
      EXPECT_NEAR(x, y, 0.0101 * y) << "a bin at most";
    }
    EXPECT_NEAR(a.most, b.most, 1e-9 * b.most);
  }
}

TEST(DurationHistogram, ExtremesStayInTheirBins) {
  DurationHistogram histogram;
  EXPECT_EQ(histogram.Summarize().p50, 0);
  histogram.Add(0, 1);
  histogram.Add(1e30, 1);
  EXPECT_DOUBLE_EQ(histogram.Summarize().most, 1e33);
  EXPECT_LT(histogram.Summarize().p50, 0.001);
}

}  // namespace
}  // namespace plimsoll
