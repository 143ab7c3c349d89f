// The load line: one bar per card, stacked by what takes the memory, against the engine's budget and the
// card. When it does not fit, the bar goes on past the card's line, to scale.
#include <algorithm>
#include <vector>

#include "core/base/text.h"
#include "core/resolve/memory_parts.h"
#include "imgui_internal.h"
#include "web/views/views.h"

namespace plimsoll {
namespace {

// Black or white, whichever reads better on this ground (relative luminance, WCAG 2).
ImU32 InkOn(ImU32 ground) {
  const ImVec4 c = ImGui::ColorConvertU32ToFloat4(ground);
  const auto linear = [](float v) { return v <= 0.04045F ? v / 12.92F : ImPow((v + 0.055F) / 1.055F, 2.4F); };
  const float luminance = 0.2126F * linear(c.x) + 0.7152F * linear(c.y) + 0.0722F * linear(c.z);
  return luminance > 0.19F ? IM_COL32(0x10, 0x14, 0x1c, 255) : IM_COL32_WHITE;
}

// A run of neighbouring cards that hold the same.
struct Row {
  const GpuReport* gpu;
  int32_t first, last;
};

// Every card has its bar; from nine on, cards that are alike share one.
std::vector<Row> RowsOf(const Report& report) {
  std::vector<Row> rows;
  const bool merge = report.per_gpu.size() > 8;
  for (const GpuReport& gpu : report.per_gpu) {
    if (merge && !rows.empty() && SameLoad(*rows.back().gpu, gpu)) {
      rows.back().last = gpu.rank;
    } else {
      rows.push_back({&gpu, gpu.rank, gpu.rank});
    }
  }
  return rows;
}

std::string GpuName(const AppState& state, std::string_view id) {
  const Gpu* gpu = state.catalog().FindGpu(id);
  return gpu != nullptr ? gpu->name : std::string(id);
}

std::string Gib(Bytes bytes) { return DecimalText(bytes.gib(), 1); }

void DashedLine(ImDrawList* draw, float x, float top, float bottom, ImU32 color) {
  for (float y = top; y < bottom; y += 7) {
    draw->AddRectFilled(ImVec2(x - 1, y), ImVec2(x + 0.5F, std::min(y + 4, bottom)), color);
  }
}

struct Scale {
  float left, width;
  double full;
  float At(Bytes bytes) const {
    const double t = full > 0 ? bytes.gib() / full : 0;
    return left + width * static_cast<float>(std::clamp(t, 0.0, 1.0));
  }
};

void DrawSegments(Ui& ui, const GpuReport& gpu, const Scale& scale, float top, float height, bool labels) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float right = scale.left + scale.width;
  Bytes below;
  const Bytes all = SumOfParts(gpu);
  std::string_view left_of_it;  // the colour there: two of one colour are kept apart by a seam
  for (const MemorySegment& segment : SegmentsOf(gpu)) {
    if (segment.bytes <= Bytes(0)) continue;
    const ImU32 color = TokenColor(*ui.colors, segment.part->color);
    const float from = scale.At(below) + (segment.part->color == left_of_it ? 1.0F : 0);
    left_of_it = segment.part->color;
    const bool first = below == Bytes(0);
    below += segment.bytes;
    const float to = scale.At(below);
    const bool last_at_end = below == all && to > right - 1;
    const ImDrawFlags corners =
        (first ? ImDrawFlags_RoundCornersLeft : 0) | (last_at_end ? ImDrawFlags_RoundCornersRight : 0);
    draw->AddRectFilled(ImVec2(from, top), ImVec2(to, top + height), color, corners != 0 ? 6.0F : 0,
                        corners != 0 ? corners : ImDrawFlags_RoundCornersNone);
    const std::string label = std::string(segment.part->label) + " " + Gib(segment.bytes);
    const std::string number = Gib(segment.bytes);
    const TextStyle style = {InkOn(color), kNote};
    const float room = to - from - 20;
    if (labels && height >= 20 && TextWidth(ui, label, style) < room) {
      DrawText(ui, ImVec2(from + 12, top + height / 2), label, style);
    } else if (labels && height >= 20 && TextWidth(ui, number, style) < room + 12) {
      DrawText(ui, ImVec2(from + 4, top + height / 2), number, style);
    }
  }
}

void DrawBar(Ui& ui, const GpuReport& gpu, const Scale& scale, float top, float height) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const ImVec2 min(scale.left, top), max(scale.left + scale.width, top + height);
  draw->AddRectFilled(min, max, ui.colors->field, 6);
  draw->AddRect(min, max, ui.colors->line, 6);
  DrawSegments(ui, gpu, scale, top, height, true);
}

