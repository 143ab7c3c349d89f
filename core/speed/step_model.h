// How long a step takes.
//
// A step of an engine reads weights, reads the cached keys and values of every running sequence, computes,
// and talks to the other cards. StepModel turns a Resolved configuration and its engine's style into
// coefficients once; Time() is then affine in the cached tokens that attention reads, which is what lets the
// scheduler sum a run of equal steps in closed form. Efficiencies are measured, not derived: they stand in
// one table (measured_speeds.h) with source and spread, and every rate is a central value with a band.
#ifndef PLIMSOLL_CORE_SPEED_STEP_MODEL_H_
#define PLIMSOLL_CORE_SPEED_STEP_MODEL_H_

#include <array>
#include <cstdint>
#include <string_view>

#include "core/base/units.h"
#include "core/resolve/resolved.h"
#include "core/speed/measured_speeds.h"
#include "core/speed/step_style.h"
#include "core/speed/step_work.h"

namespace plimsoll {

// The work of one step.
struct StepLoad {
  int64_t decode_sequences = 0;   // sequences that get one token each (times 1 + speculative tokens verified)
  int64_t prefill_tokens = 0;     // prompt tokens computed in this step
  int64_t prefill_sequences = 0;  // chunks they belong to
  std::array<double, kMaxSpans> decode_kv_tokens{};  // sum over decoding sequences of min(context, span)
  std::array<double, kMaxSpans>
      prefill_kv_pairs{};  // sum over prefill tokens of the keys each attends to, by span
};

enum class Bottleneck : uint8_t { kMemory, kCompute, kLatency, kCommunication, kHostMemory, kHostLink };
std::string_view BottleneckName(Bottleneck bound);  // "memory", "host_link"

// Where a step's time goes; the parts that do not overlap add up to the step.
struct StepTime {
  Seconds total, weights, compute, kv_read, recurrent_state, attention, all_reduce, launch, offload, head;
  Bottleneck bottleneck = Bottleneck::kMemory;
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
  double skew = 0;           // how unevenly they are chosen
  int64_t expert_ranks = 1;  // that whole experts are spread over; the one with the most work decides
  double head = 0, head_per_sequence = 0;
  double state_per_sequence = 0;
  double recurrent_per_token = 0;  // operations of linear-attention layers on prompt tokens
  std::array<double, kMaxSpans> cached_token{};
  std::array<double, kMaxSpans> prefill_pair{};
  double launch = 0;         // per step: layers
  double step = 0;           // per step: the host
  double sequence = 0;       // per sequence on the host
  double prefill_step = 0;   // more of it when prompt tokens are in the step
  double prefill_host = 0;   // the host's launches of such a step, in the shadow of the card's work
  double prefill_graph = 0;  // the same of a step of up to graph_tokens, whose layers are captured
  int64_t graph_tokens = 0;
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

class StepModel {
 public:
  static StepModel Make(const Resolved& resolved, const StepStyle& style);
  static StepModel Make(const Resolved& resolved, const StepStyle& style, const StepWork& work,
                        const MeasuredSpeeds& speeds);

  int span_count() const { return span_count_; }
  int64_t span(int index) const { return spans_[static_cast<size_t>(index)]; }  // tokens; kWholeSequence: all

  Seconds Time(const StepLoad& load) const;
  StepTime Explain(const StepLoad& load) const;
  // Time() = Time(load without cached tokens) + sum of PerCachedToken(i) * decode_kv_tokens[i].
  Seconds PerCachedToken(int span_index) const {
    return Seconds(slow_decode_ * coefficients_.cached_token[static_cast<size_t>(span_index)]);
  }
  // The same for prefill_kv_pairs.
  Seconds PerPrefillPair(int span_index) const {
    return Seconds(slow_prefill_ * coefficients_.prefill_pair[static_cast<size_t>(span_index)]);
  }
  // Output tokens that one decoding sequence gets from one step: 1, or the accepted length of speculation.
  double tokens_per_step() const { return coefficients_.accepted; }
  // What a request spends before the scheduler sees it and after: HTTP, tokenizer, first detokenization.
  Seconds request_overhead(int64_t prompt_tokens) const {
    return request_overhead_ + request_token_ * static_cast<double>(prompt_tokens);
  }
  // Whether the engine schedules a step before the last one's tokens are known, and after how many decode steps these
  // have left it.
  bool scheduled_ahead() const { return scheduled_ahead_; }
  double delivery_steps() const { return delivery_steps_; }
  // The band of a server's rates: low = central * (1 - below), high = central * (1 + above).
  double below() const { return bands_[0].below; }
  double above() const { return bands_[0].above; }
  // The same of one of so many streams: one alone waits for launches where several wait for memory.
  const Band& decode_band(double streams) const { return bands_[streams > 1 ? 0 : 4]; }
  // Of prompt tokens per second, of the time to first token, of all tokens per second.
  const Band& prompt_band() const { return bands_[1]; }
  const Band& first_token_band() const { return bands_[2]; }
  const Band& total_band() const { return bands_[3]; }
  // The same model with every step `factor` times as long.
  StepModel Scaled(double factor) const {
    StepModel model = *this;
    model.Slow(factor, factor);
    return model;
  }
  const StepCoefficients& coefficients() const { return coefficients_; }

  // A machine that is slower (above 1) or faster than predicted: steps that decode alone, and those with
  // prompts.
  void Slow(double decode, double prefill) {
    slow_decode_ *= decode;
    slow_prefill_ *= prefill;
  }

 private:
  StepTime Predict(const StepLoad& load) const;  // as for a machine that is neither slower nor faster

  int span_count_ = 0;
  std::array<int64_t, kMaxSpans> spans_{};
  StepCoefficients coefficients_;
  Seconds request_overhead_, request_token_;
  std::array<Band, 5> bands_{};
  double slow_decode_ = 1, slow_prefill_ = 1, delivery_steps_ = 0;
  bool scheduled_ahead_ = false;
};

// One prompt alone: every chunk that the engine cuts it into. `chunk`: tokens per step; 0: all in one.
Seconds PrefillTime(const StepModel& model, int64_t prompt_tokens, int64_t chunk);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_SPEED_STEP_MODEL_H_
