// How times are spread: percentiles of a list, and of more durations than one would keep.
#ifndef PLIMSOLL_CORE_SCHEDULE_PERCENTILES_H_
#define PLIMSOLL_CORE_SCHEDULE_PERCENTILES_H_

#include <cstdint>
#include <vector>

namespace plimsoll {

struct Percentiles {
  double mean = 0, p50 = 0, p90 = 0, p95 = 0, p99 = 0, most = 0;
};

// In the values' own unit. Takes most of them away: a frame of the page waits for this, so it selects instead of sorting.
Percentiles PercentilesOf(std::vector<double>* values);

// Durations with their counts, in bins less than 1 % wide: percentiles to half a percent whatever their number.
class DurationHistogram {
 public:
  void Add(double seconds, int64_t count);
  // `count` in each of `steps` durations that grow evenly from `first` to `last`.
  void AddRun(double first, double last, int64_t steps, int64_t count);
  void Add(const DurationHistogram& other);
  Percentiles Summarize() const;  // in milliseconds

 private:
  static constexpr int kBins = 48 * 128;  // octaves up from 119 ns
  std::vector<int64_t> bins_ = std::vector<int64_t>(kBins, 0);
  int64_t count_ = 0;
  double sum_ = 0, most_ = 0;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_SCHEDULE_PERCENTILES_H_
