// One key of the configuration, drawn as its row in the table of keys says.
#include <vector>

#include "core/base/text.h"
#include "core/config/config_keys.h"
#include "core/config/config_value.h"
#include "core/resolve/resolved_keys.h"
#include "web/views/views.h"

namespace plimsoll {
namespace {

// What it came to, for people.
std::string ShownText(const Json& value, const ConfigKey& key) {
  if (value.is_null()) return std::string(key.absent);
  if (key.type == KeyType::kInteger && value.AsInt()) return CountText(*value.AsInt());
  if (key.type == KeyType::kNumber && value.AsDouble()) return CompactNumber(*value.AsDouble());
  // Lists without thousands separators: a comma stands between two numbers.
  return ConfigValueText(value);
}

void DrawTyped(Ui& ui, AppState& state, const ConfigKey& key, const std::string& shown, float width) {
  const bool absent = state.IsDefault(key.json);
  const auto typed =
      NumberField(ui, key.label, shown, absent, width, absent ? "" : GetConfigText(state.config(), key));
  if (!typed) return;
  const bool number = key.widget == KeyWidget::kNumber;
  const Json text = typed->empty() ? Json() : Json(*typed);
  state.Dispatch({{std::string(key.json), number ? TypedNumber(*typed) : text}});
}

void DrawChoice(Ui& ui, AppState& state, const ConfigKey& key, const Json& value, float width) {
  std::vector<const KeyChoice*> offered;
  std::vector<std::string_view> labels;
  size_t current = 0;
  for (int i = 0; i < key.choice_count; ++i) {
    const KeyChoice& choice = key.choices[i];
    if (!Offers(*state.resolved().engine, choice)) continue;
    if (choice.id == value.AsString()) current = offered.size();
    offered.push_back(&choice);
    labels.push_back(choice.label);
  }
  if (offered.empty()) return;
  const std::string label(key.label);
  const auto chosen =
      Choice(ui, label.c_str(), labels.data(), labels.size(), current, width, state.IsDefault(key.json));
  if (chosen) state.Dispatch({{std::string(key.json), Json(offered[*chosen]->id)}});
}

// Nothing to set where the model has no vision tower, or there is nothing to share out.
bool HasEffect(const Resolved& resolved, const ConfigKey& key) {
  if (key.flag == &Config::multimodal)
    return resolved.architecture != nullptr && resolved.architecture->has_vision;
  if (key.numbers == &Config::tensor_split) return resolved.cards.size() > 1;
  return true;
}

}  // namespace

void DrawSetting(Ui& ui, AppState& state, const ConfigKey& key, float width) {
  const Json value = ResolvedValue(state.resolved(), key);
  switch (key.widget) {
    case KeyWidget::kNumber:
    case KeyWidget::kText:
      DrawTyped(ui, state, key, ShownText(value, key), width);
      break;
    case KeyWidget::kSwitch: {
      const bool on = value.AsBool().value_or(false) != key.shown_inverted;
      if (Toggle(ui, key.label, on, state.IsDefault(key.json), width))
        state.Turn(key, on == key.shown_inverted);
      break;
    }
    case KeyWidget::kChoice:
      DrawChoice(ui, state, key, value, width);
      break;
    case KeyWidget::kPicker:
    case KeyWidget::kForm:
      break;  // drawn elsewhere
  }
}

void DrawSettings(Ui& ui, AppState& state, KeyGroup group, float width) {
  for (const ConfigKey& key : ConfigKeys()) {
    // Each reads the state anew: the one above it may just have changed it.
    const Resolved& resolved = state.resolved();
    if (key.group != group || !Takes(*resolved.engine, key) || !HasEffect(resolved, key)) continue;
    DrawSetting(ui, state, key, width);
  }
}

}  // namespace plimsoll
