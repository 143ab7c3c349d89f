// The answer in one sentence, why, what would fit instead, and what else is worth saying.
#include <algorithm>

#include "web/views/views.h"

namespace plimsoll {
namespace {

std::string TextOf(const Diagnostic& diagnostic) {
  const std::string fix = diagnostic.fix.empty() ? "" : " " + diagnostic.fix;
  return PageWords(diagnostic.message + fix);
}

}  // namespace

ImU32 VerdictColor(const Palette& colors, Verdict verdict) {
  switch (verdict) {
    case Verdict::kFits:
      return colors.fits;
    case Verdict::kTight:
      return colors.tight;
    case Verdict::kDoesNotFit:
    case Verdict::kInvalid:
      break;
  }
  return colors.does_not_fit;
}

void DrawHeadline(Ui& ui, const std::vector<ColoredText>& parts, float width) {
  const float size = width < 520 ? 20 : kVerdict;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float line = LineHeight(ui, size) + 2;
  const float space = TextWidth(ui, " ", {0, size, Weight::kHeadline});
  float x = 0;
  float y = line / 2;
  std::string all;
  for (const ColoredText& part : parts) {
    all += part.text;
    const TextStyle style = {part.color, size, Weight::kHeadline};
    for (size_t start = 0; start < part.text.size();) {
      const size_t end = std::min(part.text.find(' ', start), part.text.size());
      const std::string_view word = std::string_view(part.text).substr(start, end - start);
      const float word_width = TextWidth(ui, word, style);
      if (x > 0 && x + word_width > width) {
        x = 0;
        y += line;
      }
      if (!word.empty()) DrawText(ui, ImVec2(at.x + x, at.y + y), word, style);
      x += word_width + (end < part.text.size() ? space : 0);
      start = end + 1;
    }
  }
  const float height = y + line / 2;
  ImGui::Dummy(ImVec2(width, height));
  ui.tree->Add({"heading", "Verdict", all, at.x, at.y, width, height});
}

void DrawVerdict(Ui& ui, AppState& state, float width) {
  const Explanation& explanation = state.explanation();
  const size_t colon = explanation.headline.find(':');
  const size_t colored = colon == std::string::npos ? 0 : colon + 1;
  const std::string words = PageWords(explanation.headline.substr(colored));
  std::string_view headline = words;
  if (!headline.empty() && headline.back() == '.')
    headline.remove_suffix(1);  // a title, not a sentence in a text
  DrawHeadline(ui,
               {{explanation.headline.substr(0, colored), VerdictColor(*ui.colors, state.report().verdict)},
                {std::string(headline), 0}},
               width);
  Paragraph(ui, PageWords(explanation.detail), width, {ui.colors->muted});
}

void DrawUnknown(Ui& ui, AppState& state, float width) {
  const AppState::UnknownInLink& unknown = *state.unknown_in_link();
  const std::string word = unknown.key == "gpu" ? "card" : unknown.key;
  DrawHeadline(ui, {{"Unknown " + word + ":", ui.colors->does_not_fit}, {" " + unknown.given, 0}}, width);
  Paragraph(ui,
            "The link asks for a " + word +
                " that this version does not know, so there is no answer to it. " +
                (unknown.nearest.empty() ? "Choose one by its field." : "Did it mean one of these?"),
            width, {ui.colors->muted});
  Gap(8);
  std::string chosen;
  ChipRow row(ui, unknown.nearest.empty() ? "" : "Nearest", width);
  for (const std::string& id : unknown.nearest) {
    if (row.Add(id, false)) chosen = id;
  }
  row.End();
  if (!chosen.empty()) state.LoadNearest(chosen);
}

void DrawWaysOut(Ui& ui, AppState& state, float width) {
  // While a slider moves, the chips stay as they are: finding ways takes longer than a frame should.
  const auto& ways = state.ways_out(!ImGui::IsMouseDown(ImGuiMouseButton_Left));
  if (ways.empty()) return;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float height = ui.coarse ? 44 : 30;
  constexpr std::string_view kAsk = "What would:";
  const TextStyle grey = {ui.colors->muted};
  DrawText(ui, ImVec2(at.x, at.y + height / 2 + 2), kAsk, grey);
  float x = TextWidth(ui, kAsk, grey) + 10;
  float y = 2;
  // A chip replaces the list that it stands in.
  const Config* chosen = nullptr;
  for (const WayOut& way : ways) {
    const std::string figures = WayOutFigures(way);
    const float chip = std::min(width, ChipWidth(ui, way.label, figures));
    if (x > 0 && x + chip > width) {
      x = 0;
      y += height + 8;
    }
    ImGui::SetCursorScreenPos(ImVec2(at.x + x, at.y + y));
    if (Chip(ui, way.label, {chip, false, {}, figures})) chosen = &way.config;
    x += chip + 9;
  }
  ImGui::SetCursorScreenPos(ImVec2(at.x, at.y + y + height + 8));
  if (chosen != nullptr) state.Load(Config(*chosen));
}

void DrawOneAnswer(Ui& ui, AppState& state, float width) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const bool beside = width >= 520 && !ui.coarse;
  const float pin = ChipWidth(ui, "Pinned"), copy = ChipWidth(ui, "Copy"), both = pin + copy + 8;
  DrawVerdict(ui, state, beside ? width - both - 16 : width);
  const ImVec2 after = ImGui::GetCursorScreenPos();
  if (beside) {
    ImGui::SetCursorScreenPos(ImVec2(at.x + width - both, at.y));
    const bool opened = Chip(ui, "Copy", {copy, false, "Copy, save, print", {}});
    DrawTakeMenu(ui, state, opened, true);
    ImGui::SetCursorScreenPos(ImVec2(at.x + width - pin, at.y));
    const bool pinned = state.IsPinned();
    if (Chip(ui, pinned ? "Pinned" : "Pin  P", {pin, pinned, "Pin to compare", {}})) state.Pin();
    ImGui::SetCursorScreenPos(after);
    DrawWaysOut(ui, state, width);
  }
  Gap(beside ? 8 : 4);
  DrawLoadLine(ui, state, width);
}

void DrawDiagnostics(Ui& ui, AppState& state, float width) {
  for (const Diagnostic& diagnostic : state.report().diagnostics) {
    if (diagnostic.severity == Severity::kInfo) continue;
    const bool error = diagnostic.severity == Severity::kError;
    const ImU32 color = error ? ui.colors->does_not_fit : ui.colors->tight;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImGui::Indent(14);
    Paragraph(ui, TextOf(diagnostic), width - 14, {0, kNote}, error ? "alert" : "note");
    ImGui::Unindent(14);
    const float bottom = ImGui::GetCursorScreenPos().y - 8;
    ImGui::GetWindowDrawList()->AddRectFilled(ImVec2(at.x, at.y), ImVec2(at.x + 3, bottom), color, 1.5F);
  }
}

void DrawRemarks(Ui& ui, AppState& state, float width) {
  for (const Diagnostic& diagnostic : state.report().diagnostics) {
    if (diagnostic.severity == Severity::kInfo)
      Paragraph(ui, TextOf(diagnostic), width, {ui.colors->muted, kNote}, "note");
  }
}

}  // namespace plimsoll
