// The parts of the page. Each draws itself at the cursor into a given width and turns clicks into Actions.
#ifndef PLIMSOLL_WEB_VIEWS_VIEWS_H_
#define PLIMSOLL_WEB_VIEWS_VIEWS_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/config/config_keys.h"
#include "web/app_state.h"
#include "web/widgets.h"

namespace plimsoll {

// Configuration (model_view.cc, hardware_view.cc, load_view.cc, engine_view.cc, options_view.cc).
void DrawModelPicker(Ui& ui, AppState& state, float width);
void DrawHub(Ui& ui, AppState& state, float width);  // a model asked of the hub (hub_view.cc)
void DrawFormatPicker(Ui& ui, AppState& state, float width);
void DrawKvTypePicker(Ui& ui, AppState& state, float width);
void DrawGpuPicker(Ui& ui, AppState& state, float width);
void DrawParallelism(Ui& ui, AppState& state, float width);
void DrawContextSlider(Ui& ui, AppState& state, float width);
void DrawUsersSlider(Ui& ui, AppState& state, float width);
// What an answer must keep: first token, rate of each user, money, power; each may be left open.
void DrawWishes(Ui& ui, AppState& state, float width);
void DrawSequencesSlider(Ui& ui, AppState& state, float width);
void DrawEnginePicker(Ui& ui, AppState& state, float width);
void DrawEngineSettings(Ui& ui, AppState& state, float width);
void DrawMoreOptions(Ui& ui, AppState& state, float width);
// One key of the configuration as its row in the table says, or all of a group that the engine takes
// (setting_view.cc). Those with a picker of their own are left to it.
void DrawSetting(Ui& ui, AppState& state, const ConfigKey& key, float width);
void DrawSettings(Ui& ui, AppState& state, KeyGroup group, float width);
// Everything above under its headings.
void DrawAllOptions(Ui& ui, AppState& state, float width);
// One line that unfolds into all of it.
void DrawOptionsSummary(Ui& ui, AppState& state, float width);

// The answer (verdict_view.cc, load_line_view.cc).
ImU32 VerdictColor(const Palette& colors, Verdict verdict);
struct ColoredText {
  std::string text;
  ImU32 color = 0;  // 0: ink
};
// The answer of a tab, in one sentence.
void DrawHeadline(Ui& ui, const std::vector<ColoredText>& parts, float width);
// Verdict, ways out and load line of the current configuration: what the tabs of one configuration begin with.
void DrawOneAnswer(Ui& ui, AppState& state, float width);
void DrawVerdict(Ui& ui, AppState& state, float width);
void DrawWaysOut(Ui& ui, AppState& state, float width);
void DrawDiagnostics(Ui& ui, AppState& state, float width);
// What is assumed, and what else is good to know, under the figures that rest on it.
void DrawRemarks(Ui& ui, AppState& state, float width);
void DrawLoadLine(Ui& ui, AppState& state, float width);
// One card as a thin bar whose whole width is `full_gib`.
void DrawCardBar(Ui& ui, const AppState& state, const GpuReport& gpu, double full_gib, float left,
                 float width, float top, float height);
// What a file is that somebody gave to read, with its own tensors (file_view.cc); nothing without one.
void DrawGivenFile(Ui& ui, AppState& state, float width);
void DrawOpenFile(Ui& ui, AppState& state);  // asks the browser for a file

// Tabs (tabs_view.cc): the bar; the answer in one sentence of the one that is open, and the rest of it.
void DrawTabBar(Ui& ui, AppState& state, float width);
std::vector<std::string_view> TabNames();
bool IsOneTab(const AppState& state);  // the open one speaks of the configuration alone
void DrawTabHead(Ui& ui, AppState& state, float width);
void DrawTab(Ui& ui, AppState& state, float width);

// One file each; listed in tabs_view.cc.
void DrawMemoryTab(Ui& ui, AppState& state, float width);
// Inside the opened weights: layer stack and table (inventory_view.cc).
void DrawInventory(Ui& ui, AppState& state, float width);
// The same of any rows; `architecture` names the layers' mixers where it is known. `by`: role, type, layer.
void DrawTensors(Ui& ui, const std::vector<InventoryRow>& rows, const Architecture* architecture,
                 int64_t layers, int* by, float width);
void DrawCapacityTab(Ui& ui, AppState& state, float width);
void DrawScheduleTab(Ui& ui, AppState& state, float width);
void DrawSpeedTab(Ui& ui, AppState& state, float width);
void DrawFindHead(Ui& ui, AppState& state, float width);
void DrawFindTab(Ui& ui, AppState& state, float width);
void DrawMapHead(Ui& ui, AppState& state, float width);
void DrawMapTab(Ui& ui, AppState& state, float width);
void DrawLaunchTab(Ui& ui, AppState& state, float width);
void DrawCheckHead(Ui& ui, AppState& state, float width);
void DrawCheckTab(Ui& ui, AppState& state, float width);
// That a calibration corrects the figures, what they are without it, and how to let it go; nothing without one.
void DrawCalibration(Ui& ui, AppState& state, float width);
void DrawCompareHead(Ui& ui, AppState& state, float width);
void DrawCompareTab(Ui& ui, AppState& state, float width);

// What several tabs are made of (parts.cc).
struct Figure {
  std::string name, value, note;
};
void DrawFigures(Ui& ui, const std::vector<Figure>& figures, float width);
void DrawFact(Ui& ui, std::string_view name, const std::string& value, float width);
// A field that opens a list of names; which of them was chosen.
std::optional<size_t> Choice(Ui& ui, const char* label, const std::string_view* names, size_t count,
                             size_t current, float width, bool is_default = false);
// A setting of the load: a key of the configuration or a member of its `workload`.
void LoadSlider(Ui& ui, AppState& state, const char* label, std::string_view key, int64_t value, double most,
                float width);
void LoadNumber(Ui& ui, AppState& state, const char* label, std::string_view key, const std::string& value,
                float width);

// A table whose cells wrap, and text to be copied (plain_table.cc).
struct PlainColumn {
  std::string name;
  float share = 1;  // of the width
  bool right = false;
};
struct PlainTable {
  std::string caption;
  std::vector<PlainColumn> columns;
  std::vector<std::vector<std::string>> rows;
  std::string action;  // what a link at the end of each row does; empty: there is none
};
// The row whose action was taken.
std::optional<size_t> DrawPlainTable(Ui& ui, const PlainTable& table, float width);
// Lines as they are, those that are too long go on further in; `marks` are bytes that stand out.
void DrawTextBlock(Ui& ui, std::string_view label, std::string_view text,
                   const std::vector<std::pair<size_t, size_t>>& marks, float width);

// What can be taken away of a tab: its answer in words, its table. Under the item drawn last.
void DrawTakeMenu(Ui& ui, AppState& state, bool opened, bool answer);

// Where what is shown is from, as links: addresses, or paths from this page to another of the site (sources_view.cc).
struct Source {
  std::string text, address;
};
enum class SourceKind : uint8_t { kModel, kCard, kMeasured };
std::vector<Source> SourcesOf(const AppState& state, SourceKind kind);
void DrawSources(Ui& ui, AppState& state, const std::vector<Source>& sources, float width);
// Where the prices are from.
void DrawPriceNote(Ui& ui, AppState& state, float width);

// Chips behind a word in grey, which stands in the line of the first of them, in as many lines as they need; the export
// at the right end of one.
class ChipRow {
 public:
  ChipRow(Ui& ui, std::string_view word, float width);
  bool Add(std::string_view text, bool selected, std::string_view id = {});
  // A word, and a chip that opens a list; which of it was chosen.
  std::optional<size_t> Choose(const char* id, std::string_view word, const std::string& current,
                               const std::vector<std::string>& names);
  void Word(std::string_view word);
  void Export(AppState& state);
  void End();

