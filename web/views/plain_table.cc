// A table of text under thin rules, whose cells wrap, and a block of text to be copied.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "web/views/views.h"

namespace plimsoll {
namespace {

constexpr float kCellGap = 12;
constexpr float kRowPadding = 7;

// Where a line that begins at `begin` ends: what fits in `width`, whole words, at least one.
size_t LineEnd(const Ui& ui, std::string_view text, size_t begin, float width, const TextStyle& style) {
  size_t taken = begin;
  for (size_t end = begin; end < text.size();) {
    end = std::min(text.find(' ', end + 1), text.size());
    if (taken > begin && TextWidth(ui, text.substr(begin, end - begin), style) > width) break;
    taken = end;
  }
  // One word that is wider: cut where it must be.
  while (taken > begin + 1 && TextWidth(ui, text.substr(begin, taken - begin), style) > width) {
    --taken;
    while (taken > begin + 1 && (static_cast<unsigned char>(text[taken]) & 0xC0) == 0x80) --taken;
  }
  return taken;
}

std::vector<std::string_view> Wrapped(const Ui& ui, std::string_view text, float width,
                                      const TextStyle& style) {
  std::vector<std::string_view> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = LineEnd(ui, text, begin, width, style);
    lines.push_back(text.substr(begin, end - begin));
    begin = end;
    while (begin < text.size() && text[begin] == ' ') ++begin;
  }
  return lines;
}

struct Cell {
  float x = 0, width = 0;
};

std::vector<Cell> Columns(const PlainTable& table, float width) {
  float whole = 0;
  for (const PlainColumn& column : table.columns) whole += column.share;
  std::vector<Cell> cells;
  const float inner = width - kCellGap * static_cast<float>(table.columns.size() - 1);
  float x = 0;
  for (const PlainColumn& column : table.columns) {
    const float wide = inner * column.share / std::max(0.01F, whole);
    cells.push_back({x, wide});
    x += wide + kCellGap;
  }
  return cells;
}

float DrawCells(Ui& ui, const PlainTable& table, const std::vector<Cell>& cells,
                const std::vector<std::string>& row, ImVec2 at, const TextStyle& style) {
  const float line = LineHeight(ui, style.size);
  float height = line;
  for (size_t i = 0; i < row.size() && i < cells.size(); ++i) {
    float y = at.y + kRowPadding + line / 2;
    float used = 0;
    for (const std::string_view part : Wrapped(ui, row[i], cells[i].width, style)) {
      if (table.columns[i].right) {
        DrawTextRight(ui, ImVec2(at.x + cells[i].x + cells[i].width, y), part, style);
      } else {
        DrawText(ui, ImVec2(at.x + cells[i].x, y), part, style);
      }
      y += line;
      used += line;
    }
    height = std::max(height, used);
  }
  return height + 2 * kRowPadding;
}

void Rule(const Ui& ui, ImVec2 at, float y, float width) {
  ImGui::GetWindowDrawList()->AddRectFilled(ImVec2(at.x, y - 1), ImVec2(at.x + width, y), ui.colors->line);
}

}  // namespace

std::optional<size_t> DrawPlainTable(Ui& ui, const PlainTable& table, float width) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float action = table.action.empty() ? 0 : TextWidth(ui, table.action) + 18;
  const std::vector<Cell> cells = Columns(table, width - action);
  std::vector<std::string> header, marked;
  for (const PlainColumn& column : table.columns) {
    header.push_back(column.name);
    marked.push_back(column.name + (column.right ? ">" : ""));
  }
  float y = at.y + DrawCells(ui, table, cells, header, at, {ui.colors->muted, kNote});
  Rule(ui, at, y, width);
  std::optional<size_t> chosen;
  Table shown(marked);
  for (size_t i = 0; i < table.rows.size(); ++i) {
    const float high = DrawCells(ui, table, cells, table.rows[i], ImVec2(at.x, y), {0, 13.5F});
    if (action > 0) {
      ImGui::SetCursorScreenPos(
          ImVec2(at.x + width - action + 18, y + (high - (ui.coarse ? 44.0F : 24.0F)) / 2));
      if (LinkText(ui, table.action, table.action + ": " + table.rows[i].front())) chosen = i;
    }
    y += high;
    Rule(ui, at, y, width);
    shown.Add(table.rows[i]);
  }
  ui.tree->AddTable({table.caption, std::move(shown), {}});
  ImGui::SetCursorScreenPos(at);
  ImGui::Dummy(ImVec2(width, y - at.y));
  return chosen;
}

void DrawTextBlock(Ui& ui, std::string_view label, std::string_view text,
                   const std::vector<std::pair<size_t, size_t>>& marks, float width) {
  const TextStyle style = {0, 13};
  constexpr float kPad = 14;
  const float line = LineHeight(ui, style.size) + 4;
  const float indent = TextWidth(ui, " ", style) * 2;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->ChannelsSplit(2);
  draw->ChannelsSetCurrent(1);
  float y = at.y + kPad - 4;
  for (size_t begin = 0; begin < text.size();) {
    const size_t stop = std::min(text.find('\n', begin), text.size());
    size_t first = begin;
    while (first < stop && text[first] == ' ') ++first;
    float x = indent * static_cast<float>(std::min<size_t>(first - begin, 24));
    if (first == stop) y += line;
    for (size_t from = first; from < stop;) {
      const size_t end =
          LineEnd(ui, text.substr(0, stop), from, std::max(80.0F, width - 2 * kPad - x), style);
      for (const auto& [mark_begin, mark_end] : marks) {
        const size_t a = std::max(mark_begin, from), b = std::min(mark_end, end);
        if (a >= b) continue;
        const float left = at.x + kPad + x + TextWidth(ui, text.substr(from, a - from), style);
        draw->AddRectFilled(ImVec2(left - 2, y + 1),
                            ImVec2(left + TextWidth(ui, text.substr(a, b - a), style) + 2, y + line - 1),
                            Faded(ui.colors->accent, 0.2F), 3);
      }
      DrawText(ui, ImVec2(at.x + kPad + x, y + line / 2), text.substr(from, end - from), style);
      y += line;
      from = end;
      while (from < stop && text[from] == ' ') ++from;
      // What goes on stands further in.
      if (from < stop) x = indent * static_cast<float>(std::min<size_t>(first - begin, 24)) + 2 * indent;
    }
    begin = stop + 1;
  }
  const ImVec2 end(at.x + width, y + kPad - 4);
  draw->ChannelsSetCurrent(0);
  draw->AddRectFilled(at, end, ui.colors->field, kRadius);
  draw->AddRect(at, end, ui.colors->line, kRadius);
  draw->ChannelsMerge();
  ui.tree->Add({"code", std::string(label), std::string(text), at.x, at.y, width, end.y - at.y});
  ImGui::Dummy(ImVec2(width, end.y - at.y));
}

}  // namespace plimsoll
