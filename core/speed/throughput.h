// How long a step takes, and what follows from it: decode and prefill rates, time to first token, cost.
//
// A step of an engine reads weights, reads the cached keys and values of every running sequence, computes,
// and talks to the other cards. StepModel turns a Resolved configuration into coefficients once; Time() is
// then affine in the cached tokens that attention reads, which is what lets the scheduler sum a run of equal
// steps in closed form. Efficiencies are measured, not derived: they stand in one table (measured_speeds.h)
// with source and spread, and every rate is a central value with a band.
#ifndef PLIMSOLL_CORE_SPEED_THROUGHPUT_H_
#define PLIMSOLL_CORE_SPEED_THROUGHPUT_H_

#include <array>
#include <cstdint>
#include <string_view>

#include "core/base/units.h"
#include "core/resolve/report.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

// Layers differ in how much of a sequence they read: all of it, or a window. Each different window is a span.
constexpr int kMaxSpans = 4;
constexpr int64_t kWholeSequence = int64_t{1} << 40;
constexpr int kSpeedFormats = 12;  // kFormatClasses of measured_speeds.h

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
std::string_view BoundName(Bound bound);  // "memory", "host_link"

// Where a step's time goes; the parts that do not overlap add up to the step.
struct StepTime {
  Seconds total, weights, compute, kv_read, recurrent_state, attention, all_reduce, launch, offload, head;
  Bound bound = Bound::kMemory;
};

// Coefficients of one configuration, in seconds, for one replica (dp of them share the load). A step's tokens
// are n = decoding sequences * (1 + speculative tokens) + prompt tokens.
struct StepCoefficients {
  double weights = 0;            // reading every dense weight once
  double compute_per_token = 0;  // their operations
  double token = 0;              // moving its activations between the products
  double tile = 0;               // tokens by which a matrix product is rounded up
  double experts = 0;            // reading every routed expert once
  double expert_per_pair = 0;    // operations of one token in one of its experts, over all layers
  double expert_tile = 0;
  int64_t expert_count = 0, experts_per_token = 0;
  double skew = 0;                // how unevenly they are chosen
  double expert_token_share = 1;  // of its tokens' experts that live on this rank
  double head = 0, head_per_sequence = 0;
  double state_per_sequence = 0;
  double recurrent_per_token = 0;  // operations of linear-attention layers on prompt tokens
  std::array<double, kMaxSpans> cached_token{};
  std::array<double, kMaxSpans> prefill_pair{};
  double launch = 0;          // per step: layers
  double step = 0;            // per step: the host
  double sequence = 0;        // per sequence on the host
  double prefill_step = 0;    // more of it when prompt tokens are in the step
  double reduce_latency = 0;  // per step: collectives
  double reduce_per_token = 0;
  double host_weights = 0;          // dense weights kept in RAM, computed there
  double host_experts = 0;          // routed experts kept in RAM, all of them
  double streamed_weights = 0;      // the same when a large batch has them sent over the host link instead
  double streamed_always = 0;       // vLLM's cpu_offload_gb: sent in every step
  int64_t stream_threshold = 0;     // tokens from which sending pays
  int64_t chunk = 0;                // llama.cpp: n_ubatch; 0: a step is one pass
  int64_t stages = 1;               // pipeline stages that work on different sequences at once
  int64_t split_cards = 1;          // llama.cpp layer split: cards that overlap on the chunks of one prompt
  double split_share = 0;           // how much of that overlap is reached
  int64_t tokens_per_sequence = 1;  // 1 + speculative tokens
  double accepted = 1;              // of which hold, expected
  double draft = 0;                 // proposing them: per step
};

