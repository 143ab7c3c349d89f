// The whole configuration under its headings, and the one line that stands for it on a phone.
#include "core/base/text.h"
#include "web/views/views.h"

namespace plimsoll {

void DrawAllOptions(Ui& ui, AppState& state, float width) {
  const float half = (width - 8) / 2;
  SectionLabel(ui, "Model");
  DrawModelPicker(ui, state, width);
  DrawHub(ui, state, width);
  DrawFormatPicker(ui, state, half);
  ImGui::SameLine(0, 8);
  DrawKvTypePicker(ui, state, half);
  DrawOpenFile(ui, state);
  Gap(12);
  SectionLabel(ui, "Hardware");
  DrawGpuPicker(ui, state, half);
  ImGui::SameLine(0, 8);
  DrawParallelism(ui, state, half);
  Gap(18);
  SectionLabel(ui, "What it must do");
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(8, 0));
  DrawContextSlider(ui, state, width);
  DrawUsersSlider(ui, state, width);
  ImGui::PopStyleVar();
  Gap(6);
  DrawWishes(ui, state, width);
  Gap(12);
  SectionLabel(ui, "Engine");
  DrawEnginePicker(ui, state, width);
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(8, 0));
  DrawSequencesSlider(ui, state, width);
  ImGui::PopStyleVar();
  Gap(4);
  DrawEngineSettings(ui, state, width);
  Gap(6);
  DrawMoreOptions(ui, state, width);
}

void DrawOptionsSummary(Ui& ui, AppState& state, float width) {
  const Resolved& resolved = state.resolved();
  std::string text = ModelTitle(resolved);
  if (resolved.format != nullptr) text += ", " + FormatName(resolved.format->id);
  if (!resolved.cards.empty()) {
    text += ", " + CountText(static_cast<int64_t>(resolved.cards.size())) + " × " +
            resolved.cards.front().gpu->name;
  }
  text += ", " + ContextText(resolved.max_model_len);
  const bool open = state.view.options_unfolded;
  if (Field(ui, "Configuration", text, open ? "close" : "change", width, Yields::kValue))
    state.view.options_unfolded = !open;
  if (!open) return;
  Gap(10);
  DrawAllOptions(ui, state, width);
  Gap(16);
}

}  // namespace plimsoll
