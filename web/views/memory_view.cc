// The table of terms of the fullest card. A row opens into its parts, its formula and where that comes from.
#include <algorithm>
#include <vector>

#include "core/base/text.h"
#include "core/estimate/verdict.h"
#include "imgui_internal.h"
#include "web/views/views.h"

namespace plimsoll {
namespace {

struct Columns {
  float left, how, right;
  bool stacked;  // no room beside the name: the explanation goes below it
};

std::string Size(const Ui& ui, Bytes bytes) { return SizeFigure(ui, bytes, 2); }

void Rule(const Ui& ui, const Columns& columns) {
  const float y = ImGui::GetCursorScreenPos().y;
  ImGui::GetWindowDrawList()->AddRectFilled(ImVec2(columns.left, y), ImVec2(columns.right, y + 1),
                                            ui.colors->line);
  ImGui::SetCursorScreenPos(ImVec2(columns.left, y + 1));
}

// A row's text in the columns; returns nothing because rows have a fixed height.
void Cells(Ui& ui, const Columns& columns, const Term& term, float indent, float middle,
           const TextStyle& name, const TextStyle& how, const TextStyle& figure) {
  const float edge = 6;
  const std::string number = Size(ui, term.bytes);
  DrawTextRight(ui, ImVec2(columns.right - edge, middle), number, figure);
  const float number_left = columns.right - edge - TextWidth(ui, number, figure) - 12;
  if (columns.stacked) {
    DrawText(ui, ImVec2(columns.left + indent, middle), term.name, name, number_left - columns.left - indent);
    return;
  }
  DrawText(ui, ImVec2(columns.left + indent, middle), term.name, name,
           columns.how - columns.left - indent - 12);
  const std::string& explanation = term.substituted.empty() ? term.formula : term.substituted;
  DrawText(ui, ImVec2(columns.how + std::max(0.0F, indent - 18), middle), explanation, how,
           number_left - columns.how - std::max(0.0F, indent - 18));
}

void Note(Ui& ui, const Columns& columns, std::string_view text, float indent) {
  if (text.empty()) return;
  ImGui::Indent(indent);
  Paragraph(ui, text, columns.right - columns.left - indent - 6, {ui.colors->muted, kNote});
  ImGui::Unindent(indent);
}

void OpenedPart(Ui& ui, const Columns& columns, const std::vector<Term>& terms, size_t first, size_t end) {
  const TextStyle grey = {ui.colors->muted, 13};
  const TextStyle note = {ui.colors->muted, kNote};
  for (size_t i = first + 1; i < end; ++i) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float height = 24;
    Cells(ui, columns, terms[i], 24, at.y + height / 2, grey, note, grey);
    ui.tree->Add({"row", terms[i].name, Size(ui, terms[i].bytes) + " " + UnitOf(ui), at.x, at.y,
                  columns.right - columns.left, height});
    ImGui::SetCursorScreenPos(ImVec2(at.x, at.y + height));
  }
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(8, 3));
  Gap(4);
  const Term& term = terms[first];
  if (columns.stacked) Note(ui, columns, term.substituted, 24);
  Note(ui, columns, term.formula, 24);
  if (!term.source.empty()) Note(ui, columns, "Source: " + term.source, 24);
  ImGui::PopStyleVar();
  Gap(8);
}

// What the card holds in all, of how much.
void Total(Ui& ui, const AppState& state, const Columns& columns, float width) {
  const GpuReport* card = FullestCard(state.report());
  if (card == nullptr) return;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float height = ui.coarse ? 46 : 39;
  Term total;
  total.name = "In all";
  total.substituted = "of the " + Size(ui, card->capacity) + " " + UnitOf(ui) + " of a card";
  total.bytes = card->total;
  const TextStyle strong = {0, kBody, Weight::kSemibold};
  Cells(ui, columns, total, 17, at.y + height / 2, strong, {ui.colors->muted, kNote}, strong);
  ui.tree->Add({"row", total.name, Size(ui, total.bytes) + " " + UnitOf(ui) + " " + total.substituted, at.x,
                at.y, width, height});
  ImGui::SetCursorScreenPos(ImVec2(at.x, at.y + height));
  Rule(ui, columns);
}

