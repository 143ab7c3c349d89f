// How an engine drives a step on these cards: what the speed model asks of it (Engine::StyleOf).
#ifndef PLIMSOLL_CORE_SPEED_STEP_STYLE_H_
#define PLIMSOLL_CORE_SPEED_STEP_STYLE_H_

#include <cstdint>
#include <string_view>

#include "core/base/units.h"
#include "core/resolve/engine_traits.h"

namespace plimsoll {

// Whose kernels read weights on a Radeon.
enum class RadeonKernels : uint8_t { kUnsaid, kHip, kVulkan };

struct StepStyle {
  std::string_view engine;  // its row of the measured table
  KernelGroup kernels = KernelGroup::kTorch;
  int64_t ranks = 1;            // cards that share every layer
  bool layer_split = false;     // cards take their layers in turn
  bool slow_attention = false;  // scores go through memory instead of flash attention
  bool wide_states = false;     // recurrent states are kept in 32 bits whatever the config asks for
  bool plain_launches = false;  // kernels are launched one by one, without graphs and fused operations
  bool old_unpacking = false;   // weights are unpacked by Metal's kernels of before 2025-03
  bool plain_bf16 = false;      // products in BF16 run on the vector units: no matrix units take it
  RadeonKernels radeon = RadeonKernels::kUnsaid;
  bool half_sums = false;  // products in 16 bits are summed in 16 bits, at the boards' full rate
  // Units among which 8-bit float products of a few tokens are divided by tiles of 128 of a matrix' rows, and by nothing
  // else: a matrix with fewer tiles leaves the others idle. 0: divided as finely as it takes.
  double fp8_tile_units = 0;
  // The same of NVFP4's, whose weights a unit multiplies kNvfp4UnitSpeed times as fast, by bytes.
  double nvfp4_tile_units = 0;
  int64_t chunk = 0;  // tokens of one pass; 0: a step is one pass
  int64_t graph_tokens =
      0;  // steps with prompts of up to so many tokens replay captured graphs; 0: none does
  bool scheduled_ahead = false;  // the next step is launched before the last one's tokens are known
  int64_t stages = 1;            // pipeline stages that work on different sequences at once
  double host_dense = 0;         // share of the dense weights that stays in RAM and is computed there
  double host_experts = 0;       // the same of the routed experts
  // What the processor reads of them per second; 0: as measured on some desktop.
  BytesPerSecond host_dense_rate, host_expert_rate;
  Bytes sent_weights;  // kept in RAM and sent to the card in every step
  // Layers on other machines: how often a step's hidden states (32 bits an element) go over the network, how fast, and
  // what each time costs whatever its size.
  int64_t node_transfers = 0;
  BytesPerSecond node_link;
  Seconds node_latency;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_SPEED_STEP_STYLE_H_