// The labels of the engine's share and of the card above the first bar, kept apart from each other.
void DrawLineLabels(Ui& ui, const Resolved& resolved, const GpuReport& gpu, const Scale& scale,
                    float middle) {
  const TextStyle style = {0, kNote};
  const std::string card = "card " + Gib(gpu.capacity) + " GiB";
  const float card_width = TextWidth(ui, card, style);
  const float right = scale.left + scale.width;
  const float card_x = std::min(scale.At(gpu.capacity) - 3, right - card_width);
  DrawText(ui, ImVec2(card_x, middle), card, style);
  if (gpu.budget <= Bytes(0) || gpu.budget >= gpu.capacity) return;
  const std::string share = std::string(resolved.engine->name) + "'s share " + Gib(gpu.budget);
  const float share_width = TextWidth(ui, share, style);
  const float end = std::min(scale.At(gpu.budget) - 5, card_x - 14);
  DrawText(ui, ImVec2(std::max(scale.left, end - share_width), middle), share, style);
}

// From the labels down through the bar, but not through the row's own titles.
struct LineSpan {
  float top, below_titles, bottom;
  float free_from, free_to;  // between the titles
  float TopAt(float x) const { return x > free_from && x < free_to ? top : below_titles; }
};

void DrawLines(Ui& ui, const GpuReport& gpu, const Scale& scale, const LineSpan& span) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  if (gpu.budget > Bytes(0) && gpu.budget < gpu.capacity) {
    const float x = scale.At(gpu.budget);
    DashedLine(draw, x, span.TopAt(x), span.bottom, ui.colors->muted);
  }
  const float x = std::min(scale.At(gpu.capacity), scale.left + scale.width - 1);
  draw->AddRectFilled(ImVec2(x - 1, span.TopAt(x)), ImVec2(x + 1, span.bottom), ui.colors->ink);
}

std::string Spoken(const GpuReport& gpu, const std::string& total) {
  std::string text = total;
  for (const MemorySegment& segment : SegmentsOf(gpu)) {
    if (segment.bytes <= Bytes(0)) continue;
    text.append(", ").append(segment.part->label).append(" ").append(Gib(segment.bytes));
  }
  return text;
}

// Names under the pointer what its segment is.
void Hint(const GpuReport& gpu, const Scale& scale, float top, float height) {
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  if (!ImGui::IsWindowHovered() || mouse.y < top || mouse.y > top + height) return;
  Bytes below;
  for (const MemorySegment& segment : SegmentsOf(gpu)) {
    const float from = scale.At(below);
    below += segment.bytes;
    if (mouse.x < from || mouse.x >= scale.At(below)) continue;
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(10, 7));
    if (ImGui::BeginTooltip()) {
      const std::string text = std::string(segment.part->label) + "  " + SizeText(segment.bytes);
      ImGui::TextUnformatted(text.c_str());
      ImGui::EndTooltip();
    }
    ImGui::PopStyleVar();
    return;
  }
}

