// What several tabs are made of: rows of figures, rows of facts, pickers with few choices.
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/base/text.h"
#include "core/config/config_keys.h"
#include "web/views/views.h"

namespace plimsoll {

void DrawFigures(Ui& ui, const std::vector<Figure>& figures, float width) {
  const int columns = width >= 680 ? 4 : 2;
  const float cell = width / static_cast<float>(columns);
  constexpr float kHeight = 78;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  int index = 0;
  for (const Figure& figure : figures) {
    const float x = at.x + cell * static_cast<float>(index % columns);
    const float y = at.y + kHeight * static_cast<float>(index / columns);
    DrawText(ui, ImVec2(x, y + 8), figure.name, {ui.colors->muted, kNote}, cell - 12);
    DrawText(ui, ImVec2(x, y + 31), figure.value, {0, 18, Weight::kSemibold}, cell - 12);
    DrawText(ui, ImVec2(x, y + 53), figure.note, {ui.colors->muted, kNote}, cell - 12);
    ui.tree->Add({"figure", figure.name, figure.value + ", " + figure.note, x, y, cell, 66});
    ++index;
  }
  const int rows = (index + columns - 1) / columns;
  ImGui::SetCursorScreenPos(ImVec2(at.x, at.y + kHeight * static_cast<float>(rows)));
}

void DrawFact(Ui& ui, std::string_view name, const std::string& value, float width) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  DrawText(ui, ImVec2(at.x, at.y + 13), name, {0, 13.5F}, width - TextWidth(ui, value, {0, 13}) - 12);
  DrawTextRight(ui, ImVec2(at.x + width, at.y + 13), value, {ui.colors->muted, 13});
  ui.tree->Add({"row", std::string(name), value, at.x, at.y, width, 26});
  ImGui::SetCursorScreenPos(ImVec2(at.x, at.y + 26));
}

std::optional<size_t> Choice(Ui& ui, const char* label, const std::string_view* names, size_t count,
                             size_t current, float width, bool is_default) {
  const bool opened = ChoiceField(ui, label, names[current], is_default, width);
  if (!BeginMenu(ui, label, opened, LastMin(), LastMax(), std::max(width, 220.0F))) return std::nullopt;
  std::optional<size_t> chosen;
  for (size_t i = 0; i < count; ++i) {
    if (MenuRow(ui, names[i], "", i == current)) chosen = i;
  }
  if (chosen) CloseMenu();
  EndMenu();
  return chosen;
}

void DrawPriceNote(Ui& ui, AppState& state, float width) {
  std::string_view newest;
  for (const Gpu& gpu : state.catalog().gpus()) newest = std::max(newest, std::string_view(gpu.price_date));
  std::string text = "Rents are medians of public on-demand prices per card and hour, the newest of " +
                     std::string(newest) +
                     ", with their sources in models/prices.json; the Speed tab takes your own.";
  if (!state.view.cost.rents.empty()) {
    text += " Yours: ";
    bool first = true;
    for (const auto& [id, dollars] : state.view.cost.rents) {
      const Gpu* gpu = state.catalog().FindGpu(id);
      text += (first ? "" : ", ") + (gpu != nullptr ? gpu->name : id) + " $" + DecimalText(dollars, 2);
      first = false;
    }
    text += ".";
  }
  Gap(6);
  Paragraph(ui, text, width, {ui.colors->muted, kNote});
  std::vector<Source> sources = SourcesOf(state, SourceKind::kCard);
  sources.push_back({"All cards", "../gpus/"});
  DrawSources(ui, state, sources, width);
}

ChipRow::ChipRow(Ui& ui, std::string_view word, float width)
    : ui_(ui), at_(ImGui::GetCursorScreenPos()), width_(width), height_(ui.coarse ? 44 : 30) {
  Word(word);
}

void ChipRow::Word(std::string_view word) {
  word_ = word;
  word_waits_ = true;
  if (x_ > 0) x_ += 10;
}

void ChipRow::MakeRoom(float width) {
  if (x_ <= 0 || x_ + width <= width_) return;
  x_ = 0;
  y_ += height_ + 8;
}

