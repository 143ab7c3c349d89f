// The page's state: the configuration that is being edited, its answer, and what only concerns the view.
//
// Everything that changes the configuration is an Action, whoever asks (a widget, the HTML form, a link):
// JSON keys of the contract with their new values, where null means the engine's own default. A refused
// action leaves the last good state alone and becomes the notice. The answer is computed once per accepted
// change; explanations and JSON only when somebody looks.
#ifndef PLIMSOLL_WEB_APP_STATE_H_
#define PLIMSOLL_WEB_APP_STATE_H_

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/catalog/catalog.h"
#include "core/config/config.h"
#include "core/config/config_keys.h"
#include "core/estimate/cost.h"
#include "core/estimate/estimate.h"
#include "core/files/model_file.h"
#include "core/files/model_file_json.h"
#include "core/resolve/report.h"
#include "core/resolve/resolved.h"
#include "core/solve/solver.h"
#include "core/solve/ways_out.h"
#include "core/weights/weights.h"
#include "web/check_state.h"
#include "web/compare_state.h"
#include "web/errands.h"
#include "web/find_state.h"
#include "web/hub_state.h"
#include "web/launch_state.h"
#include "web/map_state.h"
#include "web/range_state.h"
#include "web/row_ranges.h"
#include "web/schedule_state.h"

namespace plimsoll {

struct KeyChange {
  std::string key;
  Json value;
};
using Action = std::vector<KeyChange>;

// A price or time that the reader may set, in the unit in which it is asked for. The rent is that of the current card.
struct Price {
  std::string_view key, label;
  double CostInputs::*value;
  double unit, most;
};
inline constexpr std::array<Price, 7> kPrices = {
    {{"rent", "Renting a card, $ per hour", nullptr, 1, kMostRent},
     {"buy", "Buying a card, $", &CostInputs::usd_per_card, 1, 1e7},
     {"power", "Power, $ per kWh", &CostInputs::usd_per_kwh, 1, 100},
     {"hours", "Hours of use a day", &CostInputs::hours_per_day, 1, 24},
     {"years", "Years of use", &CostInputs::years, 1, 50},
     {"download", "Download, Gbit/s", &CostInputs::link_bits_per_s, 1e9, 1e4},
     {"disk", "Disk, GB/s", &CostInputs::disk_bytes_per_s, 1e9, 1e4}}};

// The tab that a link opens which names none.
inline constexpr std::string_view kFirstTab = "memory";

// What the page remembers about itself; never part of a link.
struct ViewState {
  std::string press;  // "role:label" of an item that the HTML form presses, taken by the next frame
  CostInputs cost;    // the reader's prices and times; of these only rents are part of a link
  SizeUnits units = SizeUnits::kBinary;
  std::string ask;                      // what the browser is to do: "copy-table", "save-csv", …
  int64_t asked = 0;                    // how often
  char name[81] = {};                   // that is being typed for a column
  std::optional<Config> under_pointer;  // what the key that pins would pin; of the last frame
  int inventory_by = 0;                 // role, type, layer
  std::set<std::string> open_terms;
  bool tensors_open = false;  // of the opened weights
  bool more_options = false;
  bool more_load = false;  // of the Schedule tab
  bool wants_trace = false;
  int64_t session = 1;                             // that it shows turn by turn
  bool options_unfolded = false;                   // on a phone
  char search[512] = {};                           // of the picker that is open
  int search_row = 0;                              // of the rows found, the one that Enter takes
  int64_t files_asked = 0;                         // how often somebody asked to open a file
  bool palette_asked = false, keys_asked = false;  // to be opened by the next frame
  bool fault_shown = false;                        // what was refused stands at its field
  std::string to_copy;       // what the browser is asked to put on the clipboard, or to open
  bool alerts_open = false;  // of the Launch tab
  bool file_open = true;     // the table of the file's tensors
  int file_by = 0;           // as inventory_by
};

// A file that somebody gave to read: only its header is, here, and nothing of it goes into a link but what
// it says of a configuration.
struct GivenFile : ReadFile {
  std::string name;
  bool selected = false;  // its architecture is the model of the page
  bool fetched = false;   // from a hub, not from the reader's disk
};

class AppState {
 public:
  // REQUIRES: `catalog` outlives the state and knows the model and GPU of kStart.
  explicit AppState(const Catalog& catalog);