// What a step moves and computes, before any measured speed: one rank of the tensor-parallel group, all its
// layers. Depends on the model, its format, the degree of parallelism and the cache's type alone.
struct StepWork {
  // Per format class (measured_speeds.h): bytes read and operations per token.
  std::array<double, kSpeedFormats> dense_bytes{}, dense_flops{};
  std::array<double, kSpeedFormats> expert_bytes{}, expert_flops{};  // all experts; one token in one expert
  double dense_total = 0, expert_total = 0;                          // bytes
  double activations = 0;  // inputs and outputs of all matrix products of one token, elements
  double head_bytes = 0, head_flops = 0;
  int head_format = 0, main_format = 0;
  int64_t expert_count = 0, experts_per_token = 0;
  int span_count = 0;
  std::array<int64_t, kMaxSpans> span{};
  std::array<double, kMaxSpans> cached_bytes{};  // per cached token
  std::array<double, kMaxSpans> query_bytes{};   // the same where every query head reads for itself
  std::array<double, kMaxSpans> cached_flops{};  // per cached token and new token
  std::array<double, kMaxSpans> pair_flops{};    // per pair of tokens in prefill
  std::array<double, kMaxSpans> pair_scores{};   // heads times layers
  double state_bytes = 0, state_flops = 0;       // per sequence; per prompt token
  double layers = 0, moe_layers = 0, recurrent_layers = 0;
  double host_dense = 0, host_experts = 0;  // shares that stay in RAM
  double hidden = 0;
};
StepWork CountWork(const Resolved& resolved);

struct MeasuredSpeeds;

class StepModel {
 public:
  static StepModel Make(const Resolved& resolved);
  static StepModel Make(const Resolved& resolved, const StepWork& work, const MeasuredSpeeds& speeds);

  int span_count() const { return span_count_; }
  int64_t span(int index) const { return spans_[static_cast<size_t>(index)]; }  // tokens; kWholeSequence: all

  Seconds Time(const StepLoad& load) const;
  StepTime Explain(const StepLoad& load) const;
  // Time() = Time(load without cached tokens) + sum of PerCachedToken(i) * decode_kv_tokens[i].
  Seconds PerCachedToken(int span_index) const {
    return Seconds(coefficients_.cached_token[static_cast<size_t>(span_index)]);
  }
  // The same for prefill_kv_pairs.
  Seconds PerPrefillPair(int span_index) const {
    return Seconds(coefficients_.prefill_pair[static_cast<size_t>(span_index)]);
  }
  // Output tokens that one decoding sequence gets from one step: 1, or the accepted length of speculation.
  double tokens_per_step() const { return coefficients_.accepted; }
  // What a request spends before the scheduler sees it and after: HTTP, tokenizer, first detokenization.
  Seconds request_overhead() const { return request_overhead_; }
  // Relative half-widths of the band: low = central * (1 - below), high = central * (1 + above).
  double below() const { return below_; }
  double above() const { return above_; }
  // A closed loop's requests start together and stay bunched: share of the others' prompts that one waits
  // for.
  double bunching() const { return bunching_; }
  const StepCoefficients& coefficients() const { return coefficients_; }

 private:
  int span_count_ = 0;
  std::array<int64_t, kMaxSpans> spans_{};
  StepCoefficients coefficients_;
  Seconds request_overhead_;
  double below_ = 0, above_ = 0, bunching_ = 0;
};

// One prompt alone: every chunk that the engine cuts it into. `chunk`: tokens per step; 0: all in one.
Seconds PrefillTime(const StepModel& model, int64_t prompt_tokens, int64_t chunk);

// Sum over a prompt's tokens of the keys each attends to, for tokens from..from+count of a sequence.
double CausalPairs(int64_t from, int64_t count, int64_t span);

// What a server is asked to do, and what limits it.
struct Operation {
  int64_t prompt_tokens = 1024, output_tokens = 256;
  double concurrency = 1;       // requests in flight
  int64_t max_sequences = 0;    // of them running at once; 0: all
  int64_t capacity_tokens = 0;  // of the cache; 0: unbounded
  int64_t chunk = 0;            // prompt tokens per step; 0: a whole prompt
  int64_t replicas = 1;         // data parallel: the requests are divided
  int64_t requests = 0;         // of an arrival process; 0: it has no end
  bool lockstep = false;        // one batch that starts and ends together, instead of a closed loop
};
Operation OperationOf(const Resolved& resolved, const Report& report);
SpeedReport SpeedAt(const StepModel& model, const Operation& operation);

// Requests that arrive at random: the concurrency at which as many finish as arrive (Little's law).
// `operation.concurrency` caps the requests in flight; 0: no cap.
SpeedReport SpeedAtRate(const StepModel& model, Operation operation, double requests_per_second);

// The contract's `speed`: decode at the workload's concurrency and middle context, prefill of one prompt.
SpeedReport EstimateSpeed(const Resolved& resolved, const Report& report);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_SPEED_THROUGHPUT_H_
