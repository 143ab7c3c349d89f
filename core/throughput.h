// How long a step takes, and what follows from it: decode and prefill rates, time to first token, cost.
//
// A step of an engine reads weights, reads the cached keys and values of every running sequence, computes,
// and talks to the other cards. StepModel turns a Resolved configuration into coefficients once; Time() is
// then affine in the cached tokens that attention reads, which is what lets the scheduler sum a run of equal
// steps in closed form. Efficiencies are measured, not derived: they stand in one table (measured_speeds.h)
// with source and spread, and every rate is a central value with a band.
#ifndef PLIMSOLL_CORE_THROUGHPUT_H_
#define PLIMSOLL_CORE_THROUGHPUT_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/report.h"
#include "core/resolved.h"
#include "core/units.h"

namespace plimsoll {

// Layers differ in how much of a sequence they read: all of it, or a window. Each different window is a span.
constexpr int kMaxSpans = 4;
constexpr int64_t kWholeSequence = int64_t{1} << 40;

// The work of one step.
struct StepLoad {
  int64_t decode_sequences = 0;   // sequences that get one token each (times 1 + speculative tokens verified)
  int64_t prefill_tokens = 0;     // prompt tokens computed in this step
  int64_t prefill_sequences = 0;  // chunks they belong to
  std::array<double, kMaxSpans> decode_kv_tokens{};  // sum over decoding sequences of min(context, span)
  std::array<double, kMaxSpans>
      prefill_kv_pairs{};  // sum over prefill tokens of the keys each attends to, by span
};

enum class Bound : uint8_t { kMemory, kCompute, kLatency, kCommunication, kHostMemory, kHostLink };

// Where a step's time goes; the parts that do not overlap add up to the step.
struct StepTime {
  Seconds total, weights, compute, kv_read, recurrent_state, attention, all_reduce, launch, offload, head;
  Bound bound = Bound::kMemory;
};

class StepModel {
 public:
  static StepModel Make(const Resolved& resolved);

  int span_count() const { return span_count_; }
  int64_t span(int index) const { return spans_[static_cast<size_t>(index)]; }  // tokens; kWholeSequence: all

  Seconds Time(const StepLoad& load) const;
  StepTime Explain(const StepLoad& load) const;
  // Time() = Time(load without cached tokens) + sum of PerCachedToken(i) * decode_kv_tokens[i].
  Seconds PerCachedToken(int span_index) const { return per_cached_token_[static_cast<size_t>(span_index)]; }
  // Relative half-widths of the band: low = central * (1 - below), high = central * (1 + above).
  double below() const { return below_; }
  double above() const { return above_; }

 private:
  int span_count_ = 0;
  std::array<int64_t, kMaxSpans> spans_{};
  std::array<Seconds, kMaxSpans> per_cached_token_{};
  double below_ = 0, above_ = 0;
};

// The contract's `speed`: decode at the workload's concurrency and middle context, prefill of one prompt.
SpeedReport EstimateSpeed(const Resolved& resolved, const Report& report);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_THROUGHPUT_H_
