// The pickers: model, format, KV type, card. A field that opens a list; the long ones are searched.
#include <algorithm>
#include <array>
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
  std::string also;         // what else it is found by
  bool always = false;      // whatever is searched for
  bool fetch = false;       // asks the hub for it
  std::string format = {};  // that goes with it
};

// A list under the field that was just drawn, searched where it is long.
struct Picker {
  const char* id = nullptr;
  const char* search_label = nullptr;  // nullptr: it is short
  std::string_view nothing;
  std::string_view key;        // of the configuration that a row sets
  bool outcomes = true;        // the rows say what they would come to
  bool bytes = true;           // … and what there would be to download
  std::string_view hint = {};  // in the empty field
  std::string note = {};       // below a row that asks the hub
};

constexpr float kNoteHeight = 36;

std::string_view OutcomeWord(Verdict verdict) {
  switch (verdict) {
    case Verdict::kFits:
      return "fits";
    case Verdict::kTight:
      return "tight";
    case Verdict::kDoesNotFit:
      return "too big";
    case Verdict::kInvalid:
      break;
  }
  return "cannot";
}

bool DrawOption(Ui& ui, AppState& state, const Picker& list, const Option& option, bool marked) {
  MenuRowStyle style{option.selected, marked, {}, 0};
  std::string detail = option.detail;
  // Only what is seen is computed.
  const float y = ImGui::GetCursorScreenPos().y, top = ImGui::GetWindowPos().y;
  const bool seen = y + MenuRowHeight(ui) >= top && y <= top + ImGui::GetWindowHeight();
  if (list.outcomes && seen && !option.fetch) {
    const AppState::Outcome& outcome = state.WhatIf(list.key, option.value);
    style.word = OutcomeWord(outcome.verdict);
    style.word_color = VerdictColor(*ui.colors, outcome.verdict);
    if (list.bytes && outcome.known && outcome.download > Bytes(0)) {
      if (!detail.empty()) detail += ", ";
      detail += GibText(outcome.download, state.view.units);
    }
  }
  return MenuRow(ui, option.label, detail, style);
}

std::vector<const Option*> Found(const std::vector<Option>& options, const std::string& query) {
  std::vector<const Option*> found;
  for (const Option& option : options) {
    const bool keep =
        option.heading
            ? query.empty()
            : option.always || Matches(Lower(option.label + " " + option.detail + " " +
                                             std::string(option.value.AsString()) + " " + option.also),
                                       query);
    if (keep) found.push_back(&option);
  }
  // "h200" is rather the H200 than the GH200.
  if (!query.empty()) {
    std::stable_partition(found.begin(), found.end(), [&](const Option* option) {
      return (" " + Lower(option->label)).find(" " + query) != std::string::npos;
    });
  }
  return found;
}

