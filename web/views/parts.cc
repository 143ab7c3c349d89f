// What several tabs are made of: rows of figures, rows of facts, pickers with few choices.
#include <algorithm>
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
                             size_t current, float width) {
  const bool opened = Field(ui, label, names[current], label, width);
  if (!BeginMenu(ui, label, opened, LastMin(), LastMax(), std::max(width, 220.0F))) return std::nullopt;
  std::optional<size_t> chosen;
  for (size_t i = 0; i < count; ++i) {
    if (MenuRow(ui, names[i], "", i == current)) chosen = i;
  }
  if (chosen) CloseMenu();
  EndMenu();
  return chosen;
}

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
