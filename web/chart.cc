#include "web/chart.h"

#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "imgui_internal.h"

namespace plimsoll {

namespace {

constexpr double kMinutesFrom = 90, kHoursFrom = 5400;  // seconds of an axis

}  // namespace

double TickStep(double most, double parts, Scale scale) {
  if (!(most > 0)) return 1;
  const double rough = most / parts;
  if (scale == Scale::kSeconds && most >= kMinutesFrom) {
    for (double step : {30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0, 7200.0, 18000.0, 36000.0}) {
      if (step >= rough) return step;
    }
  }
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  for (double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough) return factor * power;
  }
  return 10 * power;
}

std::string TickText(Scale scale, double value, double step, double most) {
  if (scale == Scale::kTokens) return ContextText(std::llround(value));
  if (value == 0) return scale == Scale::kPercent ? "0 %" : "0";
  const char* unit = scale == Scale::kPercent ? " %" : "";
  double factor = 1;
  if (scale == Scale::kSeconds) {
    unit = most < 0.9995 ? " ms" : most < kMinutesFrom ? " s" : most < kHoursFrom ? " min" : " h";
    factor = most < 0.9995 ? 1e3 : most < kMinutesFrom ? 1 : most < kHoursFrom ? 1.0 / 60 : 1.0 / 3600;
  }
  const double finest = step * factor;
  int digits = 0;
  for (double rest = finest; digits < 6 && std::abs(rest - std::round(rest)) > 1e-6; rest *= 10) ++digits;
  const double shown = value * factor;
  return (digits > 0 ? DecimalText(shown, digits) : CountText(std::llround(shown))) + unit;
}

namespace {

constexpr float kStrip = 20;

struct Frame {
  ImVec2 min, max;
  double x_first, x_last, y_max;
  bool log_x;

  double Along(double x) const {
    if (x_last <= x_first) return 0;
    if (log_x) return std::log(std::max(x, 1e-9) / x_first) / std::log(x_last / x_first);
    return (x - x_first) / (x_last - x_first);
  }
  float X(double x) const {
    return min.x + static_cast<float>(std::clamp(Along(x), 0.0, 1.0)) * (max.x - min.x);
  }
  float Y(double y) const {
    const double share = y_max > 0 ? std::clamp(y / y_max, 0.0, 1.0) : 0;
    return max.y - static_cast<float>(share) * (max.y - min.y);
  }
  double At(float pixel) const {
    const double share =
        std::clamp(static_cast<double>((pixel - min.x) / std::max(1.0F, max.x - min.x)), 0.0, 1.0);
    return log_x ? x_first * std::pow(x_last / x_first, share) : x_first + share * (x_last - x_first);
  }
};

double Largest(const Chart& chart) {
  double most = 0;
  for (const ChartSeries& series : chart.series) {
    for (const std::vector<double>* values : {&series.y, &series.high}) {
      for (double value : *values) most = std::isfinite(value) ? std::max(most, value) : most;
    }
  }
  return most;
}

size_t NearestIndex(const Chart& chart, const Frame& frame, double x) {
  size_t nearest = 0;
  for (size_t i = 1; i < chart.x.size(); ++i) {
    if (std::abs(frame.Along(chart.x[i]) - frame.Along(x)) <
        std::abs(frame.Along(chart.x[nearest]) - frame.Along(x))) {
      nearest = i;
    }
  }
  return nearest;
}

// The exact value under the pointer.
std::string Text(Scale scale, double value) {
  switch (scale) {
    case Scale::kTokens:
      return ContextText(std::llround(value));
    case Scale::kPercent:
      return DecimalText(value, 1) + " %";
    case Scale::kSeconds:
      return DurationText(Seconds(value));
    case Scale::kNumber:
      break;
  }
  return value < 100 && std::abs(value - std::round(value)) > 1e-6 ? DecimalText(value, value < 10 ? 2 : 1)
                                                                   : CountText(std::llround(value));
}

void DrawGrid(Ui& ui, const Chart& chart, const Frame& frame, double step) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const TextStyle note = {ui.colors->muted, 12};
  for (double y = 0; y <= frame.y_max * 1.0001; y += step) {
    const float at = std::round(frame.Y(y));
    draw->AddRectFilled(ImVec2(frame.min.x, at), ImVec2(frame.max.x, at + 1), ui.colors->line);
    DrawTextRight(ui, ImVec2(frame.min.x - 8, at), TickText(chart.y_scale, y, step, frame.y_max), note);
  }
  const float bottom = frame.max.y + 14 + (chart.strip.empty() ? 0 : kStrip);
  float last_end = -1e9F;
  const auto tick = [&](double x, const std::string& text) {
    const float half = TextWidth(ui, text, note) / 2;
    const float at = std::clamp(frame.X(x), frame.min.x + half - 4, frame.max.x - half);
    if (at - half < last_end + 10) return;
    DrawText(ui, ImVec2(at - half, bottom), text, note);
    last_end = at + half;
  };
  if (!chart.log_x) {
    const double along =
        TickStep(frame.x_last, std::max(2.0F, (frame.max.x - frame.min.x) / 80), chart.x_scale);
    for (double x = 0; x <= frame.x_last * 1.0001; x += along) {
      tick(x, TickText(chart.x_scale, x, along, frame.x_last));
    }
    return;
  }
  for (double x : chart.x) {  // whole powers of two
    const double power = std::log2(x);
    if (std::abs(power - std::round(power)) < 1e-6) tick(x, Text(chart.x_scale, x));
  }
}

