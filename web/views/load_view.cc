// How much is asked of it: context and sequences.
#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "web/views/views.h"

namespace plimsoll {
namespace {

// Eight steps to the octave, on multiples of a power of two: 16,384, 18,432, 20,480 …
int64_t Snapped(double tokens) {
  const double octave = std::floor(std::log2(std::max(tokens, 1.0)));
  const double step = std::max(1.0, std::exp2(octave - 3));
  return static_cast<int64_t>(std::llround(tokens / step) * std::llround(step));
}

}  // namespace

void DrawContextSlider(Ui& ui, AppState& state, float width) {
  const Resolved& resolved = state.resolved();
  const int64_t native = resolved.architecture != nullptr ? resolved.architecture->max_positions : 0;
  const int64_t longest = std::max<int64_t>({native, resolved.max_model_len, 2048});
  const double mark = static_cast<double>(state.report().kv.max_model_len_that_fits);
  const SliderResult result =
      Slider(ui, "Context", static_cast<double>(resolved.max_model_len), CountText(resolved.max_model_len),
             CountText(resolved.max_model_len), {256, static_cast<double>(longest), mark}, width);
  if (result.typed) {
    state.Dispatch({{"max_model_len", TypedNumber(*result.typed)}});
  } else if (result.value) {
    state.Dispatch({{"max_model_len", Json(std::clamp<int64_t>(Snapped(*result.value), 256, longest))}});
  }
}

void DrawSequencesSlider(Ui& ui, AppState& state, float width) {
  const Resolved& resolved = state.resolved();
  const int64_t most = std::max<int64_t>(resolved.max_num_seqs, 1024);
  const SliderResult result = Slider(ui, "Sequences at once", static_cast<double>(resolved.max_num_seqs),
                                     CountText(resolved.max_num_seqs), CountText(resolved.max_num_seqs),
                                     {1, static_cast<double>(most), 0}, width);
  if (result.typed) {
    state.Dispatch({{"max_num_seqs", TypedNumber(*result.typed)}});
  } else if (result.value) {
    state.Dispatch({{"max_num_seqs", Json(std::clamp<int64_t>(Snapped(*result.value), 1, most))}});
  }
}

}  // namespace plimsoll
