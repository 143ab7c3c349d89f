// What one card reaches in an engine: its stated rates times the measured shares of them, by format.
#ifndef PLIMSOLL_CORE_SPEED_CARD_RATES_H_
#define PLIMSOLL_CORE_SPEED_CARD_RATES_H_

#include <array>

#include "core/resolve/resolved.h"
#include "core/speed/measured_speeds.h"
#include "core/speed/step_style.h"

namespace plimsoll {

struct CardRates {
  double bandwidth = 1;
  double half = 1;  // 16-bit tensor peak
  std::array<double, kFormatClasses> stream{};
  std::array<double, kFormatClasses> compute{};  // operations per second
  double expert_stream = 1, expert_compute = 1;
  double expert_narrow = 0;  // elements of an expert's width at which its weights take twice as long to read
  double cache = 1;          // bytes per second
  bool each_head_reads = false;
  double attention = 1;                         // operations per second
  std::array<double, kFormatClasses> unpack{};  // seconds per weight
  double activation = 0;                        // seconds per element
  double score = 0;                             // seconds per head and pair
  double layer = 0, moe_layer = 0, recurrent_layer = 0, index_layer = 0, prefill_layer = 0, prefill_moe = 0,
         prefill_graph = 0, prefill_latent = 0, prefill_recurrent = 0, scan = 0;
};

// With the factors of the card's class applied. `main_format`: how most of the weights are read.
CardRates FindRates(const Resolved& resolved, const StepStyle& style, const MeasuredSpeeds& speeds,
                    const Gpu& gpu, FormatClass main_format);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_SPEED_CARD_RATES_H_
