// Where figures are from, as links that open beside the page: the repositories of a model, the sheet of a card with its
// prices and their dates, and what the measured constants are held against.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/base/text.h"
#include "web/views/views.h"

namespace plimsoll {
namespace {

// "org/name" as the hub has it: nothing else of a link that somebody wrote becomes an address.
bool IsRepository(std::string_view name) {
  const size_t slash = name.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == name.size() || name.size() > 200)
    return false;
  return name.find('/', slash + 1) == std::string_view::npos && name.find("..") == std::string_view::npos &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                  c == '_' || c == '.' || c == '/';
         });
}

void AddRepository(std::string_view name, std::vector<Source>* sources) {
  if (!IsRepository(name)) return;
  Source source = {std::string(name), "https://huggingface.co/" + std::string(name)};
  const auto same = [&](const Source& other) { return other.address == source.address; };
  if (std::none_of(sources->begin(), sources->end(), same)) sources->push_back(std::move(source));
}

}  // namespace

std::vector<Source> SourcesOf(const AppState& state, SourceKind kind) {
  const Resolved& resolved = state.resolved();
  std::vector<Source> sources;
  switch (kind) {
    case SourceKind::kModel:
      if (resolved.model != nullptr) AddRepository(resolved.model->hf_repo, &sources);
      if (const Json* from = state.config().inline_model.Find("_name_or_path"))
        AddRepository(from->AsString(), &sources);
      if (resolved.model != nullptr && resolved.format != nullptr) {
        const Checkpoint* checkpoint = resolved.model->FindCheckpoint(resolved.format->id);
        if (checkpoint != nullptr) AddRepository(checkpoint->repo, &sources);
      }
      break;
    case SourceKind::kCard:
      for (const Card& card : resolved.cards) {
        const std::string address = "../gpus/" + card.gpu->id + "/#sources";
        std::string text = card.gpu->name + ": sheet";
        if (!card.gpu->price_date.empty()) text += ", prices of " + card.gpu->price_date;
        if (sources.empty() || sources.back().address != address) sources.push_back({text, address});
        if (sources.size() >= 4) break;
      }
      break;
    case SourceKind::kMeasured:
      sources.push_back({"Predicted against measured", "../accuracy/"});
      break;
  }
  return sources;
}

void DrawSources(Ui& ui, AppState& state, const std::vector<Source>& sources, float width) {
  if (sources.empty()) return;
  const float height = ui.coarse ? 44 : 22;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const TextStyle grey = {ui.colors->muted, kNote};
  constexpr std::string_view kWord = "Sources:";
  DrawText(ui, ImVec2(at.x, at.y + height / 2), kWord, grey);
  float x = TextWidth(ui, kWord, grey) + 10, y = 0;
  for (const Source& source : sources) {
    const float wide = TextWidth(ui, source.text, grey) + 12;
    if (x > 0 && x + wide > width) {
      x = 0;
      y += height;
    }
    ImGui::SetCursorScreenPos(ImVec2(at.x + x, at.y + y));
    if (SourceLink(ui, source.text, source.address)) state.OpenLink(source.address);
    x += wide + 16;
  }
  ImGui::SetCursorScreenPos(ImVec2(at.x, at.y + y + height + 6));
}

}  // namespace plimsoll