// Runs of equal words, each as a tinted piece with its word where it fits.
void DrawStrip(Ui& ui, const Chart& chart, const Frame& frame) {
  const size_t count = std::min(chart.strip.size(), chart.x.size());
  for (size_t i = 0, end = 0, piece = 0; i < count; i = end, ++piece) {
    while (end < count && chart.strip[end] == chart.strip[i]) ++end;
    const float left = frame.X(chart.x[i]), right = end < count ? frame.X(chart.x[end]) : frame.max.x;
    const ImVec2 top(left, frame.max.y + 3);
    ImGui::GetWindowDrawList()->AddRectFilled(top, ImVec2(right - 1, frame.max.y + kStrip),
                                              Faded(ui.colors->runtime, piece % 2 == 0 ? 0.16F : 0.32F), 3);
    const TextStyle note = {ui.colors->muted, 12};
    if (TextWidth(ui, chart.strip[i], note) + 8 < right - left) {
      DrawText(ui, ImVec2(left + 5, frame.max.y + 3 + (kStrip - 3) / 2), chart.strip[i], note);
    }
  }
}

// "memory bandwidth up to 45, then compute"
std::string StripText(const Chart& chart) {
  std::string text;
  for (size_t i = 0; i < std::min(chart.strip.size(), chart.x.size()); ++i) {
    if (i > 0 && chart.strip[i] == chart.strip[i - 1]) continue;
    if (i > 0) text += " below " + Text(chart.x_scale, chart.x[i]) + ", then ";
    text += chart.strip[i];
  }
  return text;
}

void DrawBand(const Chart& chart, const ChartSeries& series, const Frame& frame) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const ImU32 soft = Faded(series.color, 0.16F);
  const bool band = series.low.size() == chart.x.size() && series.high.size() == chart.x.size();
  if (!band && !series.filled) return;
  // Smoothed edges between neighbouring pieces would show as seams.
  const ImDrawListFlags smooth = draw->Flags;
  draw->Flags &= ~ImDrawListFlags_AntiAliasedFill;
  for (size_t i = 1; i < chart.x.size(); ++i) {
    const float x0 = frame.X(chart.x[i - 1]), x1 = frame.X(chart.x[i]);
    const float top0 = frame.Y(band ? series.high[i - 1] : series.y[i - 1]);
    const float top1 = frame.Y(band ? series.high[i] : series.y[i]);
    const float low0 = band ? frame.Y(series.low[i - 1]) : frame.max.y;
    const float low1 = band ? frame.Y(series.low[i]) : frame.max.y;
    draw->AddQuadFilled(ImVec2(x0, top0), ImVec2(x1, top1), ImVec2(x1, low1), ImVec2(x0, low0), soft);
  }
  draw->Flags = smooth;
}

void DrawLine(const Chart& chart, const ChartSeries& series, const Frame& frame) {
  // Piece by piece: a polyline's mitred corners would shoot out where a count jumps.
  for (size_t i = 1; i < chart.x.size() && i < series.y.size(); ++i) {
    ImGui::GetWindowDrawList()->AddLine(ImVec2(frame.X(chart.x[i - 1]), frame.Y(series.y[i - 1])),
                                        ImVec2(frame.X(chart.x[i]), frame.Y(series.y[i])), series.color,
                                        1.75F);
  }
}

