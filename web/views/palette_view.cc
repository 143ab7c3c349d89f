// The command palette: every model, card, format, engine, tab, preset and action in one searched list; and the keys.
#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <vector>

#include "core/base/text.h"
#include "core/engines/registry.h"
#include "core/formats/format_ids.h"
#include "web/views/views.h"

namespace plimsoll {
namespace {

struct Preset {
  std::string_view name, fragment;
  bool gguf = false;  // by the engine that reads such files
};

std::string FragmentOf(const Preset& preset) {
  std::string fragment(preset.fragment);
  if (preset.gguf) fragment.append("&e=").append(GgufEngine().traits().id);
  return fragment;
}

// Questions that people come with, each as the link that answers it.
constexpr std::array<Preset, 5> kPresets = {
    {{"Cheapest cards for Qwen3 235B, 8 users at 32k",
      "m=qwen3-235b-a22b&q=awq-int4&g=h100-sxm&ctx=32768&c=8&t=find"},
     {"What an RTX 4090 can run at 32k", "m=qwen3-8b&g=rtx-4090&ctx=32768&t=find&find=run!card"},
     {"Llama 70B: AWQ, FP8 or BF16 on 1, 2, 4 H100",
      "m=llama-3.1-70b&g=h100-sxm&ctx=8192&c=8&t=map&map=x.gpus!y.format!c.decode_tokens_per_s"},
     {"Most users of gpt-oss 120B on 4 H100",
      "m=gpt-oss-120b&g=h100-sxm&n=4&ctx=16384&c=32&t=schedule&w=~"
      "eyJ0dGZ0X21zIjoxMDAwLCJ0cG90X21zIjozMy4zNH0"},
     {"gpt-oss 120B on two RTX 3090, experts in RAM",
      "m=gpt-oss-120b&q=gguf-mxfp4_moe&g=rtx-3090&n=2&ctx=32768&seqs=1", true}}};

struct Key {
  std::string_view key, does;
};
constexpr std::array<Key, 8> kKeys = {
    {{"Ctrl K", "Search or do anything"},
     {"P", "Pin what is shown, or the row under the pointer, to compare; again: take it out"},
     {"Ctrl Z, Ctrl Y", "Undo, redo; the browser's back and forward do the same"},
     {"Tab, arrows", "Move through the picture and its lists; sliders by an eighth"},
     {"Page up, page down", "A slider by an octave"},
     {"Enter", "Press, open, take the marked row"},
     {"Escape", "Close; once more, then Tab leaves the picture"},
     {"?", "These keys"}}};

struct Entry {
  std::string label, detail, also;
  std::function<void(AppState&)> run;
};

void AddActions(std::vector<Entry>* entries, const AppState& state) {
  const auto browser = [](std::string_view what) { return [what](AppState& s) { s.AskBrowser(what); }; };
  const bool decimal = state.view.units == SizeUnits::kDecimal;
  entries->push_back({"Pin to compare", "P", "", [](AppState& s) { s.Pin(); }});
  entries->push_back({"Undo", "Ctrl Z", "", browser("undo")});
  entries->push_back({"Redo", "Ctrl Y", "", browser("redo")});
  entries->push_back({"Copy the link", "action", "", browser("copy-link")});
  entries->push_back({"Copy the answer as text", "action", "", browser("copy-text")});
  entries->push_back({"Copy the table as Markdown", "action", "", browser("copy-markdown")});
  entries->push_back({"Print a report", "action", "", browser("print")});
  entries->push_back(
      {decimal ? "Show GiB" : "Show GB", "units", "GiB GB sizes", [](AppState& s) { s.TurnUnits(); }});
  entries->push_back(
      {"Read a model file", "action", "open gguf safetensors", [](AppState& s) { ++s.view.files_asked; }});
  entries->push_back({"Keys", "?", "shortcuts keyboard help", [](AppState& s) { s.view.keys_asked = true; }});
}

std::vector<Entry> AllEntries(const AppState& state) {
  std::vector<Entry> entries;
  for (const Preset& preset : kPresets) {
    entries.push_back({std::string(preset.name), "preset", "",
                       [&preset](AppState& s) { s.LoadFragment(FragmentOf(preset)); }});
  }
  for (const std::string_view tab : TabNames()) {
    entries.push_back({std::string(tab), "tab", "open", [tab](AppState& s) { s.OpenTab(tab); }});
  }
  AddActions(&entries, state);
  const auto set = [](std::string_view key, std::string value) {
    return [key, value](AppState& s) { s.Dispatch({{std::string(key), Json(value)}}); };
  };
  for (const Model& model : state.catalog().models()) {
    if (model.refused()) continue;
    entries.push_back({model.name, "model, " + ModelQualifier(model), model.id + " " + model.hf_repo,
                       set("model", model.id)});
  }
  for (const Gpu& gpu : state.catalog().gpus())
    entries.push_back(
        {gpu.name, "card, " + CompactNumber(gpu.memory_gb) + " GB", gpu.id, set("gpu", gpu.id)});
  for (const std::string_view id : FormatIds())
    entries.push_back({FormatName(id), "format", std::string(id), set("format", std::string(id))});
  for (const Engine* engine : Engines()) {
    if (!engine->traits().budget_modelled) continue;
    entries.push_back(
        {std::string(engine->traits().name), "engine", "", set("engine", std::string(engine->traits().id))});
  }
  return entries;
}

// How well an entry answers the words; 0: not at all. What begins with them comes first.
int Score(const Entry& entry, const std::string& query) {
  if (query.empty()) return entry.detail == "preset" || entry.detail == "tab" || entry.run == nullptr ? 1 : 0;
  const std::string label = Lower(entry.label), all = label + " " + Lower(entry.detail + " " + entry.also);
  for (std::string_view rest = query; !rest.empty();) {
    const size_t space = rest.find(' ');
    if (all.find(rest.substr(0, space)) == std::string::npos) return 0;
    rest = space == std::string_view::npos ? std::string_view() : rest.substr(space + 1);
  }
  if (label.rfind(query, 0) == 0) return 3;
  return (" " + label).find(" " + query) != std::string::npos ? 2 : 1;
}

std::vector<const Entry*> EntriesFor(const std::vector<Entry>& entries, const std::string& query) {
  std::vector<std::pair<int, const Entry*>> scored;
  for (const Entry& entry : entries) {
    const int score = Score(entry, query);
    if (score > 0) scored.emplace_back(score, &entry);
  }
  std::stable_sort(scored.begin(), scored.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<const Entry*> found;
  for (const auto& [score, entry] : scored) found.push_back(entry);
  return found;
}

struct Middle {
  ImVec2 at;
  float width;
};

Middle TopMiddle(const Ui& ui, float widest) {
  const float width = std::min(widest, ui.view_right - 16);
  return {ImVec2((ui.view_right - width) / 2, ui.view_top + (ui.coarse ? 0.0F : 24.0F)), width};
}

void DrawKeys(Ui& ui, AppState& state) {
  const Middle middle = TopMiddle(ui, 560);
  const bool opened = state.view.keys_asked;
  state.view.keys_asked = false;
  if (!BeginMenu(ui, "keys", opened, middle.at, middle.at, middle.width)) return;
  MenuHeading(ui, "Keys");
  for (const Key& key : kKeys) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float column = std::min(150.0F, middle.width * 0.36F);
    DrawText(ui, ImVec2(at.x + 10, at.y + 13), key.key, {0, kNote, Weight::kSemibold});
    ImGui::SetCursorScreenPos(ImVec2(at.x + column, at.y + 5));
    Paragraph(ui, key.does, middle.width - column - 24, {ui.colors->muted, kNote});
    ui.tree->Add({"row", std::string(key.key), std::string(key.does), at.x, at.y, middle.width, 26});
    ImGui::SetCursorScreenPos(ImVec2(at.x, ImGui::GetCursorScreenPos().y));
  }
  ImGui::Dummy(ImVec2(0, 4));
  EndMenu();
}

}  // namespace

void DrawPresets(Ui& ui, AppState& state, float width) {
  std::string chosen;
  ChipRow row(ui, "Try", width);
  for (const Preset& preset : kPresets) {
    if (row.Add(preset.name, false)) chosen = FragmentOf(preset);
  }
  row.End();
  if (!chosen.empty()) state.LoadFragment(chosen);
}

void DrawPalette(Ui& ui, AppState& state) {
  DrawKeys(ui, state);
  const bool opened = state.view.palette_asked;
  state.view.palette_asked = false;
  const Middle middle = TopMiddle(ui, 620);
  char* search = state.view.search;
  if (opened) search[0] = '\0';
  if (!BeginMenu(ui, "palette", opened, middle.at, middle.at, middle.width)) return;
  const float inner = ImGui::GetContentRegionAvail().x;
  const std::string before = search;
  int moved = 0;
  const bool entered =
      SearchField(ui, "Search or do anything", search, sizeof state.view.search, inner, opened, &moved);
  const bool asked_anew = opened || before != search;
  const std::vector<Entry> entries = AllEntries(state);
  std::vector<const Entry*> found = EntriesFor(entries, Lower(search));
  if (search[0] == '\0') {
    for (const Entry& entry : entries) {
      if (entry.detail == "action" || entry.detail == "units" || entry.detail == "?") found.push_back(&entry);
    }
  }
  if (asked_anew) state.view.search_row = 0;
  state.view.search_row =
      std::clamp(state.view.search_row + moved, 0, std::max(0, static_cast<int>(found.size()) - 1));
  const Entry* chosen = nullptr;
  if (found.empty()) {
    MenuHeading(ui, "Nothing of that name");
  } else {
    const float room = std::min(440.0F, ui.view_bottom - middle.at.y - ui.field_height() - 40);
    BeginMenuList(ui, "found", inner, MenuRowHeight(ui) * static_cast<float>(found.size()), room);
    if (asked_anew) ImGui::SetScrollY(0);
    for (size_t i = 0; i < found.size(); ++i) {
      const bool marked = static_cast<int>(i) == state.view.search_row;
      ImGui::PushID(static_cast<int>(i));
      if (MenuRow(ui, found[i]->label, found[i]->detail, MenuRowStyle{false, marked, {}, 0}))
        chosen = found[i];
      ImGui::PopID();
      if (marked && moved != 0) ImGui::SetScrollHereY(0.5F);
      if (marked && entered) chosen = found[i];
    }
    EndMenuList();
  }
  if (chosen != nullptr) CloseMenu();
  EndMenu();
  if (chosen != nullptr) chosen->run(state);
}

}  // namespace plimsoll
