// The page's colours and the look of ImGui made from them. One list of tokens serves the canvas and, as CSS
// variables of the same names in site/assets/style.css, the HTML around it; tests/web/site.test.mjs holds the
// two against each other.
#ifndef PLIMSOLL_WEB_THEME_H_
#define PLIMSOLL_WEB_THEME_H_

#include <cstdint>
#include <string_view>

#include "imgui.h"

namespace plimsoll {

struct Palette {
  ImU32 background, panel, field, ink, muted, line, accent, on_accent;
  ImU32 weights, kv_cache, recurrent_state, activation, cuda_graph, runtime, others, host;
  ImU32 fits, tight, does_not_fit;
};

enum class Theme : uint8_t { kLight, kDark };

const Palette& PaletteOf(Theme theme);

// Sets ImGui's style (for what ImGui itself draws: text input, popups, focus ring) to the theme.
void ApplyTheme(Theme theme);

// The colour that a table names: "kv-cache".
// REQUIRES: a token of that name (theme.cc holds those of core/resolve/memory_parts.h to it).
ImU32 TokenColor(const Palette& palette, std::string_view token);

// A colour with its opacity multiplied by `opacity`.
ImU32 Faded(ImU32 color, float opacity);

// The ground of a cell of a heat map, `share` (0 to 1) of the way from pale to full: pale enough everywhere for ink on it.
enum class Heat : uint8_t { kFits, kTight, kShort, kNothing };
ImU32 HeatColor(const Palette& palette, Heat heat, float share);

inline constexpr float kRadius = 7;
inline constexpr float kBody = 14;  // text sizes, in CSS pixels
inline constexpr float kNote = 12.5F;
inline constexpr float kVerdict = 24;

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_THEME_H_
