#include "core/schedule/percentiles.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>

#include "core/base/double_bits.h"

namespace plimsoll {
namespace {

template <typename T>
size_t At(T index) {
  return static_cast<size_t>(index);
}

// Bins of DurationHistogram: what the first bits of a double tell apart, 128 in each octave from 119 ns up. A million
// requests take some four million steps: a logarithm for each would be a tenth of their time.
constexpr double kLeastDuration = 0x1p-23;
constexpr int kDroppedBits = 45;

int BinOf(double seconds, int bins) {
  if (!(seconds > kLeastDuration)) return 0;
  const uint64_t bin = (BitsOf(seconds) >> kDroppedBits) - (BitsOf(kLeastDuration) >> kDroppedBits);
  return static_cast<int>(std::min(bin, static_cast<uint64_t>(bins - 1)));
}

double BeginOf(int bin) {
  return FromBits(((BitsOf(kLeastDuration) >> kDroppedBits) + static_cast<uint64_t>(bin)) << kDroppedBits);
}

double MiddleOf(int bin) { return (BeginOf(bin) + BeginOf(bin + 1)) / 2; }

// Whole numbers in the order of the values: both zeros are the same one.
uint64_t KeyOf(double value) {
  constexpr uint64_t kSign = uint64_t{1} << 63;
  const uint64_t bits = BitsOf(value + 0.0);
  return (bits & kSign) != 0 ? ~bits : bits | kSign;
}

// A place in the order of all values, and in that of the ones that were kept.
struct Rank {
  size_t all = 0, kept = 0;
};
using Ranks = std::array<Rank, 4>;

// Keeps the values at the ranks and next to them, with some about them: selecting from a million reads each several times,
// selecting from what is kept reads some thousand. REQUIRES: the least and the most of the values.
void KeepNear(double least, double most, std::vector<double>* values, Ranks* ranks) {
  constexpr int kMostBits = 16;
  const uint64_t first = KeyOf(least), span = KeyOf(most) - first;
  const int bits = std::min(kMostBits, static_cast<int>(std::bit_width(values->size())));
  const int dropped = std::max(0, static_cast<int>(std::bit_width(span)) - bits);
  const auto bucket = [&](double value) { return At((KeyOf(value) - first) >> dropped); };
  std::vector<uint32_t> counts(At(span >> dropped) + 1, 0);
  for (const double value : *values) ++counts[bucket(value)];
  size_t seen = 0, left_out = 0;
  for (uint32_t& count : counts) {
    if (count == 0) continue;
    const size_t below = seen;
    seen += count;
    const auto holds = [&](size_t place) { return place >= below && place < seen; };
    bool keep = false;
    for (Rank& rank : *ranks) {
      if (holds(rank.all)) rank.kept = rank.all - left_out;
      keep = keep || holds(rank.all) || holds(rank.all + 1);
    }
    if (keep) continue;
    left_out += count;
    count = 0;
  }
  const auto is_far = [&](double value) { return counts[bucket(value)] == 0; };
  values->erase(std::remove_if(values->begin(), values->end(), is_far), values->end());
}

}  // namespace

Percentiles PercentilesOf(std::vector<double>* values) {
  Percentiles result;
  if (values->empty()) return result;
  double sum = 0, least = values->front(), most = least;
  for (const double value : *values) {
    sum += value;
    least = std::min(least, value);
    most = std::max(most, value);
  }
  constexpr std::array<double, 4> kShares = {0.5, 0.9, 0.95, 0.99};
  const double last = static_cast<double>(values->size() - 1);
  result.mean = sum / static_cast<double>(values->size());
  result.most = most;
  Ranks ranks;
  for (size_t i = 0; i < ranks.size(); ++i) ranks[i].all = static_cast<size_t>(kShares[i] * last);
  KeepNear(least, most, values, &ranks);
  auto from = values->begin();  // what stands before is smaller than what is still asked for
  // Linear interpolation between the neighbours, as numpy does by default.
  const auto at = [&](size_t i) {
    const auto below = values->begin() + static_cast<std::ptrdiff_t>(ranks[i].kept);
    std::nth_element(from, below, values->end());
    from = below;
    if (below + 1 == values->end()) return *below;
    const double above = *std::min_element(below + 1, values->end());
    const double position = kShares[i] * last;
    return *below + (above - *below) * (position - std::floor(position));
  };
  result.p50 = at(0);
  result.p90 = at(1);
  result.p95 = at(2);
  result.p99 = at(3);
  return result;
}

void DurationHistogram::Add(double seconds, int64_t count) {
  if (count <= 0) return;
  bins_[At(BinOf(seconds, kBins))] += count;
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
    const int bin = BinOf(here, kBins);
    int64_t until = steps;
    if (growth > 0 && bin < kBins - 1) {
      const double ticks = std::ceil((BeginOf(bin + 1) - first) / growth);
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
      if (static_cast<double>(seen) >= wanted) return std::min(MiddleOf(bin), most_) * 1e3;
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
