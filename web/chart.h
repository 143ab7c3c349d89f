// A quiet line chart: thin rules, a few labelled ticks, lines with an optional band, and the values under the
// pointer.
#ifndef PLIMSOLL_WEB_CHART_H_
#define PLIMSOLL_WEB_CHART_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "web/widgets.h"

namespace plimsoll {

struct ChartSeries {
  std::string name;
  ImU32 color = 0;
  std::vector<double> y;          // one for each x of the chart
  std::vector<double> low, high;  // the band around it; empty: none
  bool filled = false;            // the area below it
};

// How an axis reads: its steps are round in its own unit, and its labels have the digits that tell them
// apart.
enum class Scale : uint8_t { kNumber, kTokens, kPercent, kSeconds };

// The first round step of which at most `parts` make up `most`: 1, 2 or 5 times a power of ten, and for times
// that are written in minutes what divides minutes and hours.
double TickStep(double most, double parts, Scale scale);
// A tick's label: no more digits than its step asks for, all of an axis in the unit of its end (`most`).
std::string TickText(Scale scale, double value, double step, double most);

struct Chart {
  std::string title;
  std::string x_label;  // what stands on the axis: "sequences at once"
  std::vector<double> x;
  bool log_x = false;
  Scale x_scale = Scale::kNumber, y_scale = Scale::kNumber;
  double y_max = 0;   // 0: from the data
  double mark_x = 0;  // a vertical line at the configuration's own value; 0: none
  std::vector<ChartSeries> series;
  std::vector<std::string_view> strip;  // under the plot, a word for each x: what holds there; empty: none
};

// At the cursor. Enters itself into the semantic tree as an image whose value says the ends of each line. A
// click or drag inside gives the x under the pointer; otherwise nothing.
std::optional<double> DrawChart(Ui& ui, const Chart& chart, float width, float height);

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_CHART_H_
