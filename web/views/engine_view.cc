// The engine, its version and share, and the settings that people reach for first. The rest is folded away.
#include <algorithm>

#include "core/config/config_keys.h"
#include "core/engines/registry.h"
#include "web/views/views.h"

namespace plimsoll {
namespace {

// Whether the engine that is chosen has this option.
bool TakesKey(const AppState& state, std::string_view key) {
  return Takes(*state.resolved().engine, *FindConfigKey(key));
}

// What the engine's own menu holds.
constexpr std::string_view kInMenu[] = {"engine_version", "gpu_memory_utilization"};

bool StandsInMenu(std::string_view key) {
  return std::find(std::begin(kInMenu), std::end(kInMenu), key) != std::end(kInMenu);
}

}  // namespace

void DrawEnginePicker(Ui& ui, AppState& state, float width) {
  const Resolved& resolved = state.resolved();
  std::string qualifier(resolved.version.text);
  if (TakesKey(state, "gpu_memory_utilization"))
    qualifier += ", share " + CompactNumber(resolved.gpu_memory_utilization);
  const bool opened = Field(ui, "Engine", std::string(resolved.engine->name), qualifier, width);
  const ImVec2 min = LastMin();
  const ImVec2 max = LastMax();
  if (!BeginMenu(ui, "engine-menu", opened, min, max, std::max(width, 300.0F))) return;
  const float inner = ImGui::GetContentRegionAvail().x;
  for (const Engine* engine : Engines()) {
    const EngineTraits& traits = engine->traits();
    const bool chosen = &traits == state.resolved().engine;
    if (!traits.budget_modelled && !chosen) continue;
    if (MenuRow(ui, traits.name, traits.reads_gguf ? "GGUF" : "safetensors", chosen) && !chosen)
      state.Dispatch({{"engine", Json(traits.id)}});
  }
  for (const std::string_view key : kInMenu) {
    if (TakesKey(state, key)) DrawSetting(ui, state, *FindConfigKey(key), inner);
  }
  EndMenu();
}

void DrawEngineSettings(Ui& ui, AppState& state, float width) {
  for (const ConfigKey& key : ConfigKeys()) {
    if (key.group != KeyGroup::kEngine || StandsInMenu(key.json) || !TakesKey(state, key.json)) continue;
    DrawSetting(ui, state, key, width);
  }
}

void DrawMoreOptions(Ui& ui, AppState& state, float width) {
  if (Disclosure(ui, "More options", state.view.more_options))
    state.view.more_options = !state.view.more_options;
  if (state.view.more_options) DrawSettings(ui, state, KeyGroup::kMore, width);
}

}  // namespace plimsoll
