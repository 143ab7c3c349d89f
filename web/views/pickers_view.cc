// The pickers: model, format, KV type, card. A field that opens a list; the long ones are searched.
#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <vector>

#include "core/base/text.h"
#include "core/config/config_codec.h"
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
};

// A searched list under the field that was just drawn. Returns the option that was chosen.
const Option* ChooseFrom(Ui& ui, AppState& state, const char* id, bool opened, float width,
                         const char* search_label, const std::vector<Option>& options,
                         std::string_view nothing) {
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
    entered = SearchField(ui, search_label, search, sizeof state.view.search, inner, opened && !ui.coarse);
  }
  const std::string query = search_label != nullptr ? Lower(search) : std::string();
  std::vector<const Option*> shown;
  for (const Option& option : options) {
    const bool keep =
        option.heading
            ? query.empty()
            : Matches(Lower(option.label + " " + option.detail + " " + option.value.AsString()), query);
    if (keep) shown.push_back(&option);
  }
  const float search_height = search_label != nullptr ? ui.field_height() + 6 : 0;
  float content = 0;
  for (const Option* option : shown) content += option->heading ? 26 : MenuRowHeight(ui);
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

void DrawModelPicker(Ui& ui, AppState& state, float width) {
  const Resolved& resolved = state.resolved();
  const bool opened = Field(ui, "Model", ModelTitle(resolved),
                            resolved.model != nullptr ? ModelQualifier(*resolved.model) : "own", width);
  if (!opened && !ImGui::IsPopupOpen("model-menu")) return;
  std::vector<Option> options;
  for (const Model& model : state.catalog().models()) {
    if (model.refused) continue;
    options.push_back({model.name, ModelQualifier(model), Json(model.id), &model == resolved.model, false});
  }
  const Option* chosen = ChooseFrom(ui, state, "model-menu", opened, std::max(width, 400.0F), "Search models",
                                    options, "No model of that name");
  if (chosen != nullptr) state.Dispatch({{"model", chosen->value}});
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
  struct Named {
    std::string_view id, name;
    bool ggml_only;
  };
  constexpr std::array<Named, 9> kTypes = {{{"auto", "Same as model", false},
                                            {"fp16", "FP16", false},
                                            {"bf16", "BF16", false},
                                            {"fp8", "FP8", false},
                                            {"q8_0", "Q8_0", true},
                                            {"q5_1", "Q5_1", true},
                                            {"q5_0", "Q5_0", true},
                                            {"q4_1", "Q4_1", true},
                                            {"q4_0", "Q4_0", true}}};
  const Resolved& resolved = state.resolved();
  const auto name_of = [&kTypes](KvType type) {
    for (const Named& named : kTypes) {
      if (named.id == KvTypeName(type)) return std::string(named.name);
    }
    return std::string(KvTypeName(type));
  };
  const KvTypes types = resolved.kv_cache_dtype;
  std::string value = name_of(types.k);
  if (types.k != types.v) value += " / " + name_of(types.v);
  const bool opened = Field(ui, "KV cache type", value, "KV", width);
  if (!opened && !ImGui::IsPopupOpen("kv-menu")) return;
  const bool ggml = resolved.engine->kernels == KernelGroup::kGgml;
  const bool automatic = state.IsDefault("kv_cache_dtype");
  std::vector<Option> options;
  for (const Named& named : kTypes) {
    if (named.ggml_only && !ggml) continue;
    if (named.id == "fp8" && ggml) continue;
    const bool is_auto = named.id == "auto";
    options.push_back({std::string(named.name), is_auto ? "default" : "", is_auto ? Json() : Json(named.id),
                       is_auto ? automatic : !automatic && named.id == KvTypeName(types.k), false});
  }
  const Option* chosen =
      ChooseFrom(ui, state, "kv-menu", opened, std::max(width, 200.0F), nullptr, options, "");
  if (chosen != nullptr) state.Dispatch({{"kv_cache_dtype", chosen->value}});
}

}  // namespace plimsoll