 private:
  void MakeRoom(float width);
  Ui& ui_;
  std::string word_;
  bool word_waits_ = false;  // for its first chip
  ImVec2 at_;
  float width_, height_, x_ = 0, y_ = 0;
};

// What a link asks for that is not known, and what is near, in place of an answer.
void DrawUnknown(Ui& ui, AppState& state, float width);

// The label of the field that asks for this key, or for what an error calls so; empty where there is none.
std::string_view FieldLabel(std::string_view field);

// Everything in one searched list, and the keys (palette_view.cc): drawn when state.view asks for them. And the questions
// that people come with, as chips.
void DrawPalette(Ui& ui, AppState& state);
void DrawPresets(Ui& ui, AppState& state, float width);

// A sentence on a field, a term or a figure of that label, for those who do not know it (glossary.cc); empty: none.
std::string_view HelpOn(std::string_view label);

// A sentence of the core with the page's labels in place of the keys of a configuration.
std::string PageWords(std::string_view text);
std::string InSentence(std::string name);  // "Longest context" within a sentence; "GPU count" and "RoPE" stay

// How people call things.
std::string FormatName(std::string_view id);            // "AWQ int4"
std::string FormatQualifier(const Resolved& resolved);  // "g128"
std::string ModelQualifier(const Model& model);         // "70.6B dense", "235B, 22B active"
std::string ModelTitle(const Resolved& resolved);
std::string CompactNumber(double value);  // "24", "0.92", "17.5"
std::string RoundedNumber(double value);  // the same of three digits: "30" of 29.994
// A size in what the page shows sizes in, and that apart: "37.4", "GiB".
std::string SizeFigure(const Ui& ui, Bytes bytes, int decimals);
std::string UnitOf(const Ui& ui);
SizeUnits UnitsOf(const Ui& ui);

// Places things side by side, or below each other where there is no room: call Next() before each, End()
// after.
class SideBySide {
 public:
  SideBySide(float width, int count, float gap, float least);
  float cell() const { return cell_; }
  void Next();
  void End();

 private:
  ImVec2 at_;
  float cell_, gap_, bottom_;
  int count_, next_ = 0;
};

// A row of a form inside a menu: name, then - value +.
bool Stepper(Ui& ui, AppState& state, std::string_view label, std::string_view key, int64_t value,
             float width);

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_VIEWS_VIEWS_H_
