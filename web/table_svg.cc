#include "web/table_svg.h"

#include <algorithm>
#include <cstdio>
#include <vector>

#include "core/base/text.h"
#include "core/resolve/memory_parts.h"

namespace plimsoll {
namespace {

constexpr double kPad = 24, kRow = 30, kLetter = 7.4, kGap = 24, kBarWidth = 150;

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '&') {
      escaped += "&amp;";
    } else if (c == '<') {
      escaped += "&lt;";
    } else if (c == '"') {
      escaped += "&quot;";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string Hex(ImU32 color) {
  char text[8];
  std::snprintf(text, sizeof text, "#%02x%02x%02x", (color >> IM_COL32_R_SHIFT) & 255,
                (color >> IM_COL32_G_SHIFT) & 255, (color >> IM_COL32_B_SHIFT) & 255);
  return text;
}

std::string Number(double value) { return DecimalText(value, 1); }

std::string Text(double x, double y, std::string_view text, ImU32 color, std::string_view more) {
  return "<text x=\"" + Number(x) + "\" y=\"" + Number(y) + "\" fill=\"" + Hex(color) + "\" " +
         std::string(more) + ">" + Escaped(text) + "</text>\n";
}

std::string Rect(double x, double y, double width, double height, ImU32 color) {
  return "<rect x=\"" + Number(x) + "\" y=\"" + Number(y) + "\" width=\"" + Number(width) + "\" height=\"" +
         Number(height) + "\" fill=\"" + Hex(color) + "\"/>\n";
}

std::string BarOf(const ShownTable::Bar& bar, const Palette& palette, double x, double y, double width) {
  const double scale = bar.full_gib > 0 ? width / bar.full_gib : 0;
  std::string svg = Rect(x, y, bar.gpu.capacity.gib() * scale, 12, palette.line);
  for (const BarPiece& piece : BarPiecesOf(bar.gpu)) {
    const double from = x + piece.from.gib() * scale, to = std::min(x + piece.to.gib() * scale, x + width);
    if (to <= from) continue;
    if (piece.part != nullptr) {
      svg += Rect(from, y, to - from, 12, TokenColor(palette, piece.part->color));
    } else {
      svg += "<rect x=\"" + Number(from) + "\" y=\"" + Number(y + 0.5) + "\" width=\"" + Number(to - from) +
             "\" height=\"11\" fill=\"none\" stroke=\"" + Hex(palette.does_not_fit) +
             "\" stroke-dasharray=\"4 3\"/>\n";
    }
  }
  return svg + Rect(x + bar.gpu.capacity.gib() * scale - 1, y - 3, 1.5, 18, palette.ink);
}

}  // namespace

std::string TableSvg(const ShownTable& shown, const Palette& palette, std::string_view note) {
  const auto& header = shown.table.header();
  const auto& rows = shown.table.rows();
  std::vector<double> widths;
  for (size_t c = 0; c < header.size(); ++c) {
    int letters = TextWidth(header[c]);
    for (const auto& row : rows) letters = std::max(letters, TextWidth(row[c]));
    widths.push_back(letters * kLetter);
  }
  for (const ShownTable::Bar& bar : shown.bars) {
    if (bar.column < widths.size()) widths[bar.column] = std::max(widths[bar.column], kBarWidth);
  }
  double width = kGap * static_cast<double>(std::max<size_t>(header.size(), 1) - 1);
  for (const double column : widths) width += column;
  width = std::max(width, TextWidth(shown.caption) * 10.5) + 2 * kPad;
  const bool bars_under_header = std::any_of(shown.bars.begin(), shown.bars.end(),
                                             [](const ShownTable::Bar& bar) { return bar.row == 0; });
  const double top = kPad + 44, first = top + kRow + (bars_under_header ? 26 : 0);
  const double height = first + kRow * static_cast<double>(rows.size()) + 30 + kPad;

  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + Number(width) + "\" height=\"" +
                    Number(height) + "\" font-family=\"Inter, system-ui, sans-serif\" font-size=\"13\">\n";
  svg += Rect(0, 0, width, height, palette.background);
  svg += Text(kPad, kPad + 18, shown.caption, palette.ink, "font-size=\"19\" font-weight=\"600\"");
  const auto line = [&](const std::vector<std::string>& cells, double middle, bool strong) {
    double x = kPad;
    for (size_t c = 0; c < cells.size(); ++c) {
      const bool right = shown.table.right(c);
      std::string more = right ? "text-anchor=\"end\"" : "";
      if (strong) more += " font-weight=\"600\"";
      svg += Text(right ? x + widths[c] : x, middle + 4.5, cells[c],
                  c == 0 && !strong ? palette.muted : palette.ink, more);
      x += widths[c] + kGap;
    }
  };
  line(header, top + kRow / 2, true);
  for (size_t r = 0; r < rows.size(); ++r) {
    const double y = first + kRow * static_cast<double>(r);
    svg += Rect(kPad, y, width - 2 * kPad, 1, palette.line);
    line(rows[r], y + kRow / 2, false);
  }
  for (const ShownTable::Bar& bar : shown.bars) {
    double x = kPad;
    for (size_t c = 0; c < bar.column && c < widths.size(); ++c) x += widths[c] + kGap;
    const double y = bar.row == 0 ? top + kRow + 4 : first + kRow * static_cast<double>(bar.row - 1) + 9;
    if (bar.column < widths.size()) svg += BarOf(bar, palette, x, y, widths[bar.column]);
  }
  svg += Text(kPad, height - kPad + 4, note, palette.muted, "font-size=\"12\"");
  return svg + "</svg>\n";
}

}  // namespace plimsoll