bool ChipRow::Add(std::string_view text, bool selected, std::string_view id) {
  const TextStyle grey = {ui_.colors->muted, 13};
  const float word = word_waits_ && !word_.empty() ? TextWidth(ui_, word_, grey) + 10 : 0;
  const float chip = std::min(width_ - word, ChipWidth(ui_, text));
  MakeRoom(word + chip);
  if (word > 0) DrawText(ui_, ImVec2(at_.x + x_, at_.y + y_ + height_ / 2), word_, grey);
  x_ += word;
  word_waits_ = false;
  ImGui::SetCursorScreenPos(ImVec2(at_.x + x_, at_.y + y_));
  x_ += chip + 8;
  const std::string label = (word_.empty() ? "" : word_ + ": ") + std::string(text);
  return Chip(ui_, text, {chip, selected, label, {}, id});
}

std::optional<size_t> ChipRow::Choose(const char* id, std::string_view word, const std::string& current,
                                      const std::vector<std::string>& names) {
  Word(word);
  const bool opened = Add(current, false, std::string(id) + " chip");
  if (!BeginMenu(ui_, id, opened, LastMin(), LastMax(), 220)) return std::nullopt;
  std::optional<size_t> chosen;
  for (size_t i = 0; i < names.size(); ++i) {
    if (MenuRow(ui_, names[i], "", names[i] == current)) chosen = i;
  }
  if (chosen) CloseMenu();
  EndMenu();
  return chosen;
}

void ChipRow::Export(AppState& state) {
  constexpr std::string_view kWord = "Export";
  const float chip = ChipWidth(ui_, kWord);
  MakeRoom(chip);
  x_ = std::max(x_, width_ - chip);
  ImGui::SetCursorScreenPos(ImVec2(at_.x + x_, at_.y + y_));
  const bool opened = Chip(ui_, kWord);
  x_ += chip + 8;
  DrawTakeMenu(ui_, state, opened, false);
}

void DrawTakeMenu(Ui& ui, AppState& state, bool opened, bool answer) {
  if (!BeginMenu(ui, "export-menu", opened, LastMin(), LastMax(), 220)) return;
  struct Way {
    std::string_view label, what;
    bool of_answer, of_table;
  };
  constexpr std::array<Way, 8> kWays = {{{"Copy the answer as text", "copy-text", true, false},
                                         {"Copy as a table", "copy-table", true, true},
                                         {"Copy as Markdown", "copy-markdown", true, true},
                                         {"Copy the link", "copy-link", true, true},
                                         {"Save as CSV", "save-csv", true, true},
                                         {"Save as PNG", "save-png", false, true},
                                         {"Save as SVG", "save-svg", false, true},
                                         {"Print a report", "print", true, true}}};
  for (const Way& way : kWays) {
    if (!(answer ? way.of_answer : way.of_table) || !MenuRow(ui, way.label, "", false)) continue;
    state.AskBrowser(way.what);
    CloseMenu();
  }
  EndMenu();
}

void ChipRow::End() { ImGui::SetCursorScreenPos(ImVec2(at_.x, at_.y + y_ + height_ + 4)); }

namespace {

bool Take(AppState& state, std::string_view key, Json value) {
  if (FindConfigKey(key) != nullptr) return state.Dispatch({{std::string(key), std::move(value)}});
  return state.SetWorkload(key, std::move(value));
}

}  // namespace

void LoadSlider(Ui& ui, AppState& state, const char* label, std::string_view key, int64_t value, double most,
                float width) {
  const std::string text = CountText(value);
  const SliderResult result = Slider(ui, label, static_cast<double>(value), text, text,
                                     {1, std::max(most, static_cast<double>(value)), 0}, width);
  if (result.typed) Take(state, key, TypedNumber(*result.typed));
  if (result.value) Take(state, key, Json(std::max<int64_t>(1, std::llround(*result.value))));
}

void LoadNumber(Ui& ui, AppState& state, const char* label, std::string_view key, const std::string& value,
                float width) {
  const bool is_default = !state.config().workload.Has(key);
  const auto typed = NumberField(ui, label, value, is_default, width, is_default ? "" : value);
  if (typed) Take(state, key, TypedNumber(*typed));
}

}  // namespace plimsoll
