#include "web/theme.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace plimsoll {
namespace {

// WCAG 2.2: relative luminance of what `color` makes of an opaque ground, and the ratio of two.
struct Rgb {
  double r, g, b;
};

Rgb Over(ImU32 color, Rgb ground) {
  const double alpha = (color >> IM_COL32_A_SHIFT & 0xFF) / 255.0;
  const auto mix = [alpha](double top, double below) { return top * alpha + below * (1 - alpha); };
  return {mix((color >> IM_COL32_R_SHIFT & 0xFF) / 255.0, ground.r),
          mix((color >> IM_COL32_G_SHIFT & 0xFF) / 255.0, ground.g),
          mix((color >> IM_COL32_B_SHIFT & 0xFF) / 255.0, ground.b)};
}

double Luminance(Rgb color) {
  const auto linear = [](double c) { return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4); };
  return 0.2126 * linear(color.r) + 0.7152 * linear(color.g) + 0.0722 * linear(color.b);
}

double Contrast(Rgb a, Rgb b) {
  const double light = std::max(Luminance(a), Luminance(b)), dark = std::min(Luminance(a), Luminance(b));
  return (light + 0.05) / (dark + 0.05);
}

TEST(Theme, ContrastIsMeasuredAsTheGuidelinesDo) {
  EXPECT_NEAR(Contrast({1, 1, 1}, {0, 0, 0}), 21, 1e-9);
  EXPECT_NEAR(Contrast(Over(IM_COL32(0x76, 0x76, 0x76, 255), {}), {1, 1, 1}), 4.54, 0.01);
}

TEST(Theme, FiguresOfAHeatMapAreReadOnEveryGround) {
  for (const Theme theme : {Theme::kLight, Theme::kDark}) {
    const Palette& palette = PaletteOf(theme);
    const Rgb page = Over(palette.background, {});
    double faintest = 21;
    for (const Heat heat : {Heat::kFits, Heat::kTight, Heat::kShort, Heat::kNothing}) {
      for (int step = 0; step <= 100; ++step) {
        const Rgb ground = Over(HeatColor(palette, heat, static_cast<float>(step) / 100), page);
        const double contrast = Contrast(Over(palette.ink, ground), ground);
        faintest = std::min(faintest, contrast);
        EXPECT_GE(contrast, 4.5) << static_cast<int>(theme) << ' ' << static_cast<int>(heat) << ' ' << step;
      }
    }
    RecordProperty(theme == Theme::kLight ? "light" : "dark", std::to_string(faintest));
  }
}

// A scale is a scale: what is more looks like more.
TEST(Theme, AHeatMapsScaleDeepens) {
  for (const Theme theme : {Theme::kLight, Theme::kDark}) {
    const Palette& palette = PaletteOf(theme);
    for (const Heat heat : {Heat::kFits, Heat::kShort}) {
      for (int step = 1; step <= 10; ++step) {
        EXPECT_GT(HeatColor(palette, heat, static_cast<float>(step) / 10) >> IM_COL32_A_SHIFT,
                  HeatColor(palette, heat, static_cast<float>(step - 1) / 10) >> IM_COL32_A_SHIFT);
      }
    }
  }
}

}  // namespace
}  // namespace plimsoll
