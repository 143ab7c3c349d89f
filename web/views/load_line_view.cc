// The load line: one bar per card, stacked by what takes the memory, against the engine's budget and the
// card. When it does not fit, the bar goes on past the card's line, to scale.
#include <algorithm>
#include <array>
#include <optional>
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

// A run of neighbouring cards that hold the same share a bar.
struct Row {
  const GpuReport* gpu;
  int32_t first, last;
};

std::vector<Row> RowsOf(const Report& report) {
  std::vector<Row> rows;
  for (const GpuReport& gpu : report.per_gpu) {
    if (!rows.empty() && SameLoad(*rows.back().gpu, gpu)) {
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

std::string Size(const Ui& ui, Bytes bytes) { return SizeFigure(ui, bytes, 1); }

// In what a card differs most from the first one: "more weights". Empty where that is less than the figures show.
std::string DifferenceText(const GpuReport& gpu, const GpuReport& first) {
  if (gpu.gpu != first.gpu || gpu.capacity != first.capacity) return "another card";
  Bytes most = MiB(50);
  std::string text;
  for (const MemoryPart& part : kMemoryParts) {
    const Bytes more = gpu.*part.bytes - first.*part.bytes, size = std::max(more, Bytes(0) - more);
    if (size < most) continue;
    most = size;
    text = (more > Bytes(0) ? "more " : "less ") + std::string(part.name);
  }
  return text;
}

std::string NameOf(const AppState& state, const Row& row, const GpuReport& first) {
  std::string name = "GPU " + std::to_string(row.first);
  if (row.last != row.first) name += " to " + std::to_string(row.last);
  name += ", " + GpuName(state, row.gpu->gpu);
  if (row.last != row.first) name += ", each";
  const std::string difference = row.gpu == &first ? "" : DifferenceText(*row.gpu, first);
  return difference.empty() ? name : name + ", " + difference;
}

Bytes ShortBy(const GpuReport& gpu) { return std::max(Bytes(0), Bytes(0) - gpu.headroom); }

// "21.8 of 23.5 GiB", and what is missing.
std::string TotalText(const Ui& ui, const GpuReport& gpu) {
  const std::string total = Size(ui, gpu.total) + " of " + Size(ui, gpu.capacity) + " " + UnitOf(ui);
  return gpu.headroom < Bytes(0) ? total + ", " + Size(ui, ShortBy(gpu)) + " missing" : total;
}

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

// What is not there: the outline of a piece, hatched.
void DrawMissing(const Ui& ui, ImVec2 min, ImVec2 max) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const ImU32 color = ui.colors->does_not_fit;
  draw->AddRectFilled(min, max, Faded(color, 0.12F));
  draw->PushClipRect(min, max, true);
  const float height = max.y - min.y;
  for (float x = min.x - height; x < max.x; x += 8) {
    draw->AddLine(ImVec2(x, max.y), ImVec2(x + height, min.y), Faded(color, 0.55F));
  }
  draw->PopClipRect();
  draw->AddRect(min, max, color);
}

// Where between `from` and `to` a text of `width` stands clear of the lines of the share and of the card.
std::optional<float> ClearOfLines(const GpuReport& gpu, const Scale& scale, float from, float to,
                                  float width) {
  std::array<float, 4> edges = {from, std::clamp(scale.At(gpu.budget), from, to),
                                std::clamp(scale.At(gpu.capacity), from, to), to};
  std::sort(edges.begin(), edges.end());
  for (size_t i = 0; i + 1 < edges.size(); ++i) {
    const float gap = edges[i] == from ? 0.0F : 8.0F;
    if (edges[i + 1] - edges[i] - gap - 4 >= width) return edges[i] + gap;
  }
  return std::nullopt;
}

// All that is missing, or what of it is no part of the others: a cache without room.
std::string PieceName(const GpuReport& gpu, const BarPiece& piece) {
  if (piece.part != nullptr) return std::string(piece.part->label);
  return piece.to - piece.from < ShortBy(gpu) ? "Cache without room" : "Missing";
}

void DrawPieceLabel(Ui& ui, const GpuReport& gpu, const Scale& scale, const BarPiece& piece, ImU32 ground,
                    float from, float to, float middle) {
  const TextStyle style = {ground != 0 ? InkOn(ground) : ui.colors->does_not_fit, kNote,
                           ground != 0 ? Weight::kRegular : Weight::kSemibold};
  const std::string number = Size(ui, piece.to - piece.from);
  const std::string label = PieceName(gpu, piece) + " " + number;
  if (const auto x = ClearOfLines(gpu, scale, from + 8, to, TextWidth(ui, label, style) + 8)) {
    DrawText(ui, ImVec2(*x + 4, middle), label, style);
  } else if (const auto narrow = ClearOfLines(gpu, scale, from, to, TextWidth(ui, number, style) + 4)) {
    DrawText(ui, ImVec2(*narrow + 4, middle), number, style);
  }
}

void DrawPieces(Ui& ui, const GpuReport& gpu, const Scale& scale, float top, float height, bool labels) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float right = scale.left + scale.width;
  std::string_view left_of_it;  // the colour there: two of one colour are kept apart by a seam
  for (const BarPiece& piece : BarPiecesOf(gpu)) {
    const float to = scale.At(piece.to);
    float from = scale.At(piece.from);
    ImU32 color = 0;
    if (piece.part == nullptr) {
      DrawMissing(ui, ImVec2(from, top), ImVec2(to, top + height));
      left_of_it = {};
    } else {
      color = TokenColor(*ui.colors, piece.part->color);
      if (piece.part->color == left_of_it) from += 1;
      left_of_it = piece.part->color;
      const ImDrawFlags corners = (piece.from == Bytes(0) ? ImDrawFlags_RoundCornersLeft : 0) |
                                  (to > right - 1 ? ImDrawFlags_RoundCornersRight : 0);
      draw->AddRectFilled(ImVec2(from, top), ImVec2(to, top + height), color, corners != 0 ? 6.0F : 0,
                          corners != 0 ? corners : ImDrawFlags_RoundCornersNone);
    }
    if (labels && height >= 20) DrawPieceLabel(ui, gpu, scale, piece, color, from, to, top + height / 2);
  }
}

void DrawBar(Ui& ui, const GpuReport& gpu, const Scale& scale, float top, float height) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const ImVec2 min(scale.left, top), max(scale.left + scale.width, top + height);
  draw->AddRectFilled(min, max, ui.colors->field, 6);
  draw->AddRect(min, max, ui.colors->line, 6);
  DrawPieces(ui, gpu, scale, top, height, true);
}