  // Views hold references into the report while they draw. A change between BeginFrame and EndFrame therefore
  // keeps the old report alive, so that the frame ends with the report that it began with.
  void BeginFrame() { drawing_ = true; }
  void EndFrame() {
    drawing_ = false;
    outdated_.clear();
  }

  Inquiry& inquiry() { return answer_->inquiry; }
  const Catalog& catalog() const { return *catalog_; }
  const Config& config() const { return *answer_->config; }
  const Resolved& resolved() const { return *answer_->resolved; }
  const Report& report() const { return answer_->report; }
  const Explanation& explanation();
  // The checkpoint's tensors; listed when somebody looks.
  const std::vector<InventoryRow>& inventory();
  // Found anew when `settled`; else the last ones found.
  const std::vector<WayOut>& ways_out(bool settled);
  const std::string& ConfigText();    // JSON
  const std::string& FragmentText();  // without '#'
  const std::string& ReportText();    // JSON, the same bytes as `plimsoll estimate --json`
  std::string AnswerText();           // JSON: {"units", "headline", "detail"}, as they are shown
  std::string WaysText();             // JSON: [{"label", "figures"}], found anew where something has changed
  // The key was not given: the engine's own default stands.
  bool IsDefault(std::string_view key) const;

  // What the configuration would come to with one key changed: for the lists that people choose from. Remembered until
  // something changes.
  struct Outcome {
    bool known = false;
    Verdict verdict = Verdict::kInvalid;
    Bytes download;
  };
  const Outcome& WhatIf(std::string_view key, const Json& value);

  // False, with a notice, when refused. Text is read as a flag's: "3,1", "{…}", "auto".
  bool Dispatch(const Action& action);
  // A switch of the configuration; back to the default where that says the same, so that links stay short.
  bool Turn(const ConfigKey& key, bool on);
  // {key: value, …}; keys that begin with "view." are the view's: tab, press, trace, and those of kPrices.
  bool DispatchJson(std::string_view text);
  // One member of the configuration's `workload`; null takes it out.
  bool SetWorkload(std::string_view member, Json value);
  bool Load(const Config& config);
  bool LoadJson(std::string_view text);
  bool LoadFragment(std::string_view fragment);

  // Takes what a worker has read of a model's files: ReadFileToJson, with the name that is shown as "name". It becomes
  // given_file(); where it tells an architecture that we know, that becomes the model. Refused: see the notice, and nothing
  // else has changed.
  bool TakeFileJson(std::string_view text);
  const GivenFile* given_file() const { return given_file_.get(); }
  void ForgetFile();
  int64_t file_version() const { return file_version_; }  // grows when given_file() becomes another
  std::string FileText() const;  // JSON: what the form shows of it; "null" without one

  // A text to be checked, which opens the Check tab; one that is checked elsewhere, {"text": its beginning, "note"},
  // and what was said of that.
  void CheckText(std::string_view text);
  bool CheckBeginning(std::string_view json);
  void TakeChecked(std::string_view json);

  // A model by a name that people have for it: one of the catalog with the format that the name tells, or a file of
  // a repository there. False: the catalog has none of that name, and nothing has changed.
  bool TakeModelNamed(std::string_view name);
  // Has the browser ask the hub for a repository, which is said where it is asked for; StopHub gives it up.
  void AskHub(std::string_view name);
  void StopHub();
  // From the browser: {"host"}, {"progress"}, {"error"}, or what HubModelJson writes.
  bool TakeHubJson(std::string_view text);

