#include "core/engines/vllm/vllm_longest.h"

#include <algorithm>
#include <vector>

#include "core/engines/vllm/vllm_activation.h"
#include "core/engines/vllm/vllm_defaults.h"
#include "core/engines/vllm/vllm_gates.h"
#include "core/engines/vllm/vllm_plan.h"

namespace plimsoll {
namespace {

class LongestFinder {
 public:
  LongestFinder(const Resolved& resolved, const VllmRules& rules, const Report& report)
      : resolved_(resolved),
        rules_(rules),
        report_(report),
        asked_(resolved.max_model_len),
        limit_(std::max(asked_, resolved.rope.scaled)) {}

  int64_t Find() const {
    if (report_.verdict == Verdict::kInvalid) return report_.Has("context_beyond_model") ? Known() : 0;
    const int64_t in_pool = report_.kv.max_model_len_that_fits;
    // "Auto" sizes the budget for the model's own length and keeps it.
    if (resolved_.max_model_len_auto) {
      if (report_.fits()) return std::max(in_pool, asked_);
      return report_.failure == FailureStage::kCacheTooSmall ? std::min(in_pool, asked_ - 1) : 0;
    }
    return report_.fits() ? Longer(std::max(in_pool, asked_)) : Shorter(std::min(in_pool, asked_ - 1));
  }

 private:
  int64_t Longer(int64_t in_pool) const {
    if (in_pool >= limit_ && Steady(in_pool)) return in_pool;
    const int64_t later = std::min(limit_, LongestInLaterVllmPool(resolved_, rules_, report_));
    if (later > in_pool && Steady(later) && Fits(later)) return later;
    if (in_pool == asked_) return asked_;
    if (Steady(in_pool)) return in_pool;
    if (Fits(limit_)) return limit_;
    return Boundary(asked_, limit_);
  }

  int64_t Shorter(int64_t in_pool) const {
    if (report_.failure == FailureStage::kLoading) return 0;
    int64_t below = asked_;  // lengths from here on fail as the one asked for does
    if (report_.failure == FailureStage::kCacheTooSmall) {
      for (const int64_t length :
           {std::min(LongestInLaterVllmPool(resolved_, rules_, report_), asked_ - 1), in_pool}) {
        if (length <= 0 || length >= below || !Steady(length)) continue;
        if (Fits(length)) return length;
        below = length;
      }
    }
    return LongestBelow(FirstSteady(below));
  }

  // Of lengths that the model knows, where the one asked for is beyond them.
  int64_t Known() const {
    const int64_t own = resolved_.rope.scaled;
    return Fits(own) ? own : LongestBelow(own);
  }

  // Powers of two below one that fails: where one fits, the boundary lies between it and the one before.
  int64_t LongestBelow(int64_t fails) const {
    for (int64_t length = fails - 1; length >= 1; length = length / 2) {
      if (Fits(length)) return Boundary(length, fails);
      fails = length;
    }
    return 0;
  }

  // Of lengths up to `below`, all of which fail from some on: the first with today's budget.
  int64_t FirstSteady(int64_t below) const {
    int64_t other = 0, same = below;
    while (same - other > 1) {
      const int64_t middle = other + (same - other) / 2;
      (Steady(middle) ? same : other) = middle;
    }
    return same;
  }

  int64_t Boundary(int64_t fits, int64_t fails) const {
    while (fails - fits > 1) {
      const int64_t middle = fits + (fails - fits) / 2;
      (Fits(middle) ? fits : fails) = middle;
    }
    return fits;
  }

  Resolved At(int64_t length) const {
    Resolved other = resolved_;
    TakeVllmLength(*resolved_.config, length, &other);
    return other;
  }

  // Whether another length leaves the pool as it is.
  bool Steady(int64_t length) const {
    const int64_t least = std::min(length, asked_);
    const bool saturated =
        internal::SaturatingMultiply(resolved_.max_num_seqs, least) >= kVllmLargestBudget &&
        internal::SaturatingMultiply(8, least) >= rules_.latent_context_rows;
    if (rules_.v1 && resolved_.enable_chunked_prefill && saturated) return true;
    const Resolved other = At(length);
    return other.enable_chunked_prefill == resolved_.enable_chunked_prefill &&
           (other.enable_chunked_prefill || length <= other.max_num_batched_tokens) &&
           other.max_num_batched_tokens == resolved_.max_num_batched_tokens &&
           other.max_num_seqs == resolved_.max_num_seqs && Peak(other) == Peak(resolved_);
  }

  Bytes Peak(const Resolved& resolved) const {
    return VllmActivationPeak(resolved, rules_, {false, true}).peak;
  }

  bool Fits(int64_t length) const {
    const Resolved other = At(length);
    std::vector<Diagnostic> diagnostics;
    if (!CheckVllmGates(other, &diagnostics)) return false;
    Report report;
    report.calibration = report_.calibration;
    PlanVllmStart(other, RulesFor(other), &report);
    return report.fits();
  }

  const Resolved& resolved_;
  const VllmRules& rules_;
  const Report& report_;
  const int64_t asked_, limit_;
};

}  // namespace

int64_t LongestUnderVllm(const Resolved& resolved, const VllmRules& rules, const Report& report) {
  return LongestFinder(resolved, rules, report).Find();
}

}  // namespace plimsoll