// For copying: all terms, opened or not.
ShownTable TableOf(const Ui& ui, AppState& state, const std::vector<Term>& terms) {
  ShownTable shown{state.explanation().headline, Table({"Term", "How", UnitOf(ui) + " per GPU>"}), {}};
  for (const Term& term : terms) {
    if (term.depth > 1) continue;
    shown.table.Add({(term.depth > 0 ? "  " : "") + term.name,
                     term.substituted.empty() ? term.formula : term.substituted, Size(ui, term.bytes)});
  }
  if (const GpuReport* card = FullestCard(state.report()))
    shown.table.Add({"In all", "of " + Size(ui, card->capacity), Size(ui, card->total)});
  return shown;
}

}  // namespace

void DrawMemoryTab(Ui& ui, AppState& state, float width) {
  const std::vector<Term>& terms = state.explanation().terms;
  const float left = ImGui::GetCursorScreenPos().x;
  const bool stacked = width < 560;
  const Columns columns = {left, stacked ? left : left + std::round(width * 0.395F), left + width, stacked};
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(8, 0));

  const TextStyle note = {ui.colors->muted, kNote};
  const ImVec2 head = ImGui::GetCursorScreenPos();
  const float head_height = 45;
  DrawText(ui, ImVec2(left + 6, head.y + head_height / 2 + 3), "Term", note);
  if (!stacked) DrawText(ui, ImVec2(columns.how, head.y + head_height / 2 + 3), "How", note);
  DrawTextRight(ui, ImVec2(columns.right - 6, head.y + head_height / 2 + 3), UnitOf(ui) + " per GPU", note);
  ImGui::SetCursorScreenPos(ImVec2(left, head.y + head_height));
  Rule(ui, columns);

  for (size_t i = 0; i < terms.size();) {
    size_t end = i + 1;
    while (end < terms.size() && terms[end].depth > 0) ++end;
    const Term& term = terms[i];
    const bool open = state.view.open_terms.count(term.name) > 0;
    const float height = ui.coarse ? 46 : 39;
    const Interaction item =
        Item(ui, term.name, ImVec2(width, height), "row", term.name,
             Size(ui, term.bytes) + " " + UnitOf(ui) + ", " + (open ? "open" : "closed"), 4);
    if (item.visible) {
      ImDrawList* draw = ImGui::GetWindowDrawList();
      if (item.hovered) draw->AddRectFilled(item.min, item.max, Faded(ui.colors->line, 0.35F), 4);
      const float middle = (item.min.y + item.max.y) / 2;
      const float x = item.min.x + 6;
      const ImU32 ink = ui.colors->ink;
      if (open) {
        draw->AddTriangleFilled(ImVec2(x, middle - 2), ImVec2(x + 8, middle - 2), ImVec2(x + 4, middle + 3),
                                ink);
      } else {
        draw->AddTriangleFilled(ImVec2(x + 1, middle - 4), ImVec2(x + 6.5F, middle),
                                ImVec2(x + 1, middle + 4), ink);
      }
      Cells(ui, columns, term, 17, middle, {}, note, {0, 14.5F});
    }
    if (item.clicked) {
      if (open) {
        state.view.open_terms.erase(term.name);
      } else {
        state.view.open_terms.insert(term.name);
      }
    }
    Rule(ui, columns);
    if (open) {
      OpenedPart(ui, columns, terms, i, end);
      if (term.name == "Weights") {
        ImGui::Indent(24);
        if (Disclosure(ui, "Layers and tensors of the checkpoint", state.view.tensors_open))
          state.view.tensors_open = !state.view.tensors_open;
        if (state.view.tensors_open) DrawInventory(ui, state, width - 24);
        ImGui::Unindent(24);
      }
      Rule(ui, columns);
    }
    i = end;
  }
  Total(ui, state, columns, width);
  ImGui::PopStyleVar();
  Gap(8);
  DrawRemarks(ui, state, width);
  std::vector<Source> sources;
  for (const SourceKind kind : {SourceKind::kModel, SourceKind::kCard, SourceKind::kMeasured}) {
    for (Source& source : SourcesOf(state, kind)) sources.push_back(std::move(source));
  }
  DrawSources(ui, state, sources, width);
  ui.tree->AddTable(TableOf(ui, state, terms));
}

}  // namespace plimsoll
