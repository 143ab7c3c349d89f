#include "core/schedule/percentiles.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <vector>

namespace plimsoll {
namespace {

// The dumb way: sorts all.
double OfSorted(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const double position = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<size_t>(position);
  const size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (values[above] - values[below]) * (position - std::floor(position));
}

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

// Few of many values are looked at closely: which ones must not depend on how they are spread.
TEST(Percentiles, EqualTheSortedListWhateverTheSpread) {
  std::mt19937 random(15);
  std::uniform_real_distribution<double> even(0, 1);
  std::normal_distribution<double> bell(0, 1);
  const std::pair<const char*, std::function<double()>> spreads[] = {
      {"even", [&] { return even(random); }},
      {"a long tail", [&] { return std::exp(5 * bell(random)); }},
      {"about zero", [&] { return bell(random); }},
      {"mostly zero", [&] { return even(random) < 0.93 ? 0.0 : even(random); }},
      {"zeros of both signs", [&] { return even(random) < 0.5 ? -0.0 : 0.0; }},
      {"few values", [&] { return std::floor(even(random) * 4); }},
      {"all magnitudes", [&] { return std::exp(100 * bell(random)); }},
      {"close together", [&] { return 1e9 + std::floor(even(random) * 100) * 1e-7; }},
  };
  for (const auto& [name, draw] : spreads) {
    for (const int count : {1, 2, 3, 7, 19, 100, 101, 4096, 30000}) {
      std::vector<double> values;
      for (int i = 0; i < count; ++i) values.push_back(draw());
      const std::vector<double> all = values;
      const Percentiles p = PercentilesOf(&values);
      EXPECT_EQ(p.p50, OfSorted(all, 0.5)) << name << ", " << count;
      EXPECT_EQ(p.p90, OfSorted(all, 0.9)) << name << ", " << count;
      EXPECT_EQ(p.p95, OfSorted(all, 0.95)) << name << ", " << count;
      EXPECT_EQ(p.p99, OfSorted(all, 0.99)) << name << ", " << count;
      EXPECT_EQ(p.most, *std::max_element(all.begin(), all.end())) << name << ", " << count;
    }
  }
}

TEST(DurationHistogram, IsGoodToHalfAPercent) {
  DurationHistogram histogram;
  histogram.Add(0.001, 50);
  histogram.Add(0.010, 45);
  histogram.Add(1.0, 5);
  histogram.Add(3.0, 0);
  const Percentiles p = histogram.Summarize();
  EXPECT_NEAR(p.p50, 1, 0.005);
  EXPECT_NEAR(p.p90, 10, 0.05);
  EXPECT_NEAR(p.p95, 10, 0.05);
  EXPECT_NEAR(p.p99, 1000, 5);
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

TEST(DurationHistogram, IsGoodToHalfAPercentAtEveryLength) {
  for (double seconds = 2e-7; seconds < 1e6; seconds *= 1.7) {
    DurationHistogram histogram;
    histogram.Add(seconds, 1);
    histogram.Add(2e6, 1);
    EXPECT_NEAR(histogram.Summarize().p50, seconds * 1e3, 0.005 * seconds * 1e3);
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