void DrawRow(Ui& ui, const AppState& state, const Row& row, const Scale& scale, bool labels,
             float bar_height) {
  const GpuReport& gpu = *row.gpu;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  std::string name = "GPU " + std::to_string(row.first);
  if (row.last != row.first) name += " to " + std::to_string(row.last);
  name += ", " + GpuName(state, gpu.gpu);
  const std::string total = Gib(gpu.total) + " of " + Gib(gpu.capacity) + " GiB";
  const float label_height = labels ? 24 : 0;
  const float title_height = bar_height >= 40 ? 32 : 24;
  const float top = at.y + label_height + title_height;
  const float overhang = bar_height >= 40 ? 13 : 4;
  const float title_middle = at.y + label_height + title_height / 2 - 2;
  DrawText(ui, ImVec2(at.x, title_middle), name);
  DrawTextRight(ui, ImVec2(at.x + scale.width, title_middle), total);
  DrawBar(ui, gpu, scale, top, bar_height);
  if (labels) DrawLineLabels(ui, state.resolved(), gpu, scale, at.y + label_height / 2);
  DrawLines(ui, gpu, scale,
            {labels ? at.y + label_height : top - overhang, top - std::min(overhang, 4.0F),
             top + bar_height + overhang, at.x + TextWidth(ui, name) + 8,
             at.x + scale.width - TextWidth(ui, total) - 8});
  Hint(gpu, scale, top, bar_height);
  const float height = label_height + title_height + bar_height + overhang;
  ui.tree->Add({"img", name, Spoken(gpu, total), at.x, top, scale.width, bar_height});
  ImGui::Dummy(ImVec2(scale.width, height));
}

void DrawLegend(Ui& ui, const Report& report, float width) {
  MemorySegments most = SegmentsOf(report.per_gpu.front());
  for (const GpuReport& gpu : report.per_gpu) {
    const MemorySegments segments = SegmentsOf(gpu);
    for (size_t i = 0; i < most.size(); ++i) most[i].bytes = std::max(most[i].bytes, segments[i].bytes);
  }
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const TextStyle style = {ui.colors->muted, kNote};
  float x = 0;
  float y = 10;
  for (const MemorySegment& segment : most) {
    if (segment.bytes <= Bytes(0)) continue;
    const std::string_view label = segment.part->label;
    const float item = 16 + TextWidth(ui, label, style);
    if (x > 0 && x + item > width) {
      x = 0;
      y += 22;
    }
    ImGui::GetWindowDrawList()->AddRectFilled(ImVec2(at.x + x, at.y + y - 5),
                                              ImVec2(at.x + x + 10, at.y + y + 5),
                                              TokenColor(*ui.colors, segment.part->color), 2.5F);
    x += DrawText(ui, ImVec2(at.x + x + 16, at.y + y), label, style) + 36;
  }
  ImGui::Dummy(ImVec2(width, y + 12));
}

}  // namespace

void DrawCardBar(Ui& ui, const AppState& state, const GpuReport& gpu, double full_gib, float left,
                 float width, float top, float height) {
  const Scale scale = {left, width, full_gib};
  const float end = scale.At(gpu.capacity);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->AddRectFilled(ImVec2(left, top), ImVec2(end, top + height), ui.colors->field, 4);
  DrawSegments(ui, gpu, scale, top, height, false);
  draw->AddRect(ImVec2(left, top), ImVec2(end, top + height), ui.colors->line, 4);
  const float x = std::min(end, left + width - 1);
  draw->AddRectFilled(ImVec2(x - 1, top - 3), ImVec2(x + 0.5F, top + height + 3), ui.colors->ink);
  Hint(gpu, scale, top, height);
  const std::string total = Gib(gpu.total) + " of " + Gib(gpu.capacity) + " GiB";
  ui.tree->Add({"img", GpuName(state, gpu.gpu), Spoken(gpu, total), left, top, width, height});
}

void DrawLoadLine(Ui& ui, AppState& state, float width) {
  const Report& report = state.report();
  if (report.per_gpu.empty()) return;
  double full = 0;
  for (const GpuReport& gpu : report.per_gpu) {
    full = std::max({full, gpu.capacity.gib(), SumOfParts(gpu).gib(), gpu.total.gib()});
  }
  const std::vector<Row> rows = RowsOf(report);
  const float bar_height = rows.size() <= 2 ? 44 : rows.size() <= 4 ? 30 : 20;
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(8, rows.size() <= 2 ? 6 : 2));
  for (size_t i = 0; i < rows.size(); ++i) {
    const Scale scale = {ImGui::GetCursorScreenPos().x, width, full};
    DrawRow(ui, state, rows[i], scale, i == 0, bar_height);
  }
  ImGui::PopStyleVar();
  Gap(4);
  DrawLegend(ui, report, width);
}

}  // namespace plimsoll
