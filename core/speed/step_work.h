// What a step moves and computes, before any measured speed: bytes of weights and cache, operations, states.
// One rank of the tensor-parallel group, all its layers.
#ifndef PLIMSOLL_CORE_SPEED_STEP_WORK_H_
#define PLIMSOLL_CORE_SPEED_STEP_WORK_H_

#include <array>
#include <cstdint>

#include "core/resolve/resolved.h"
#include "core/speed/measured_speeds.h"
#include "core/speed/step_style.h"

namespace plimsoll {

// Layers differ in how much of a sequence they read: all of it, or a window. Each different window is a span.
constexpr int kMaxSpans = 4;
constexpr int64_t kWholeSequence = int64_t{1} << 40;

// What bounds a unit that few tiles of 128 tokens keep busy are their products, padded tokens and all: 256 operations on
// a byte of FP8 weights, 455 on one of NVFP4 (4 bits, and 8 for every 16 of them), at four times the rate.
constexpr double kNvfp4UnitSpeed = 4 * (4 + 8.0 / 16) / 8;

// Depends on the model, its format, the style and the cache's type alone.
struct StepWork {
  // Per format class : bytes read and operations per token.
  std::array<double, kFormatClasses> dense_bytes{}, dense_flops{};
  std::array<double, kFormatClasses> expert_bytes{}, expert_flops{};  // all experts; one token in one expert
  double dense_total = 0, expert_total = 0;                           // bytes
  // How much longer dense weights take to read than if all units read (StepStyle::fp8_tile_units).
  double fp8_idle = 1, nvfp4_idle = 1;
  double activations = 0;  // inputs and outputs of all matrix products of one token, elements
  double head_bytes = 0, head_flops = 0;
  int head_format = 0, main_format = 0;
  int64_t expert_count = 0, experts_per_token = 0;
  double expert_width = 0;  // of one expert's inner dimension, on one rank
  int span_count = 0;
  std::array<int64_t, kMaxSpans> span{};
  std::array<double, kMaxSpans> cached_bytes{};  // per cached token
  std::array<double, kMaxSpans> query_bytes{};   // the same where every query head reads for itself
  std::array<double, kMaxSpans> cached_flops{};  // per cached token and new token
  std::array<double, kMaxSpans> pair_flops{};    // per pair of tokens in prefill
  std::array<double, kMaxSpans> pair_scores{};   // heads times layers
  double state_bytes = 0, state_flops = 0;       // per sequence; per prompt token
  double layers = 0, moe_layers = 0, recurrent_layers = 0, index_layers = 0, latent_layers = 0;
  // Sublayers (a mixer of tokens, a feed-forward part): each has its kernels and, divided over ranks, its sum. Nemotron's
  // hybrids have one in a layer, others two.
  double sublayers = 0;
  double host_dense = 0, host_experts = 0;  // shares that stay in RAM
  double hidden = 0;
};
StepWork CountWork(const Resolved& resolved, const StepStyle& style);

// Sum over a prompt's tokens of the keys each attends to, for tokens from..from+count of a sequence.
double CausalPairs(int64_t from, int64_t count, int64_t span);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_SPEED_STEP_WORK_H_
