#include "web/theme.h"

#include <array>

#include "core/resolve/memory_parts.h"

namespace plimsoll {
namespace {

struct Token {
  std::string_view name;  // of the CSS variable
  ImU32 Palette::*color;
  uint32_t light, dark;  // 0xrrggbb
};

constexpr std::array<Token, 19> kTokens = {{
    {"background", &Palette::background, 0xf5f6f8, 0x0e1218},
    {"panel", &Palette::panel, 0xffffff, 0x161b23},
    {"field", &Palette::field, 0xffffff, 0x10151c},
    {"ink", &Palette::ink, 0x141821, 0xe7ebf2},
    {"muted", &Palette::muted, 0x5d6675, 0x98a2b2},
    {"line", &Palette::line, 0xdde1e8, 0x29303b},
    {"accent", &Palette::accent, 0x0a6aa1, 0x57b2e6},
    {"on-accent", &Palette::on_accent, 0xffffff, 0x0e1218},
    {"weights", &Palette::weights, 0x2f6fb7, 0x4f8fd8},
    {"kv-cache", &Palette::kv_cache, 0xdd8420, 0xeb9c45},
    {"recurrent-state", &Palette::recurrent_state, 0x8a5fc4, 0xa684dc},
    {"activation", &Palette::activation, 0x2a988b, 0x43b5a6},
    {"cuda-graph", &Palette::cuda_graph, 0xc9a400, 0xd9b829},
    {"runtime", &Palette::runtime, 0x8b95a7, 0x7f8a9d},
    {"others", &Palette::others, 0xa8557f, 0xd58fb2},
    {"host", &Palette::host, 0xb9c0cc, 0x4a5362},
    {"fits", &Palette::fits, 0x17774a, 0x4cc38a},
    {"tight", &Palette::tight, 0xa96300, 0xe5a23b},
    {"does-not-fit", &Palette::does_not_fit, 0xbf3329, 0xf0766b},
}};

constexpr ImU32 Opaque(uint32_t rgb) { return IM_COL32((rgb >> 16) & 255, (rgb >> 8) & 255, rgb & 255, 255); }

constexpr Palette MakePalette(bool dark) {
  Palette palette{};
  for (const Token& token : kTokens) palette.*token.color = Opaque(dark ? token.dark : token.light);
  return palette;
}

constexpr const Token* FindToken(std::string_view name) {
  for (const Token& token : kTokens) {
    if (token.name == name) return &token;
  }
  return nullptr;
}

constexpr bool EveryPartHasItsColour() {
  for (const MemoryPart* part : kStackedParts) {
    if (FindToken(part->color) == nullptr) return false;
  }
  return true;
}
static_assert(EveryPartHasItsColour(), "a colour in memory_parts.h is no token of the theme");

constexpr Palette kLight = MakePalette(false);
constexpr Palette kDark = MakePalette(true);

}  // namespace

const Palette& PaletteOf(Theme theme) { return theme == Theme::kDark ? kDark : kLight; }

ImU32 TokenColor(const Palette& palette, std::string_view token) {
  const Token* found = FindToken(token);
  return found != nullptr ? palette.*found->color : palette.ink;
}

ImU32 Faded(ImU32 color, float opacity) {
  const auto alpha = static_cast<ImU32>(static_cast<float>(color >> IM_COL32_A_SHIFT) * opacity);
  return (color & ~IM_COL32_A_MASK) | (alpha << IM_COL32_A_SHIFT);
}

ImU32 HeatColor(const Palette& palette, Heat heat, float share) {
  switch (heat) {
    case Heat::kFits:
      return Faded(palette.fits, 0.08F + 0.42F * share);
    case Heat::kTight:
      return Faded(palette.tight, 0.20F);
    case Heat::kShort:
      return Faded(palette.does_not_fit, 0.08F + 0.26F * share);
    case Heat::kNothing:
      break;
  }
  return Faded(palette.line, 0.5F);
}

void ApplyTheme(Theme theme) {
  const Palette& palette = PaletteOf(theme);
  ImGuiStyle style;
  style.WindowPadding = ImVec2(0, 0);
  style.WindowBorderSize = 0;
  style.ChildBorderSize = 0;
  style.PopupBorderSize = 1;
  style.PopupRounding = kRadius;
  style.FrameRounding = kRadius;
  style.FrameBorderSize = 1;
  style.FramePadding = ImVec2(11, 8);
  style.ItemSpacing = ImVec2(8, 8);
  style.ItemInnerSpacing = ImVec2(8, 4);
  style.ScrollbarSize = 10;
  style.ScrollbarRounding = 5;
  style.AntiAliasedLinesUseTex = false;
  style.HoverDelayNormal = 0.3F;
  const auto set = [&style](ImGuiCol slot, ImU32 color) {
    style.Colors[slot] = ImGui::ColorConvertU32ToFloat4(color);
  };
  set(ImGuiCol_Text, palette.ink);
  set(ImGuiCol_TextDisabled, palette.muted);
  set(ImGuiCol_WindowBg, palette.background);
  set(ImGuiCol_ChildBg, 0);
  set(ImGuiCol_PopupBg, palette.panel);
  set(ImGuiCol_Border, palette.line);
  set(ImGuiCol_FrameBg, palette.field);
  set(ImGuiCol_FrameBgHovered, palette.field);
  set(ImGuiCol_FrameBgActive, palette.field);
  set(ImGuiCol_ScrollbarBg, 0);
  set(ImGuiCol_ScrollbarGrab, palette.line);
  set(ImGuiCol_ScrollbarGrabHovered, palette.muted);
  set(ImGuiCol_ScrollbarGrabActive, palette.muted);
  set(ImGuiCol_TextSelectedBg, Faded(palette.accent, 0.3F));
  set(ImGuiCol_InputTextCursor, palette.ink);
  set(ImGuiCol_NavCursor, palette.accent);
  set(ImGuiCol_ModalWindowDimBg, 0);
  ImGui::GetStyle() = style;
}

}  // namespace plimsoll