// Names with a dash of their colour, right-aligned on the title's line.
void DrawLegend(Ui& ui, const Chart& chart, ImVec2 right) {
  float x = right.x;
  for (size_t i = chart.series.size(); i-- > 0;) {
    const ChartSeries& series = chart.series[i];
    const TextStyle style = {ui.colors->muted, kNote};
    const float text = TextWidth(ui, series.name, style);
    DrawText(ui, ImVec2(x - text, right.y), series.name, style);
    x -= text + 20;
    ImGui::GetWindowDrawList()->AddRectFilled(ImVec2(x, right.y - 1), ImVec2(x + 14, right.y + 1),
                                              series.color);
    x -= 16;
  }
}

void DrawReading(Ui& ui, const Chart& chart, const Frame& frame, size_t index) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float x = frame.X(chart.x[index]);
  draw->AddRectFilled(ImVec2(x, frame.min.y), ImVec2(x + 1, frame.max.y), ui.colors->muted);
  std::string text = Text(chart.x_scale, chart.x[index]) + " " + chart.x_label;
  for (const ChartSeries& series : chart.series) {
    if (index >= series.y.size()) continue;
    text += "   " + series.name + " " + Text(chart.y_scale, series.y[index]);
    if (index < series.low.size() && index < series.high.size()) {
      text += " (" + Text(chart.y_scale, series.low[index]) + " to " +
              Text(chart.y_scale, series.high[index]) + ")";
    }
    draw->AddCircleFilled(ImVec2(x, frame.Y(series.y[index])), 3.5F, series.color);
  }
  const TextStyle style = {ui.colors->ink, kNote};
  const float width = TextWidth(ui, text, style) + 16;
  const float left = std::clamp(x + 8, frame.min.x, std::max(frame.min.x, frame.max.x - width));
  draw->AddRectFilled(ImVec2(left, frame.min.y + 2), ImVec2(left + width, frame.min.y + 26), ui.colors->panel,
                      5);
  draw->AddRect(ImVec2(left, frame.min.y + 2), ImVec2(left + width, frame.min.y + 26), ui.colors->line, 5);
  DrawText(ui, ImVec2(left + 8, frame.min.y + 14), text, style);
}

}  // namespace

std::optional<double> DrawChart(Ui& ui, const Chart& chart, float width, float height) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float head = 30;
  if (chart.x.size() < 2 || chart.series.empty()) return std::nullopt;
  std::string summary;
  for (const ChartSeries& series : chart.series) {
    if (series.y.empty()) continue;
    summary += (summary.empty() ? "" : "; ") + series.name + " from " +
               Text(chart.y_scale, series.y.front()) + " to " + Text(chart.y_scale, series.y.back());
  }
  if (!chart.strip.empty()) summary += "; bound by " + StripText(chart);
  const Interaction item = Item(ui, chart.title, ImVec2(width, height), "img", chart.title, summary);
  const double most = chart.y_max > 0 ? chart.y_max : Largest(chart);
  const double step = TickStep(most, 4, chart.y_scale);
  const float strip = chart.strip.empty() ? 0 : kStrip;
  const Frame frame = {ImVec2(at.x + 52, at.y + head),
                       ImVec2(at.x + width - 4, at.y + height - 44 - strip),
                       chart.x.front(),
                       chart.x.back(),
                       chart.y_max > 0 ? chart.y_max : std::ceil(most / step) * step,
                       chart.log_x};
  if (!item.visible) return std::nullopt;
  DrawText(ui, ImVec2(at.x, at.y + 10), chart.title, {0, kBody, Weight::kSemibold});
  DrawLegend(ui, chart, ImVec2(at.x + width - 4, at.y + 10));
  DrawGrid(ui, chart, frame, step);
  DrawStrip(ui, chart, frame);
  for (const ChartSeries& series : chart.series) DrawBand(chart, series, frame);
  for (const ChartSeries& series : chart.series) DrawLine(chart, series, frame);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  if (chart.mark_x > 0) {
    const float x = std::round(frame.X(chart.mark_x));
    for (float y = frame.min.y; y < frame.max.y; y += 7) {
      draw->AddRectFilled(ImVec2(x, y), ImVec2(x + 1.5F, std::min(y + 4, frame.max.y)), ui.colors->ink);
    }
  }
  const TextStyle note = {ui.colors->muted, 12};
  DrawTextRight(ui, ImVec2(frame.max.x, frame.max.y + 32 + strip), chart.x_label, note);
  const float pointer = ImGui::GetIO().MousePos.x;
  if (item.hovered || item.held) DrawReading(ui, chart, frame, NearestIndex(chart, frame, frame.At(pointer)));
  if (item.clicked || item.held) return frame.At(pointer);
  return std::nullopt;
}

}  // namespace plimsoll
