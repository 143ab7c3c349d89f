#include "core/schedule/percentiles.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace plimsoll {
namespace {

template <typename T>
size_t At(T index) {
  return static_cast<size_t>(index);
}

// Bins of DurationHistogram: edges at kLeast * 1.01^i, from 100 ns up; 1.01^4095 spans 17 decades.
constexpr double kLeastDuration = 1e-7;
constexpr double kLogStep = 0.00995033085316808;  // ln 1.01

int BinOf(double seconds) {
  if (!(seconds > kLeastDuration)) return 0;
  const double bin = std::log(seconds / kLeastDuration) / kLogStep;
  return bin >= 4095 ? 4095 : static_cast<int>(bin);
}

double BinMiddle(int bin) { return kLeastDuration * std::exp((bin + 0.5) * kLogStep); }

}  // namespace

Percentiles PercentilesOf(std::vector<double>* values) {
  Percentiles result;
  if (values->empty()) return result;
  double sum = 0;
  for (double value : *values) sum += value;
  auto least = values->begin();  // what stands before is smaller than what is still asked for
  // Linear interpolation between the neighbours, as numpy does by default. REQUIRES: shares that grow.
  const auto at = [&](double share) {
    const double position = share * static_cast<double>(values->size() - 1);
    const auto below = values->begin() + static_cast<std::ptrdiff_t>(position);
    std::nth_element(least, below, values->end());
    least = below;
    if (below + 1 == values->end()) return *below;
    const double above = *std::min_element(below + 1, values->end());
    return *below + (above - *below) * (position - std::floor(position));
  };
  result.mean = sum / static_cast<double>(values->size());
  result.p50 = at(0.5);
  result.p90 = at(0.9);
  result.p95 = at(0.95);
  result.p99 = at(0.99);
  result.most = *std::max_element(least, values->end());
  return result;
}

void DurationHistogram::Add(double seconds, int64_t count) {
  if (count <= 0) return;
  bins_[At(BinOf(seconds))] += count;
  count_ += count;
  sum_ += seconds * static_cast<double>(count);
  most_ = std::max(most_, seconds);
}

void DurationHistogram::AddRun(double first, double last, int64_t steps, int64_t count) {
  if (steps <= 0 || count <= 0) return;
  const double growth = steps > 1 ? (last - first) / static_cast<double>(steps - 1) : 0;
  int64_t done = 0;
  while (done < steps) {
    const double here = first + growth * static_cast<double>(done);
    const int bin = BinOf(here);
    int64_t until = steps;
    if (growth > 0 && bin < kBins - 1) {
      const double edge = kLeastDuration * std::exp((bin + 1) * kLogStep);
      const double ticks = std::ceil((edge - first) / growth);
      if (ticks < static_cast<double>(steps)) until = std::max(done + 1, static_cast<int64_t>(ticks));
    }
    bins_[At(bin)] += (until - done) * count;
    done = until;
  }
  count_ += steps * count;
  sum_ += (first + last) / 2 * static_cast<double>(steps) * static_cast<double>(count);
  most_ = std::max(most_, last);
}

void DurationHistogram::Add(const DurationHistogram& other) {
  for (int bin = 0; bin < kBins; ++bin) bins_[At(bin)] += other.bins_[At(bin)];
  count_ += other.count_;
  sum_ += other.sum_;
  most_ = std::max(most_, other.most_);
}

Percentiles DurationHistogram::Summarize() const {
  Percentiles result;
  if (count_ == 0) return result;
  const auto at = [&](double share) {
    const double wanted = share * static_cast<double>(count_);
    int64_t seen = 0;
    for (int bin = 0; bin < kBins; ++bin) {
      seen += bins_[At(bin)];
      if (static_cast<double>(seen) >= wanted) return std::min(BinMiddle(bin), most_) * 1e3;
    }
    return most_ * 1e3;
  };
  result.mean = sum_ / static_cast<double>(count_) * 1e3;
  result.p50 = at(0.5);
  result.p90 = at(0.9);
  result.p95 = at(0.95);
  result.p99 = at(0.99);
  result.most = most_ * 1e3;
  return result;
}

}  // namespace plimsoll