// The labels of the engine's share and of the card above the first bar, kept apart from each other.
void DrawLineLabels(Ui& ui, const Resolved& resolved, const GpuReport& gpu, const Scale& scale,
                    float middle) {
  const TextStyle style = {0, kNote};
  const std::string card = "card " + Size(ui, gpu.capacity) + " " + UnitOf(ui);
  const float card_width = TextWidth(ui, card, style);
  const float right = scale.left + scale.width;
  const float card_x = std::min(scale.At(gpu.capacity) - 3, right - card_width);
  DrawText(ui, ImVec2(card_x, middle), card, style);
  if (gpu.budget <= Bytes(0) || gpu.budget >= gpu.capacity) return;
  const std::string share = std::string(resolved.engine->name) + "'s share " + Size(ui, gpu.budget);
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

std::string Spoken(const Ui& ui, const GpuReport& gpu, const std::string& total) {
  std::string text = total;
  for (const MemorySegment& segment : SegmentsOf(gpu)) {
    if (segment.bytes <= Bytes(0)) continue;
    text.append(", ").append(segment.part->label).append(" ").append(Size(ui, segment.bytes));
  }
  return text;
}

// Names under the pointer what its segment is.
void Hint(const GpuReport& gpu, const Scale& scale, float top, float height) {
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  if (!ImGui::IsWindowHovered() || mouse.y < top || mouse.y > top + height) return;
  for (const BarPiece& piece : BarPiecesOf(gpu)) {
    if (mouse.x < scale.At(piece.from) || mouse.x >= scale.At(piece.to)) continue;
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(10, 7));
    if (ImGui::BeginTooltip()) {
      const std::string text = PieceName(gpu, piece) + "  " + SizeText(piece.to - piece.from);
      ImGui::TextUnformatted(text.c_str());
      ImGui::EndTooltip();
    }
    ImGui::PopStyleVar();
    return;
  }
}

