// The pickers: model, format, KV type, card. A field that opens a list; the long ones are searched.
#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <vector>

#include "core/base/text.h"
#include "core/catalog/model_names.h"
#include "core/config/config_keys.h"
#include "core/config/config_value.h"
#include "core/engines/registry.h"
#include "core/formats/format_ids.h"
#include "web/views/views.h"

namespace plimsoll {
namespace {

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

// Every word of the query stands somewhere in the text. REQUIRES: both in lower case.
bool Matches(std::string_view text, std::string_view query) {
  while (!query.empty()) {
    const size_t space = query.find(' ');
    const std::string_view word = query.substr(0, space);
    if (text.find(word) == std::string_view::npos) return false;
    query = space == std::string_view::npos ? std::string_view() : query.substr(space + 1);
  }
  return true;
}

struct Option {
  std::string label, detail;
  Json value;
  bool selected = false;
  bool heading = false;
  bool always = false;              // whatever was searched for
  bool fetch = false;               // asks the hub
  std::string format = {};          // that goes with it
  const Model* keywords = nullptr;  // whose repositories are searched, too
};

// REQUIRES: `query` in lower case.
bool IsFound(const Option& option, std::string_view query) {
  if (option.heading) return query.empty();
  if (option.always ||
      Matches(Lower(option.label + " " + option.detail + " " + option.value.AsString()), query))
    return true;
  if (option.keywords == nullptr) return false;
  if (Matches(Lower(option.keywords->hf_repo), query)) return true;
  return std::any_of(option.keywords->checkpoints.begin(), option.keywords->checkpoints.end(),
                     [&](const Checkpoint& one) { return Matches(Lower(one.repo), query); });
}

// A searched list under the field that was just drawn. Returns the option that was chosen.
const Option* ChooseFrom(Ui& ui, AppState& state, const char* id, bool opened, float width,
                         const char* search_label, const std::vector<Option>& options,
                         std::string_view nothing, std::string_view fetch_note = {}) {
  const ImVec2 min = LastMin();
  const ImVec2 max = LastMax();
  char* search = state.view.search;
  if (opened) search[0] = '\0';
  if (!BeginMenu(ui, id, opened, min, max, width)) return nullptr;
  const float inner = ImGui::GetContentRegionAvail().x;
  const Option* chosen = nullptr;
  bool entered = false;
  if (search_label != nullptr) {
    // On a phone the keyboard would cover half of the list before anybody asked for it.
    entered = SearchField(ui, search_label, search, sizeof state.view.search, inner, opened && !ui.coarse,
                          fetch_note.empty() ? std::string_view() : "Search models, or type Org/Repo");
  }
  const std::string query = search_label != nullptr ? Lower(search) : std::string();
  std::vector<const Option*> shown;
  for (const Option& option : options) {
    if (IsFound(option, query)) shown.push_back(&option);
  }
  const float search_height = search_label != nullptr ? ui.field_height() + 6 : 0;
  float content = 0;
  for (const Option* option : shown)
    content += option->heading ? 26 : MenuRowHeight(ui) + (option->fetch ? 36 : 0);
  if (shown.empty()) {
    MenuHeading(ui, nothing);
  } else {
    const float room = std::min(440.0F, MenuRoom(ui, min, max) - search_height);
    BeginMenuList(ui, "list", inner, content, room);
    for (const Option* option : shown) {
      if (option->heading) {
        MenuHeading(ui, option->label);
        continue;
      }
      if (MenuRow(ui, option->label, option->detail, option->selected)) chosen = option;
      if (option->fetch) Paragraph(ui, fetch_note, inner - 20, {ui.colors->muted, kNote});
      if (option->selected && opened) ImGui::SetScrollHereY(0.4F);
    }
    EndMenuList();
    if (entered && chosen == nullptr) {
      const auto first =
          std::find_if(shown.begin(), shown.end(), [](const Option* o) { return !o->heading; });
      if (first != shown.end()) chosen = *first;
    }
  }
  if (chosen != nullptr) CloseMenu();
  EndMenu();
  return chosen;
}

}  // namespace

namespace {

// What a repository's name stands for: rows above the models that its words find.
void OfferRepository(const AppState& state, std::string_view query, std::vector<Option>* options) {
  const std::string repository = HubRepository(query);
  if (repository.empty()) return;
  const std::optional<NamedModel> named = FindModelNamed(state.catalog(), query);
  const bool known = named && !named->model->refused;
  if (known) {
    const std::string format = named->format.empty() ? named->model->native_format : named->format;
    Option option = {named->model->name,
                     FormatName(format) + (named->exact ? "" : ", by the words of the name"),
                     Json(named->model->id), false, false};
    option.format = named->format;
    option.always = true;
    options->push_back(std::move(option));
  }
  if (known && named->exact) return;
  Option fetch = {"Fetch " + repository + " from " + state.hub.host, "", Json(query), false, false};
  fetch.fetch = fetch.always = true;
  options->push_back(std::move(fetch));
}

}  // namespace

void DrawModelPicker(Ui& ui, AppState& state, float width) {
  const Resolved& resolved = state.resolved();
  const bool opened = Field(ui, "Model", ModelTitle(resolved),
                            resolved.model != nullptr ? ModelQualifier(*resolved.model) : "own", width);
  if (!opened && !ImGui::IsPopupOpen("model-menu")) return;
  std::vector<Option> options;
  if (!opened) OfferRepository(state, state.view.search, &options);
  for (const Model& model : state.catalog().models()) {
    if (model.refused) continue;
    options.push_back({model.name, ModelQualifier(model), Json(model.id), &model == resolved.model, false});
    options.back().keywords = &model;
  }
  const std::string asked =
      "Asks " + state.hub.host +
      " for its list of files and its config.json, index or header; nothing else is sent.";
  const Option* chosen = ChooseFrom(ui, state, "model-menu", opened, std::max(width, 420.0F), "Search models",
                                    options, "No model of that name", asked);
  if (chosen == nullptr) return;
  if (chosen->fetch) {
    state.AskHub(chosen->value.AsString());
  } else if (chosen->format.empty()) {
    state.Dispatch({{"model", chosen->value}});
  } else {
    state.Dispatch({{"model", chosen->value}, {"format", Json(chosen->format)}});
  }
}

void DrawGpuPicker(Ui& ui, AppState& state, float width) {
  const Resolved& resolved = state.resolved();
  const Gpu* gpu = resolved.cards.empty() ? nullptr : resolved.cards.front().gpu;
  if (gpu == nullptr) return;
  const bool mixed = std::any_of(resolved.cards.begin(), resolved.cards.end(),
                                 [gpu](const Card& card) { return card.gpu != gpu; });
  const auto memory = [](const Gpu& card) { return CompactNumber(card.memory_gb) + " GB"; };
  const bool opened = Field(ui, "GPU", gpu->name, mixed ? "and others" : memory(*gpu), width);
  if (!opened && !ImGui::IsPopupOpen("gpu-menu")) return;
  std::vector<Option> options;
  for (const Gpu& card : state.catalog().gpus()) {
    options.push_back({card.name, memory(card), Json(card.id), &card == gpu && !mixed, false});
  }
  const Option* chosen = ChooseFrom(ui, state, "gpu-menu", opened, std::max(width, 340.0F), "Search GPUs",
                                    options, "No card of that name");
  if (chosen != nullptr) state.Dispatch({{"gpu", chosen->value}});
}

void DrawFormatPicker(Ui& ui, AppState& state, float width) {
  const Resolved& resolved = state.resolved();
  const std::string current = resolved.format != nullptr ? resolved.format->id : "";
  const bool opened = Field(ui, "Format", FormatName(current), FormatQualifier(resolved), width);
  if (!opened && !ImGui::IsPopupOpen("format-menu")) return;
  std::vector<Option> options;
  std::vector<std::string_view> listed;
  const auto list = [&](std::string_view id, std::string detail) {
    if (std::find(listed.begin(), listed.end(), id) != listed.end()) return;
    listed.push_back(id);
    options.push_back({FormatName(id), std::move(detail), Json(id), id == current, false});
  };
  const auto heading = [&](std::string text) {
    options.push_back({std::move(text), "", Json(), false, true});
  };
  if (resolved.model != nullptr) {
    heading("Published for this model");
    list(resolved.model->native_format, "as released");
    for (const Checkpoint& checkpoint : resolved.model->checkpoints) {
      list(checkpoint.format.id, checkpoint.repo.substr(0, checkpoint.repo.find('/')));
    }
  }
  heading("Other formats for " + std::string(Engines().front()->traits().name));
  for (const std::string_view id : FormatIds()) {
    if (id.rfind("gguf-", 0) != 0) list(id, "");
  }
  heading("GGUF, for " + std::string(GgufEngine().traits().name));
  for (const std::string_view id : FormatIds()) {
    if (id.rfind("gguf-", 0) == 0) list(id, "");
  }
  const Option* chosen = ChooseFrom(ui, state, "format-menu", opened, std::max(width, 300.0F),
                                    "Search formats", options, "No such format");
  if (chosen != nullptr) state.Dispatch({{"format", chosen->value}});
}

void DrawKvTypePicker(Ui& ui, AppState& state, float width) {
  const Resolved& resolved = state.resolved();
  const auto name_of = [](KvType type) {
    return std::string(kKvTypeChoices[static_cast<size_t>(type)].label);
  };
  const KvTypes types = resolved.kv_cache_dtype;
  std::string value = name_of(types.k);
  if (types.k != types.v) value += " / " + name_of(types.v);
  const bool opened = Field(ui, "KV cache type", value, "KV", width);
  if (!opened && !ImGui::IsPopupOpen("kv-menu")) return;
  const bool automatic = state.IsDefault("kv_cache_dtype");
  std::vector<Option> options;
  for (const KeyChoice& choice : kKvTypeChoices) {
    if (!Offers(*resolved.engine, choice)) continue;
    const bool is_auto = choice.id == KvTypeName(KvType::kAuto);
    options.push_back({std::string(choice.label), is_auto ? "default" : "",
                       is_auto ? Json() : Json(choice.id),
                       is_auto ? automatic : !automatic && choice.id == KvTypeName(types.k), false});
  }
  const Option* chosen =
      ChooseFrom(ui, state, "kv-menu", opened, std::max(width, 200.0F), nullptr, options, "");
  if (chosen != nullptr) state.Dispatch({{"kv_cache_dtype", chosen->value}});
}

}  // namespace plimsoll
