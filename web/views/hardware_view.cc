// How many cards, and how the model is spread over them.
#include <algorithm>
#include <array>

#include "core/base/text.h"
#include "core/config/config_keys.h"
#include "core/resolve/resolved_keys.h"
#include "web/views/views.h"

namespace plimsoll {
namespace {

// Counts that machines come in.
constexpr std::array<int64_t, 16> kCounts = {1, 2, 3, 4, 6, 8, 10, 12, 16, 24, 32, 48, 64, 72, 128, 256};

int64_t Neighbour(int64_t value, bool up) {
  if (up) {
    const auto next = std::upper_bound(kCounts.begin(), kCounts.end(), value);
    return next == kCounts.end() ? value * 2 : *next;
  }
  const auto here = std::lower_bound(kCounts.begin(), kCounts.end(), value);
  return here == kCounts.begin() ? 1 : *(here - 1);
}

bool StepButton(Ui& ui, std::string_view sign, const std::string& label, float size) {
  const Interaction item = Item(ui, label, ImVec2(size, size), "button", label, "");
  if (!item.visible) return false;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->AddRectFilled(item.min, item.max, ui.colors->field, kRadius);
  draw->AddRect(item.min, item.max, item.hovered ? ui.colors->muted : ui.colors->line, kRadius);
  DrawText(ui, ImVec2((item.min.x + item.max.x - TextWidth(ui, sign)) / 2, (item.min.y + item.max.y) / 2),
           sign);
  return item.clicked;
}

std::string Degrees(const Resolved& resolved) {
  std::string text;
  const auto add = [&text](std::string_view name, int64_t degree) {
    if (!text.empty()) text.append(" ");
    text.append(name).append(" ").append(CountText(degree));
  };
  if (resolved.engine->layout == CardLayout::kSplit) {
    if (resolved.cards.size() < 2) return "";
    return resolved.split_mode == SplitMode::kRow ? "by row" : "by layer";
  }
  if (resolved.tp > 1 || (resolved.pp == 1 && resolved.dp == 1)) add("TP", resolved.tp);
  if (resolved.pp > 1) add("PP", resolved.pp);
  if (resolved.dp > 1) add("DP", resolved.dp);
  if (resolved.expert_parallel) text.append(" EP");
  return text;
}

// One of two as a switch: inside of a menu there is no room for another.
void DrawTwoWays(Ui& ui, AppState& state, const ConfigKey& key, float width) {
  const KeyChoice& other = key.choices[1];
  const bool on = ResolvedValue(state.resolved(), key).AsString() == other.id;
  const std::string label = "Split " + Lower(other.label);
  if (Toggle(ui, label, on, state.IsDefault(key.json), width))
    state.Dispatch({{std::string(key.json), on ? Json() : Json(other.id)}});
}

}  // namespace

bool Stepper(Ui& ui, AppState& state, std::string_view label, std::string_view key, int64_t value,
             float width) {
  const float size = ui.field_height();
  const std::string name(label);
  bool changed = false;
  const auto set = [&](const Json& to) { changed = state.Dispatch({{std::string(key), to}}) || changed; };
  if (StepButton(ui, "−", "Fewer: " + name, size)) set(Json(Neighbour(value, false)));
  ImGui::SameLine(0, 6);
  const bool is_default = state.IsDefault(key);
  if (const auto typed =
          NumberField(ui, label, CountText(value), is_default, width - 2 * size - 12, CountText(value))) {
    set(TypedNumber(*typed));
  }
  ImGui::SameLine(0, 6);
  if (StepButton(ui, "+", "More: " + name, size)) set(Json(Neighbour(value, true)));
  return changed;
}

void DrawParallelism(Ui& ui, AppState& state, float width) {
  const Resolved& before = state.resolved();
  std::string value = CountedText(before.gpus, "GPU", "GPUs");
  if (before.nodes > 1) value = CountText(before.nodes) + " × " + value;
  const bool opened = Field(ui, "GPU count and parallelism", value, Degrees(before), width);
  const ImVec2 min = LastMin();
  const ImVec2 max = LastMax();
  if (!BeginMenu(ui, "parallel-menu", opened, min, max, std::max(width, 320.0F))) return;
  const float inner = ImGui::GetContentRegionAvail().x;
  // Each row reads the state anew: the one above it may just have changed it.
  bool headed = false;
  for (const ConfigKey& key : ConfigKeys()) {
    if (key.group != KeyGroup::kHardware || !Takes(*state.resolved().engine, key)) continue;
    if (key.owner != KeyOwner::kEveryEngine && !headed) MenuHeading(ui, "How the model is spread");
    headed = headed || key.owner != KeyOwner::kEveryEngine;
    if (key.widget == KeyWidget::kNumber) {
      Stepper(ui, state, key.label, key.json, ResolvedValue(state.resolved(), key).AsInt().value_or(1),
              inner);
    } else if (key.widget == KeyWidget::kChoice) {
      DrawTwoWays(ui, state, key, inner);
    } else {
      DrawSetting(ui, state, key, inner);
    }
  }
  EndMenu();
}

}  // namespace plimsoll