void DrawRow(Ui& ui, const AppState& state, const Row& row, const std::string& name, const Scale& scale,
             bool labels, float bar_height) {
  const GpuReport& gpu = *row.gpu;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const std::string total = TotalText(ui, gpu);
  const float label_height = labels ? 24 : 0;
  const bool beside = TextWidth(ui, name) + TextWidth(ui, total) + 16 <= scale.width;
  const float title_height = (bar_height >= 40 ? 32.0F : 24.0F) + (beside ? 0 : 20);
  const float top = at.y + label_height + title_height;
  const float overhang = bar_height >= 40 ? 13 : 4;
  const float title_middle = at.y + label_height + title_height / 2 - 2;
  if (beside) {
    DrawText(ui, ImVec2(at.x, title_middle), name);
    DrawTextRight(ui, ImVec2(at.x + scale.width, title_middle), total);
  } else {
    DrawText(ui, ImVec2(at.x, title_middle - 10), name, {}, scale.width);
    DrawText(ui, ImVec2(at.x, title_middle + 10), total, {ui.colors->muted});
  }
  DrawBar(ui, gpu, scale, top, bar_height);
  if (labels) DrawLineLabels(ui, state.resolved(), gpu, scale, at.y + label_height / 2);
  DrawLines(ui, gpu, scale,
            {labels ? at.y + label_height : top - overhang, top - std::min(overhang, 4.0F),
             top + bar_height + overhang,
             at.x + TextWidth(ui, beside || TextWidth(ui, name) > TextWidth(ui, total) ? name : total) + 8,
             beside ? at.x + scale.width - TextWidth(ui, total) - 8 : at.x + scale.width + 8});
  Hint(gpu, scale, top, bar_height);
  const float height = label_height + title_height + bar_height + overhang;
  ui.tree->Add({"img", name, Spoken(ui, gpu, total), at.x, top, scale.width, bar_height});
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
  DrawPieces(ui, gpu, scale, top, height, false);
  draw->AddRect(ImVec2(left, top), ImVec2(end, top + height), ui.colors->line, 4);
  const float x = std::min(end, left + width - 1);
  draw->AddRectFilled(ImVec2(x - 1, top - 3), ImVec2(x + 0.5F, top + height + 3), ui.colors->ink);
  Hint(gpu, scale, top, height);
  const std::string total = TotalText(ui, gpu);
  ui.tree->Add({"img", GpuName(state, gpu.gpu), Spoken(ui, gpu, total), left, top, width, height});
}

void DrawLoadLine(Ui& ui, AppState& state, float width) {
  const Report& report = state.report();
  if (report.per_gpu.empty()) return;
  double full = 0;
  for (const GpuReport& gpu : report.per_gpu) {
    full = std::max(full, BarEnd(gpu).gib());
  }
  const std::vector<Row> rows = RowsOf(report);
  const float bar_height = rows.size() <= 2 ? 44 : rows.size() <= 4 ? 30 : 20;
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(8, rows.size() <= 2 ? 6 : 2));
  for (size_t i = 0; i < rows.size(); ++i) {
    const Scale scale = {ImGui::GetCursorScreenPos().x, width, full};
    DrawRow(ui, state, rows[i], NameOf(state, rows[i], report.per_gpu.front()), scale, i == 0, bar_height);
  }
  ImGui::PopStyleVar();
  Gap(4);
  DrawLegend(ui, report, width);
}

}  // namespace plimsoll
