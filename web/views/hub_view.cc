// A model fetched by its name: that it is being asked for, what was wrong and what may help, where it is from.
#include <string>
#include <vector>

#include "core/base/text.h"
#include "web/views/views.h"

namespace plimsoll {
namespace {

void DrawAsking(Ui& ui, AppState& state, float width) {
  const HubState& hub = state.hub;
  Paragraph(ui, "Asking " + hub.host + " for " + hub.name + (hub.text.empty() ? "" : ": " + hub.text) + "…",
            width, {ui.colors->muted, kNote}, "status");
  if (LinkText(ui, "Stop", "Stop asking the hub")) state.StopHub();
}

void DrawFailed(Ui& ui, AppState& state, float width) {
  HubState& hub = state.hub;
  Paragraph(ui, hub.text, width, {ui.colors->does_not_fit, kNote}, "alert");
  const float half = (width - 8) / 2;
  bool again = SearchField(ui, "Revision (newest)", hub.revision, sizeof hub.revision, half, false);
  ImGui::SameLine(0, 8);
  again = SecretField(ui, "Access token", hub.token, sizeof hub.token, half) || again;
  Paragraph(ui, "A token stays in this page's memory and is sent to " + hub.host + " only.", width,
            {ui.colors->muted, kNote});
  again = LinkText(ui, "Fetch again", "Fetch " + hub.name + " again") || again;
  ImGui::SameLine(0, 18);
  const bool dismiss = LinkText(ui, "Dismiss", "Dismiss the hub's answer");
  if (again) state.AskHub(hub.name);
  if (dismiss) state.StopHub();
}

void DrawTaken(Ui& ui, AppState& state, float width) {
  HubState& hub = state.hub;
  Paragraph(ui, hub.repository + " at " + hub.commit.substr(0, 12) + ", from " + hub.host, width,
            {ui.colors->muted, kNote});
  if (hub.ggufs.size() < 2) return;
  std::vector<std::string> labels;
  size_t current = hub.ggufs.size();
  for (const auto& [path, size] : hub.ggufs) {
    if (path == hub.gguf) current = labels.size();
    labels.push_back(GgufLabel(path, size));
  }
  std::vector<std::string_view> names(labels.begin(), labels.end());
  names.push_back(CountedText(static_cast<int64_t>(labels.size()), "GGUF file", "GGUF files"));
  const auto chosen = Choice(ui, "GGUF of the repository", names.data(), names.size(), current, width);
  if (chosen && *chosen < hub.ggufs.size() && *chosen != current)
    state.AskHub("hf.co/" + hub.repository + "/" + hub.ggufs[*chosen].first);
  Paragraph(ui, "The header of another one is fetched from " + hub.host + " when you choose it.", width,
            {ui.colors->muted, kNote});
}

}  // namespace

void DrawHub(Ui& ui, AppState& state, float width) {
  switch (state.hub.stage) {
    case HubState::Stage::kNone:
      return;
    case HubState::Stage::kAsking:
      return DrawAsking(ui, state, width);
    case HubState::Stage::kFailed:
      return DrawFailed(ui, state, width);
    case HubState::Stage::kTaken:
      return DrawTaken(ui, state, width);
  }
}

}  // namespace plimsoll
