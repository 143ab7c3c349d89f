#include "web/app_state.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/decimal.h"
#include "core/base/kin_names.h"
#include "core/base/percent.h"
#include "core/base/text.h"
#include "core/catalog/model_names.h"
#include "core/config/config_codec.h"
#include "core/config/config_keys.h"
#include "core/config/config_url.h"
#include "core/config/config_value.h"
#include "core/engines/file_config.h"
#include "core/engines/registry.h"
#include "core/engines/settle.h"
#include "core/estimate/report_json.h"
#include "core/estimate/verdict.h"
#include "core/resolve/resolved_keys.h"
#include "core/schedule/simulation_report.h"

namespace plimsoll {
namespace {

// What the page shows before anybody chose anything.
constexpr std::string_view kStart = "m=llama-3.1-8b&g=rtx-4090&ctx=16384&c=8";

constexpr int kWaysShown = 4;
constexpr size_t kFileRowsShown = 400;  // of a file whose tensors all differ

bool Touches(const Action& action, std::string_view key) {
  return std::any_of(action.begin(), action.end(),
                     [key](const KeyChange& change) { return change.key == key; });
}

bool IsGguf(const Config& config) { return config.format.AsString().rfind("gguf-", 0) == 0; }

// Settings that another choice has made meaningless are let go, so that a click never ends in a refusal.
void FollowModel(const Catalog& catalog, Config* config) {
  const Model* model = catalog.FindModel(config->model);
  if (model == nullptr) return;
  config->inline_model = Json();
  const int64_t longest = model->architecture().max_positions;
  if (longest > 0 && config->max_model_len.value_or(0) > longest) config->max_model_len.reset();
  if (!config->format.is_string()) config->format = Json();  // exceptions of another model's checkpoint
}

// What `config` asks for; the default where it names none or none that is known.
const Engine& AskedEngine(const Config& config) {
  const Engine* engine = FindEngine(config.engine);
  return engine != nullptr ? *engine : *Engines().front();
}

void FollowEngine(Config* config) {
  const Engine& engine = AskedEngine(*config);
  const bool gguf = engine.traits().reads_gguf;
  config->engine_version.clear();
  if (gguf && !IsGguf(*config)) config->format = Json(engine.UsualFormat(nullptr));
  if (!gguf && IsGguf(*config)) config->format = Json();
  config->kv_cache_dtype.reset();
  if (engine.traits().layout == CardLayout::kSplit && !config->gpus) {
    // The degrees, which go below, said how many cards there are.
    const int64_t cards = config->tp.value_or(1) * config->pp.value_or(1) * config->dp.value_or(1);
    if (cards > 1) config->gpus = CeilDiv(cards, config->nodes.value_or(1));
  }
  for (const ConfigKey& key : ConfigKeys()) {
    if (!Takes(engine.traits(), key)) (void)SetConfigValue(key, Json(), config);
  }
}

void FollowFormat(Config* config) {
  if (AskedEngine(*config).traits().reads_gguf == IsGguf(*config)) return;
  const Json format = config->format;
  const Engine& other = IsGguf(*config) ? GgufEngine() : *Engines().front();
  config->engine = other.traits().id;
  FollowEngine(config);
  config->format = format;
}

// A load that names users or lengths of its own would not heed the key that was changed.
void FollowLoad(const Action& action, Config* config) {
  if (!config->workload.is_object() || Touches(action, "workload")) return;
  for (const std::string_view key : {"concurrency", "prompt_tokens", "output_tokens"}) {
    if (Touches(action, key)) config->workload = WorkloadFollowing(config->workload, key);
  }
  if (config->workload.members().empty()) config->workload = Json();
}

void FollowCards(const Action& action, Config* config) {
  if (Touches(action, "gpu")) config->gpu_memory_mib.clear();
  const bool degrees = Touches(action, "tp") || Touches(action, "pp") || Touches(action, "dp");
  if (degrees || !(Touches(action, "gpus") || Touches(action, "nodes"))) return;
  const int64_t cards = config->gpus.value_or(1) * config->nodes.value_or(1);
  const int64_t ranks = config->tp.value_or(1) * config->pp.value_or(1) * config->dp.value_or(1);
  if (ranks == cards) return;
  config->tp.reset();
  config->pp.reset();
  config->dp.reset();
  if (config->gpu.size() > 1) config->gpu.resize(1);
}

}  // namespace

AppState::AppState(const Catalog& catalog) : catalog_(&catalog) {
  LoadFragment(kStart);
  view.cost.usd_per_kwh = kUsualUsdPerKwh;
  untouched_version_ = version_;
}

bool AppState::Refuse(const Error& error) {
  notice_ = error.Message();
  refused_ = error;
  view.fault_shown = false;
  return false;
}

Result<std::unique_ptr<AppState::Answer>> AppState::Answered(const Config& config) const {
  auto answer = std::make_unique<Answer>();
  answer->config = std::make_unique<Config>(config);
  answer->inquiry.units = view.units;
  Result<Resolved> resolved = Settle(*answer->config, *catalog_, &answer->inquiry);
  if (!resolved.ok()) return resolved.error();
  answer->resolved = std::make_unique<Resolved>(std::move(resolved).value());
  answer->report = EstimateResolved(*answer->resolved);
  return answer;
}

void AppState::TakeAnswer(std::unique_ptr<Answer> answer) {
  if (drawing_ && answer_ != nullptr) outdated_.push_back(std::move(answer_));
  answer_ = std::move(answer);
}

bool AppState::Load(const Config& config) {
  Result<std::unique_ptr<Answer>> answer = Answered(config);
  if (!answer.ok()) return Refuse(answer.error());
  notice_.clear();
  if (unknown_in_link_) ++version_;
  unknown_in_link_.reset();
  if (answer_ != nullptr && *answer_->config == config) return true;
  TakeAnswer(std::move(*answer));
  const Json* from = answer_->config->inline_model.Find("_name_or_path");
  if (hub.stage == HubState::Stage::kTaken && (from == nullptr || from->AsString() != hub.repository))
    hub.stage = HubState::Stage::kNone;
  ++version_;
  ++answer_version_;
  compare.CurrentIs(*answer_->config);
  return true;
}

Result<Config> AppState::Changed(const Action& action) const {
  Config config = answer_->config == nullptr ? Config() : *answer_->config;
  for (const KeyChange& change : action) {
    const ConfigKey* key = FindConfigKey(change.key);
    if (key == nullptr) return Error{change.key, "a setting", "one of the configuration's own settings"};
    const auto error = change.value.is_string() ? SetConfigText(*key, change.value.AsString(), &config)
                                                : SetConfigValue(*key, change.value, &config);
    if (error) return *error;
  }
  FollowLoad(action, &config);
  if (Touches(action, "model")) FollowModel(*catalog_, &config);
  if (Touches(action, "engine")) {
    FollowEngine(&config);
  } else if (Touches(action, "format")) {
    FollowFormat(&config);
  }
  FollowCards(action, &config);
  return config;
}

bool AppState::Dispatch(const Action& action) {
  const Result<Config> config = Changed(action);
  if (!config.ok()) return Refuse(config.error());
  const EngineTraits* const before = answer_->resolved ? answer_->resolved->engine : nullptr;
  const std::string format = config->format.AsString().empty() ? "" : std::string(config->format.AsString());
  if (!Load(*config)) return false;
  const EngineTraits& now = *resolved().engine;
  if (before != nullptr && before != &now && !Touches(action, "engine")) {
    notice_ = std::string(before->name) + " does not read " + (format.empty() ? "this" : Quoted(format)) +
              ": the engine is now " + std::string(now.name) + ".";
  }
  return true;
}

const AppState::Outcome& AppState::WhatIf(std::string_view key, const Json& value) {
  if (outcomes_version_ != answer_version_) outcomes_.clear();
  outcomes_version_ = answer_version_;
  const auto [at, fresh] = outcomes_.try_emplace(std::string(key) + "=" + value.Dump());
  if (!fresh) return at->second;
  const Result<Config> config = Changed({{std::string(key), value}});
  if (!config.ok()) return at->second;
  const Result<Report> report = Estimate(*config, *catalog_);
  if (report.ok()) at->second = {true, report->verdict, report->weights.checkpoint};
  return at->second;
}

bool AppState::Turn(const ConfigKey& key, bool on) {
  const std::string name(key.json);
  if (!IsDefault(name)) {
    if (!Dispatch({{name, Json()}})) return false;
    if (ResolvedValue(resolved(), key) == Json(on)) return true;
  }
  return Dispatch({{name, Json(on)}});
}

bool AppState::DispatchJson(std::string_view text) {
  const Result<Json> object = Json::Parse(text, "action");
  if (!object.ok()) return Refuse(object.error());
  Action action;
  for (const auto& [key, value] : object->members()) {
    if (key.rfind("view.", 0) != 0) {
      action.push_back({key, value});
    } else if (!SetView(std::string_view(key).substr(5), value)) {
      return false;
    }
  }
  return Dispatch(action);
}

bool AppState::SetPrice(const Price& price, const Json& value) {
  if (price.value == nullptr)
    return SetRent(resolved().cards.empty() ? "" : resolved().cards.front().gpu->id, value);
  const double number = value.is_null() ? 0 : value.is_number() ? value.AsDouble().value_or(-1) : -1;
  if (!(number >= 0 && number <= price.most)) {
    return Refuse({std::string(price.label), value.is_string() ? Quoted(value.AsString()) : value.Dump(),
                   "a number from 0 to " + CountText(static_cast<int64_t>(price.most))});
  }
  view.cost.*price.value = number * price.unit;
  ++version_;
  ++answer_version_;
  return true;
}

void AppState::TurnUnits() {
  view.units = view.units == SizeUnits::kBinary ? SizeUnits::kDecimal : SizeUnits::kBinary;
  // What is written of it says sizes, too.
  Result<std::unique_ptr<Answer>> answer = Answered(*answer_->config);
  if (answer.ok()) TakeAnswer(std::move(*answer));
  ++answer_version_;
  ++version_;
}

bool AppState::SetRent(const std::string& gpu, const Json& value) {
  const double number = value.is_null() ? 0 : value.is_number() ? value.AsDouble().value_or(-1) : -1;
  if (!(number >= 0 && number <= kMostRent) || catalog_->FindGpu(gpu) == nullptr) {
    return Refuse({"rent", value.is_string() ? Quoted(value.AsString()) : value.Dump(),
                   "dollars per card and hour, from 0 to " + CountText(static_cast<int64_t>(kMostRent))});
  }
  if (number > 0) {
    view.cost.rents[gpu] = number;
  } else {
    view.cost.rents.erase(gpu);
  }
  ++answer_version_;
  PageChanged();
  return true;
}

bool AppState::SetLimit(double FindAsk::*limit, std::string_view key, const Json& value) {
  const double number = value.is_null() ? 0 : value.is_number() ? value.AsDouble().value_or(-1) : -1;
  if (!(number >= 0 && number <= 1e6)) {
    return Refuse({std::string(key), value.is_string() ? Quoted(value.AsString()) : value.Dump(),
                   "a number from 0 to 1,000,000"});
  }
  find.ask.*limit = number;
  PageChanged();
  return true;
}

bool AppState::IsPinned() const {
  return !compare.empty() && compare.Columns(config(), *catalog_).own_is == OwnColumn::kPinned;
}

void AppState::Pin() {
  if (const auto error = compare.Pin(config(), *catalog_)) {
    Refuse(*error);
    return;
  }
  PageChanged();
}

void AppState::PinOther(const Config& other) {
  if (const auto error = compare.PinOther(other, config(), *catalog_)) {
    Refuse(*error);
    return;
  }
  PageChanged();
}

void AppState::AskBrowser(std::string_view what) {
  view.ask = what;
  ++view.asked;
}

void AppState::CopyText(std::string_view text) {
  view.to_copy = text;
  AskBrowser("copy-shown");
}

void AppState::OpenLink(std::string_view address) {
  view.to_copy = address;
  AskBrowser("open-link");
}

bool AppState::SetTrace(std::string_view csv) {
  if (const auto error = schedule.SetTrace(csv)) return Refuse(*error);
  OpenTab("Schedule");
  ++version_;
  return true;
}

bool AppState::SetView(std::string_view key, const Json& value) {
  if (key == "trace") return SetTrace(value.AsString());
  for (const Price& price : kPrices) {
    if (key == price.key) return SetPrice(price, value);
  }
  if (key == "palette" || key == "keys") {
    (key == "palette" ? view.palette_asked : view.keys_asked) = true;
  } else if (key == "press") {
    view.press = value.AsString();
  } else if (key == "units") {
    if ((value.AsString() == "GB") != (view.units == SizeUnits::kDecimal)) TurnUnits();
  } else if (key == "way") {
    for (const WayOut& way : ways_out(true)) {
      if (way.label == value.AsString()) return Load(Config(way.config));
    }
    return Refuse({"way", value.Dump(), "one of those that are shown"});
  } else if (key == "budget" || key == "watts") {
    return SetLimit(key == "budget" ? &FindAsk::usd_per_h : &FindAsk::watts, key, value);
  } else if (key == "check") {
    CheckText(value.AsString());
  } else if (key == "hub") {
    if (value.Has("stop")) return StopHub(), true;
    hub.SetFrom(value);
    const std::string name = hub.name;
    if (!TakeModelNamed(name)) {
      AskHub(name);
    } else {
      hub.stage = HubState::Stage::kNone;
      hub.text = Quoted(name) + " is " + resolved().model->name + " of the catalog; nobody was asked.";
    }
  } else if (key == "tab") {
    OpenTab(value.AsString());
  } else {
    return Refuse({"view." + std::string(key), "a setting", "one of the view's own settings"});
  }
  return true;
}

void AppState::OpenTab(std::string_view name) {
  if (tab_ == Lower(name)) return;
  tab_ = Lower(name);
  PageChanged();
}

void AppState::PageChanged() {
  answer_->fragment_text.clear();
  ++version_;
}

AppState::UnknownKeys AppState::PagePairs() const {
  UnknownKeys pairs;
  if (tab_ != kFirstTab) pairs.emplace_back("t", PercentEncode(tab_));
  const std::string columns = compare.Encode(config(), *catalog_);
  if (!columns.empty()) pairs.emplace_back("cmp", columns);
  if (!columns.empty() && compare.together) pairs.emplace_back("tog", "1");
  const std::string axes = EncodeMapAxes(map.ask);
  if (!axes.empty()) pairs.emplace_back("map", axes);
  const std::string asked = EncodeFindAsk(find.ask);
  if (!asked.empty()) pairs.emplace_back("find", asked);
  if (!view.cost.rents.empty()) pairs.emplace_back("price", EncodeRentPrices(view.cost.rents));
  return pairs;
}

void AppState::TakePage(const UnknownKeys& pairs) {
  std::string tab(kFirstTab), columns, together, rents, asked, axes;
  for (const auto& [key, value] : pairs) {
    if (key == "t") tab = PercentDecode(value).value_or("");
    if (key == "cmp") columns = value;
    if (key == "tog") together = value;
    if (key == "price") rents = value;
    if (key == "find") asked = value;
    if (key == "map") axes = value;
  }
  OpenTab(tab);
  const std::string before = compare.Encode(config(), *catalog_);
  if (const auto error = compare.Decode(columns, config(), *catalog_)) Refuse(*error);
  if (before != columns) PageChanged();
  if (!together.empty() && together != "0" && together != "1") Refuse({"tog", Quoted(together), "1 or 0"});
  if (compare.together != (together == "1")) {
    compare.together = !compare.together;
    PageChanged();
  }
  const std::string axes_before = EncodeMapAxes(map.ask);
  if (const auto error = DecodeMapAxes(axes, &map.ask)) Refuse(*error);
  if (EncodeMapAxes(map.ask) != axes_before) PageChanged();
  Result<FindAsk> search = DecodeFindAsk(asked);
  if (!search.ok()) {
    Refuse(search.error());
  } else if (!(*search == find.ask)) {
    find.ask = *search;
    PageChanged();
  }
  Result<RentPrices> prices = DecodeRentPrices(rents);
  if (!prices.ok()) {
    Refuse(prices.error());
  } else if (*prices != view.cost.rents) {
    view.cost.rents = std::move(*prices);
    ++answer_version_;
    PageChanged();
  }
}

bool AppState::SetWorkload(std::string_view member, Json value) {
  Json workload;
  for (const auto& [name, given] : config().workload.members()) {
    if (name != member) workload.Set(name, given);
  }
  if (!value.is_null()) workload.Set(member, std::move(value));
  return Dispatch({{"workload", std::move(workload)}});
}

void AppState::CarryOn(UnknownKeys unknown) {
  if (unknown_ == unknown) return;
  unknown_ = std::move(unknown);
  answer_->fragment_text.clear();
  ++version_;
}

bool AppState::LoadJson(std::string_view text) {
  const Result<DecodedConfig> decoded = DecodeConfigJsonText(text);
  if (!decoded.ok()) return Refuse(decoded.error());
  if (!Load(decoded->config)) return false;
  CarryOn({});
  return true;
}

namespace {

// The three ids most like one that is not known: its kin, else by the words that they share.
std::vector<std::string> NearestIds(std::string_view given, std::vector<std::string_view> ids) {
  constexpr size_t kMost = 3;
  std::vector<std::string> nearest;
  while (nearest.size() < kMost) {
    const std::string_view one = NearestKin(given, ids);
    if (one.empty()) break;
    nearest.emplace_back(one);
    ids.erase(std::find(ids.begin(), ids.end(), one));
  }
  const auto shared = [&](std::string_view id) {
    int count = 0;
    for (size_t start = 0; start < given.size();) {
      const size_t end = std::min(given.find_first_of("-_/. ", start), given.size());
      const std::string word = Lower(given.substr(start, end - start));
      if (word.size() > 1 && id.find(word) != std::string_view::npos) ++count;
      start = end + 1;
    }
    return count;
  };
  std::stable_sort(ids.begin(), ids.end(),
                   [&](std::string_view a, std::string_view b) { return shared(a) > shared(b); });
  for (const std::string_view id : ids) {
    if (nearest.size() == kMost || shared(id) == 0) break;
    nearest.emplace_back(id);
  }
  return nearest;
}

}  // namespace

void AppState::NameTheUnknown(const Config& config) {
  if (!refused_) return;
  UnknownInLink unknown;
  unknown.config = config;
  std::vector<std::string_view> ids;
  const auto gpu = std::find_if(config.gpu.begin(), config.gpu.end(),
                                [&](const std::string& id) { return catalog_->FindGpu(id) == nullptr; });
  if (refused_->field == "model") {
    unknown.given = config.model;
    for (const Model& model : catalog_->models()) ids.push_back(model.id);
  } else if (refused_->field.rfind("gpu", 0) == 0 && gpu != config.gpu.end()) {
    unknown.given = *gpu;
    for (const Gpu& card : catalog_->gpus()) ids.push_back(card.id);
  } else if (refused_->field.rfind("format", 0) == 0 && config.format.is_string()) {
    unknown.given = config.format.AsString();
    for (const WeightFormat& format : catalog_->formats()) ids.push_back(format.id);
  }
  if (ids.empty() || unknown.given.empty()) return;
  unknown.key = refused_->field.substr(0, refused_->field.find_first_of("[."));
  unknown.nearest = NearestIds(unknown.given, std::move(ids));
  unknown_in_link_ = std::move(unknown);
}

bool AppState::LoadNearest(const std::string& id) {
  if (!unknown_in_link_) return false;
  Config config = unknown_in_link_->config;
  if (unknown_in_link_->key == "model") config.model = id;
  if (unknown_in_link_->key == "format") config.format = Json(id);
  if (unknown_in_link_->key == "gpu")
    std::replace(config.gpu.begin(), config.gpu.end(), unknown_in_link_->given, id);
  return Load(config);
}

namespace {

// A link that leads to a tab and names no model is meant for whichever stands there at first; what else it sets is kept.
std::string OpenedByTab(DecodedConfig* decoded) {
  const bool has_model = !decoded->config.model.empty() || decoded->config.inline_model.is_object();
  const auto is_tab = [](const auto& pair) { return pair.first == "t"; };
  if (has_model || std::none_of(decoded->page.begin(), decoded->page.end(), is_tab)) return {};
  const Result<DecodedConfig> start = DecodeConfigUrl(kStart);
  if (!start.ok()) return {};
  Config config = start->config;
  std::string kept;
  for (const ConfigKey& key : ConfigKeys()) {
    if (!IsConfigValueGiven(decoded->config, key)) continue;
    if (!SetConfigValue(key, GetConfigValue(decoded->config, key), &config)) kept = "given";
  }
  decoded->config = std::move(config);
  return kept.empty() ? std::string()
                      : "The link names no model; it is opened with " + decoded->config.model + ".";
}

}  // namespace

bool AppState::LoadFragment(std::string_view fragment) {
  Result<DecodedConfig> decoded = DecodeConfigUrl(fragment);
  if (!decoded.ok()) return Refuse(decoded.error());
  const std::string opened = OpenedByTab(&*decoded);
  if (!Load(decoded->config)) {
    NameTheUnknown(decoded->config);
    return false;
  }
  CarryOn(decoded->unknown);
  TakePage(decoded->page);
  if (!opened.empty()) notice_ = opened;
  for (const Diagnostic& diagnostic : decoded->diagnostics) {
    if (!notice_.empty()) notice_.append(" ");
    notice_.append(diagnostic.message);
  }
  return true;
}

bool AppState::TakeFileJson(std::string_view text) {
  // What our own worker wrote.
  constexpr JsonLimits kLimits = {int64_t{64} << 20, 64, 4000000};
  const Result<Json> json = Json::Parse(text, "file", kLimits);
  if (!json.ok()) return Refuse(json.error());
  Result<ReadFile> read = ReadFileFromJson(*json);
  if (!read.ok()) return Refuse(read.error());
  const Json* name = json->Find("name");
  TakeFile(name == nullptr ? "" : std::string(name->AsString()), std::move(*read));
  return true;
}

void AppState::TakeFile(std::string name, ReadFile read) {
  notice_.clear();
  auto given = std::make_unique<GivenFile>();
  static_cast<ReadFile&>(*given) = std::move(read);
  given->name = std::move(name);
  const std::optional<Config> told = ConfigOfFile(given->file);
  given->selected = told.has_value() && TakeFileConfig(*told);
  // The header of the weights stays in view beside the config.json that names their architecture.
  const bool describes = given->file.kind == FileKind::kConfig && given_file_ != nullptr;
  if (describes && given_file_->file.kind == FileKind::kSafetensors) {
    given_file_->selected = given->selected;
  } else {
    given_file_ = std::move(given);
    view.file_open = true;
  }
  ++file_version_;
}

void AppState::ForgetFile() {
  given_file_.reset();
  ++file_version_;
}

void AppState::CheckText(std::string_view text) {
  check.Take(text);
  OpenTab("Check");
  ++version_;
}

bool AppState::CheckBeginning(std::string_view json) {
  const Result<Json> read = Json::Parse(json, "check");
  if (!read.ok()) return Refuse(read.error());
  const Json* text = read->Find("text");
  const Json* note = read->Find("note");
  check.TakeBeginning(text == nullptr ? "" : text->AsString(), note == nullptr ? "" : note->AsString());
  OpenTab("Check");
  ++version_;
  return true;
}

void AppState::TakeChecked(std::string_view json) {
  check.TakeAnswer(json);
  ++version_;
}

bool AppState::TakeModelNamed(std::string_view name) {
  const std::optional<NamedModel> named = FindModelNamed(*catalog_, name);
  if (!named || !named->exact || named->model->refused()) return false;
  Action action = {{"model", Json(named->model->id)}};
  if (!named->format.empty()) action.push_back({"format", Json(named->format)});
  return Dispatch(action);
}

void AppState::AskHub(std::string_view name) {
  if (HubRepository(name).empty()) {
    hub.stage = HubState::Stage::kFailed;
    hub.text = Quoted(name) + " is no name of a repository, such as Org/Repo.";
  } else {
    hub.stage = HubState::Stage::kAsking;
    hub.text.clear();
    AskBrowser("fetch-model");
  }
  hub.name = std::string(name);
  ++version_;
}

void AppState::StopHub() {
  const bool asking = hub.stage == HubState::Stage::kAsking;
  hub.stage = HubState::Stage::kNone;
  if (asking) AskBrowser("stop-fetching");
  ++version_;
}

bool AppState::TakeHubJson(std::string_view text) {
  constexpr JsonLimits kLimits = {int64_t{64} << 20, 64, 4000000};
  const Result<Json> json = Json::Parse(text, "hub", kLimits);
  if (!json.ok()) return Refuse(json.error());
  if (const Json* host = json->Find("host")) {
    hub.host = host->AsString();
    return true;
  }
  ++version_;
  if (const Json* progress = json->Find("progress")) {
    hub.text = progress->AsString();
    return true;
  }
  const auto failed = [this](std::string_view why) {
    hub.stage = HubState::Stage::kFailed;
    hub.text = why;
    return false;
  };
  if (const Json* error = json->Find("error")) return failed(error->AsString());
  const Json* config = json->Find("config");
  if (config == nullptr) return failed("The hub's answer says nothing of a model.");
  const Result<DecodedConfig> decoded = DecodeConfigJson(*config);
  if (!decoded.ok()) return failed(decoded.error().Message());
  if (!TakeFileConfig(decoded->config)) {
    const std::string why = notice_;
    notice_.clear();
    return failed(why);
  }
  const auto text_of = [&](std::string_view key) {
    const Json* value = json->Find(key);
    return value == nullptr ? std::string() : std::string(value->AsString());
  };
  hub.repository = text_of("repository");
  hub.commit = text_of("revision");
  hub.gguf = text_of("gguf");
  hub.ggufs.clear();
  if (const Json* files = json->Find("ggufs")) {
    for (const Json& row : files->items()) {
      const Json* path = row.Find("path");
      const Json* size = row.Find("size");
      if (path != nullptr)
        hub.ggufs.emplace_back(path->AsString(), size == nullptr ? -1 : size->AsInt().value_or(-1));
    }
  }
  hub.stage = HubState::Stage::kTaken;
  hub.text.clear();
  const Json* file = json->Find("file");
  if (file == nullptr || !file->is_object()) return true;
  Result<ReadFile> read = ReadFileFromJson(*file);
  if (!read.ok()) return true;
  given_file_ = std::make_unique<GivenFile>();
  static_cast<ReadFile&>(*given_file_) = std::move(*read);
  const Json* name = file->Find("name");
  given_file_->name = hub.repository + "/" + (name == nullptr ? "" : std::string(name->AsString()));
  given_file_->selected = true;
  given_file_->fetched = true;
  view.file_open = false;
  ++file_version_;
  return true;
}

// The file's model, with the card and the load as they are.
bool AppState::TakeFileConfig(const Config& from) {
  Action action;
  const EngineTraits& now = AskedEngine(config()).traits();
  if (!from.engine.empty() && from.engine != now.id) action.push_back({"engine", Json(from.engine)});
  action.push_back({"model", from.inline_model});
  if (!from.engine.empty() || !now.reads_gguf) action.push_back({"format", from.format});
  const Json* longest = from.inline_model.Find("max_position_embeddings");
  const int64_t most = longest == nullptr ? 0 : longest->AsInt().value_or(0);
  if (most > 0 && config().max_model_len.value_or(0) > most) action.push_back({"max_model_len", Json()});
  return Dispatch(action);
}

std::string AppState::FileText() const {
  if (given_file_ == nullptr) return "null";
  const GivenFile& given = *given_file_;
  Json file = Json::MakeObject();
  file.Set("name", Json(given.name));
  file.Set("kind", Json(FileKindName(given.file.kind)));
  file.Set("format", Json(given.file.format));
  file.Set("tensors", Json(given.tensors));
  file.Set("parameters", Json(given.parameters));
  file.Set("bytes", Json(given.file.bytes.count()));
  file.Set("selected", Json(given.selected));
  Json remarks = Json::MakeArray();
  for (const std::string& remark : given.file.remarks) remarks.Append(Json(remark));
  file.Set("remarks", std::move(remarks));
  Json rows = Json::MakeArray();
  for (const InventoryRow& row : given.file.rows) {
    if (rows.items().size() >= kFileRowsShown) break;
    Json entry = Json::MakeObject();
    entry.Set("name", Json(row.name));
    entry.Set("type", Json(row.type));
    entry.Set("shape", Json(std::to_string(row.rows) + " × " + std::to_string(row.columns)));
    entry.Set("count", Json(row.count));
    entry.Set("bytes", Json(row.bytes.count()));
    rows.Append(std::move(entry));
  }
  file.Set("rows", std::move(rows));
  file.Set("rows_in_all", Json(static_cast<int64_t>(given.file.rows.size())));
  return file.Dump();
}

const std::vector<InventoryRow>& AppState::inventory() {
  if (!answer_->inventory) {
    const Resolved& resolved = *answer_->resolved;
    answer_->inventory = ListInventory(*resolved.architecture, *resolved.format, *resolved.binding);
  }
  return *answer_->inventory;
}

const Explanation& AppState::explanation() {
  if (!answer_->explanation) {
    answer_->explanation = Explain(*answer_->resolved, answer_->report);
    if (view.units != SizeUnits::kBinary) {
      answer_->explanation->headline = HeadlineText(*answer_->resolved, answer_->report, view.units);
      answer_->explanation->detail = DetailText(*answer_->resolved, answer_->report, view.units);
    }
  }
  return *answer_->explanation;
}

const std::vector<WayOut>& AppState::ways_out(bool settled) {
  if (!settled || ways_out_version_ == answer_version_) return ways_out_;
  ways_out_version_ = answer_version_;
  ways_out_ = WaysOut(*answer_->config, *catalog_, kWaysShown, &answer_->inquiry);
  return ways_out_;
}

const std::string& AppState::ConfigText() {
  if (answer_->config_text.empty()) answer_->config_text = EncodeConfigJson(*answer_->config).Dump();
  return answer_->config_text;
}

const std::string& AppState::FragmentText() {
  if (answer_->fragment_text.empty()) {
    answer_->fragment_text = EncodeConfigUrl(DecodedConfig{*answer_->config, unknown_, PagePairs(), {}});
  }
  return answer_->fragment_text;
}

const std::string& AppState::ReportText() {
  if (answer_->report_text.empty()) {
    answer_->report_text = ReportToJson(*answer_->resolved, answer_->report).Dump();
  }
  return answer_->report_text;
}

std::string AppState::WaysText() {
  Json ways = Json::MakeArray();
  for (const WayOut& way : ways_out(true))
    ways.Append(Json::MakeObject().Set("label", way.label).Set("figures", WayOutFigures(way)));
  return ways.Dump();
}

std::string AppState::AnswerText() {
  const Explanation& shown = explanation();
  return Json::MakeObject()
      .Set("units", view.units == SizeUnits::kDecimal ? "GB" : "GiB")
      .Set("headline", shown.headline)
      .Set("detail", shown.detail)
      .Dump();
}

bool AppState::IsDefault(std::string_view key) const {
  const ConfigKey* known = FindConfigKey(key);
  return known != nullptr && !IsConfigValueGiven(*answer_->config, *known);
}

Json TypedNumber(std::string_view text) {
  std::string digits;
  double factor = 1;
  for (const char c : text) {
    if (c == ',' || c == ' ' || c == '_') continue;
    if (factor != 1) return Json(text);  // something after the suffix
    if (c == 'k' || c == 'K') {
      factor = 1024;
    } else if (c == 'm' || c == 'M') {
      factor = 1024 * 1024;
    } else {
      digits.push_back(c);
    }
  }
  if (digits.empty()) return factor == 1 ? Json() : Json(text);
  size_t length = 0;
  const double value = ReadDecimal(digits, &length);
  if (length != digits.size() || !std::isfinite(value)) return Json(text);
  const double scaled = value * factor;
  if (scaled == std::floor(scaled) && std::abs(scaled) < 9e15) return Json(static_cast<int64_t>(scaled));
  return Json(scaled);
}

}  // namespace plimsoll