// Returns the option that was chosen.
const Option* ChooseFrom(Ui& ui, AppState& state, const Picker& list, bool opened, float width,
                         const std::vector<Option>& options) {
  const ImVec2 min = LastMin();
  const ImVec2 max = LastMax();
  char* search = state.view.search;
  if (opened) search[0] = '\0';
  if (!BeginMenu(ui, list.id, opened, min, max, width)) return nullptr;
  const float inner = ImGui::GetContentRegionAvail().x;
  const Option* chosen = nullptr;
  bool entered = false;
  int moved = 0;
  const std::string before = search;
  if (list.search_label != nullptr) {
    // On a phone the keyboard would cover half of the list before anybody asked for it.
    entered = SearchField(ui, list.search_label, search, sizeof state.view.search, inner,
                          opened && !ui.coarse, &moved, list.hint);
  }
  const std::string query = list.search_label != nullptr ? Lower(search) : std::string();
  const bool asked_anew = opened || before != search;
  const std::vector<const Option*> shown = Found(options, query);
  int choices = 0, current = 0;
  for (const Option* option : shown) {
    if (option->selected && query.empty()) current = choices;
    if (!option->heading) ++choices;
  }
  if (asked_anew) state.view.search_row = current;
  state.view.search_row = std::clamp(state.view.search_row + moved, 0, std::max(0, choices - 1));
  const float search_height = list.search_label != nullptr ? ui.field_height() + 6 : 0;
  float content = 0;
  for (const Option* option : shown)
    content += option->heading ? 26 : MenuRowHeight(ui) + (option->fetch ? kNoteHeight : 0);
  if (shown.empty()) {
    MenuHeading(ui, list.nothing);
  } else {
    const float room = std::min(440.0F, MenuRoom(ui, min, max) - search_height);
    BeginMenuList(ui, "list", inner, content, room);
    if (asked_anew) ImGui::SetScrollY(0);
    int row = 0;
    for (const Option* option : shown) {
      if (option->heading) {
        MenuHeading(ui, option->label);
        continue;
      }
      const bool marked = list.search_label != nullptr && row == state.view.search_row;
      if (DrawOption(ui, state, list, *option, marked)) chosen = option;
      if (marked && entered) chosen = option;
      if (option->fetch) Paragraph(ui, list.note, inner - 20, {ui.colors->muted, kNote});
      // The one that holds stands in the middle at first; then the list follows the keys.
      if (marked && (moved != 0 || (asked_anew && row > 0))) ImGui::SetScrollHereY(opened ? 0.4F : 0.5F);
      if (list.search_label == nullptr && option->selected && opened) ImGui::SetScrollHereY(0.4F);
      ++row;
    }
    EndMenuList();
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
  const bool known = named && !named->model->refused();
  if (known) {
    const std::string format = named->format.empty() ? named->model->native_format : named->format;
    Option option = {named->model->name,
                     FormatName(format) + (named->exact ? "" : ", by the words of the name"),
                     Json(named->model->id),
                     false,
                     false,
                     {}};
    option.format = named->format;
    option.always = true;
    options->push_back(std::move(option));
  }
  if (known && named->exact) return;
  Option fetch = {"Fetch " + repository + " from " + state.hub.host, "", Json(query), false, false, {}};
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
  for (const Model& model : state.catalog().models()) {
    if (model.refused()) continue;
    std::string repositories = model.hf_repo;
    for (const Checkpoint& checkpoint : model.checkpoints()) repositories += " " + checkpoint.repo;
    options.push_back({model.name, ModelQualifier(model), Json(model.id), &model == resolved.model, false,
                       std::move(repositories)});
  }
  std::stable_sort(options.begin(), options.end(), [&](const Option& a, const Option& b) {
    const auto size = [&](const Option& option) {
      return state.catalog().FindModel(option.value.AsString())->parameters().total;
    };
    return size(a) < size(b);
  });
  std::vector<Option> named;
  if (!opened) OfferRepository(state, state.view.search, &named);
  options.insert(options.begin(), named.begin(), named.end());
  Picker picker = {"model-menu", "Search models", "No model of that name", "model"};
  picker.hint = "Search models, or type Org/Repo";
  picker.note = "Asks " + state.hub.host +
                " for its list of files and its config.json, index or header; nothing else is sent.";
  const Option* chosen = ChooseFrom(ui, state, picker, opened, std::max(width, 440.0F), options);
  if (chosen == nullptr) return;
  if (chosen->fetch) return state.AskHub(chosen->value.AsString());
  Action action = {{"model", chosen->value}};
  // Somebody who names a checkpoint means its format, too.
  if (!chosen->format.empty()) action.push_back({"format", Json(chosen->format)});
  state.Dispatch(action);
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
    options.push_back({card.name, memory(card), Json(card.id), &card == gpu && !mixed, false, {}});
  }
  std::stable_sort(options.begin(), options.end(), [&](const Option& a, const Option& b) {
    const auto size = [&](const Option& option) {
      return state.catalog().FindGpu(option.value.AsString())->memory_gb;
    };
    return size(a) < size(b);
  });
  const Picker picker = {"gpu-menu", "Search GPUs", "No card of that name", "gpu", true, false};
  const Option* chosen = ChooseFrom(ui, state, picker, opened, std::max(width, 340.0F), options);
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
    options.push_back({FormatName(id), std::move(detail), Json(id), id == current, false, {}});
  };
  const auto heading = [&](std::string text) {
    options.push_back({std::move(text), "", Json(), false, true, {}});
  };
  if (resolved.model != nullptr) {
    heading("Published for this model");
    list(resolved.model->native_format, "as released");
    for (const Checkpoint& checkpoint : resolved.model->checkpoints()) {
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
  const Picker picker = {"format-menu", "Search formats", "No such format", "format"};
  const Option* chosen = ChooseFrom(ui, state, picker, opened, std::max(width, 380.0F), options);
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
    options.push_back({std::string(choice.label),
                       is_auto ? "default" : "",
                       is_auto ? Json() : Json(choice.id),
                       is_auto ? automatic : !automatic && choice.id == KvTypeName(types.k),
                       false,
                       {}});
  }
  const Picker picker = {"kv-menu", nullptr, "", "kv_cache_dtype", true, false};
  const Option* chosen = ChooseFrom(ui, state, picker, opened, std::max(width, 200.0F), options);
  if (chosen != nullptr) state.Dispatch({{"kv_cache_dtype", chosen->value}});
}

}  // namespace plimsoll