  int64_t version() const { return version_; }                // grows with every accepted change
  int64_t answer_version() const { return answer_version_; }  // … of the configuration or its prices
  // The open tab by its id, which is its name in lower case: "memory". One that is not known opens the first.
  const std::string& tab() const { return tab_; }
  void OpenTab(std::string_view name);
  // Something that the link says of the page has changed.
  void PageChanged();
  bool Refuse(const Error& error);  // it becomes the notice; always false
  bool SetPrice(const Price& price, const Json& value);
  void TurnUnits();  // GiB or GB, of everything that is shown
  // Nothing was asked yet: what stands there is where the page begins.
  bool untouched() const { return version_ == untouched_version_; }
  bool SetRent(const std::string& gpu, const Json& value);  // null or 0: the catalog's again
  bool SetTrace(std::string_view csv);
  const std::string& notice() const { return notice_; }
  // What was refused last, as long as the notice says so; nullptr: nothing. Its field is a key or a label.
  const Error* fault() const { return refused_ && notice_ == refused_->Message() ? &*refused_ : nullptr; }
  // A link that names what this version does not know. It stands in place of the answer until something else is loaded.
  struct UnknownInLink {
    std::string key, given;            // "model", "lama-3.1-70b"
    std::vector<std::string> nearest;  // ids
    Config config;
  };
  const UnknownInLink* unknown_in_link() const { return unknown_in_link_ ? &*unknown_in_link_ : nullptr; }
  bool LoadNearest(const std::string& id);  // what the link asks for, with that id instead of the unknown one
  void ClearNotice() { notice_.clear(); }

  ViewState view;
  ScheduleState schedule;
  CompareState compare;
  FindState find;
  CheckState check;
  HubState hub;
  LaunchState launch;
  MapState map;
  RangeState range;
  RowRanges row_ranges;
  Errands errands;  // of those above that ask the worker

  // A change of `compare` that somebody made.
  void Pin();
  bool IsPinned() const;  // whether the configuration stands in the comparison
  void PinOther(const Config& other);
  // A wish that is none of a configuration: dollars an hour, watts. Null or 0: none.
  bool SetLimit(double FindAsk::*limit, std::string_view key, const Json& value);
  // What the browser is asked to do with what is shown: "copy-table", "copy-markdown", "save-csv", "save-png",
  // "save-svg".
  void AskBrowser(std::string_view what);
  void CopyText(std::string_view text);
  void OpenLink(std::string_view address);  // beside the page

 private:
  bool SetView(std::string_view key, const Json& value);

  struct Answer {
    std::unique_ptr<Config> config;
    Inquiry inquiry;  // of the estimate and all that is asked beside it
    std::unique_ptr<Resolved> resolved;
    Report report;
    std::optional<Explanation> explanation;
    std::optional<std::vector<InventoryRow>> inventory;
    std::string config_text, fragment_text, report_text;
  };

  Result<std::unique_ptr<Answer>> Answered(const Config& config) const;
  void TakeAnswer(std::unique_ptr<Answer> answer);
  Result<Config> Changed(const Action& action) const;
  void NameTheUnknown(const Config& config);
  bool TakeFileConfig(const Config& from);
  void TakeFile(std::string name, ReadFile read);

  using UnknownKeys = std::vector<std::pair<std::string, std::string>>;
  void CarryOn(UnknownKeys unknown);
  UnknownKeys PagePairs() const;
  void TakePage(const UnknownKeys& pairs);

  const Catalog* catalog_;
  std::unique_ptr<Answer> answer_;
  std::vector<std::unique_ptr<Answer>> outdated_;  // of the frame that is being drawn
  bool drawing_ = false;
  // Of the link that was loaded: keys that this version does not know. The page's own link carries them on.
  UnknownKeys unknown_;
  std::vector<WayOut> ways_out_;
  int64_t ways_out_version_ = -1;
  std::string notice_;
  std::optional<Error> refused_;
  std::optional<UnknownInLink> unknown_in_link_;
  std::map<std::string, Outcome> outcomes_;  // of outcomes_version_, by key and value
  int64_t outcomes_version_ = -1;
  std::unique_ptr<GivenFile> given_file_;
  int64_t file_version_ = 0;
  std::string tab_ = std::string(kFirstTab);
  int64_t version_ = 0, untouched_version_ = 0;
  int64_t answer_version_ = 0;
};

// "16k", "16,384", "1.5M" as a number; anything else stays text, for the configuration reader to refuse.
// Empty: null, the default.
Json TypedNumber(std::string_view text);

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_APP_STATE_H_
