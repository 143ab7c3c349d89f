#include "core/check/startup_log.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "core/base/phrase_finder.h"
#include "core/base/text.h"
#include "core/catalog/gpu_names.h"
#include "core/catalog/model_names.h"
#include "core/config/config_keys.h"
#include "core/config/config_value.h"
#include "core/engines/engine.h"
#include "core/engines/registry.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/resolve/resolved.h"
#include "core/resolve/resolved_config.h"
#include "core/validate/validation.h"

namespace plimsoll {
namespace {

// ---- lines ------------------------------------------------------------------------------------------------

constexpr size_t kLongestLine = 64 * 1024;
constexpr char kEscape = '\x1b';

// Without terminal sequences: "ESC [ … letter" and "ESC ] … BEL".
void StripColours(std::string_view line, std::string* out) {
  out->clear();
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] != kEscape) {
      out->push_back(line[i]);
      continue;
    }
    if (i + 1 >= line.size()) break;
    const char kind = line[++i];
    if (kind == '[') {
      while (i + 1 < line.size() && !(line[i + 1] >= '@' && line[i + 1] <= '~')) ++i;
      ++i;
    } else if (kind == ']') {
      while (i + 1 < line.size() && line[i + 1] != '\a') ++i;
      ++i;
    }
  }
}

// A line that a collector wrote as JSON: the text of its "log", "message" or "msg". False: it is none.
bool UnwrapJson(std::string_view line, std::string* out) {
  if (line.size() < 8 || line[0] != '{' || line[1] != '"') return false;
  for (const std::string_view key : {"\"log\":\"", "\"message\":\"", "\"msg\":\"", "\"MESSAGE\":\""}) {
    const size_t at = line.find(key);
    if (at == std::string_view::npos) continue;
    out->clear();
    for (size_t i = at + key.size(); i < line.size() && line[i] != '"'; ++i) {
      if (line[i] != '\\' || i + 1 >= line.size()) {
        out->push_back(line[i]);
        continue;
      }
      const char c = line[++i];
      if (c == 'u' && line.substr(i + 1, 4) == "001b") {
        out->push_back(kEscape);
        i += 4;
      } else {
        out->push_back(c == 'n' || c == 't' || c == 'r' ? ' ' : c);
      }
    }
    return true;
  }
  return false;
}

// ---- patterns of all engines ------------------------------------------------------------------------------

// Where names of cards begin.
constexpr std::string_view kCardBrands[] = {"NVIDIA ", "Tesla ", "AMD Radeon ", "AMD Instinct ", "GeForce "};
constexpr size_t kMostCardNames = 64;

class LogReader {
 public:
  LogReader() {
    std::vector<std::string_view> phrases;
    for (const Engine* engine : Engines()) {
      std::vector<LogPattern> patterns = engine->LogPatterns();
      if (patterns.empty()) continue;
      readings_.push_back({engine, {}});
      for (const LogPattern& pattern : patterns) {
        phrases.push_back(pattern.phrase);
        rows_.push_back({readings_.size() - 1, pattern});
      }
    }
    first_brand_ = phrases.size();
    for (const std::string_view brand : kCardBrands) phrases.push_back(brand);
    finder_ = PhraseFinder(std::move(phrases));
  }

  void Read(std::string_view text) {
    for (size_t begin = 0; begin < text.size();) {
      const void* found = std::memchr(text.data() + begin, '\n', text.size() - begin);
      const size_t end =
          found ? static_cast<size_t>(static_cast<const char*>(found) - text.data()) : text.size();
      ReadLine(text.substr(begin, std::min(end - begin, kLongestLine)));
      begin = end + 1;
    }
  }

  StartupLog Take() {
    StartupLog log;
    const Slot* best = nullptr;
    for (const Slot& slot : readings_) {
      if (best == nullptr || slot.reading.votes > best->reading.votes) best = &slot;
    }
    for (const Slot& slot : readings_) {
      // A bare traceback names no engine: the first that it means something to.
      if (best->reading.votes == 0 && !best->reading.failure && slot.reading.failure) best = &slot;
    }
    if (best != nullptr && (best->reading.votes > 0 || best->reading.failure)) {
      log.engine = best->engine;
      log.reading = best->reading;
    }
    std::vector<std::pair<int, std::string>> names;
    for (const auto& [name, count] : card_names_) names.push_back({-count, name});
    std::sort(names.begin(), names.end());
    for (auto& [count, name] : names) log.card_names.push_back(std::move(name));
    return log;
  }

 private:
  struct Slot {
    const Engine* engine;
    LogReading reading;
  };
  struct Row {
    size_t slot;
    LogPattern pattern;
  };

  void ReadLine(std::string_view line) {
    if (UnwrapJson(line, &unwrapped_)) line = unwrapped_;
    if (std::memchr(line.data(), kEscape, line.size()) != nullptr) {
      StripColours(line, &plain_);
      line = plain_;
    }
    // A progress bar writes over its own line.
    while (line.ends_with('\r')) line.remove_suffix(1);
    for (size_t from = 0; finder_.Next(line, &from, &hits_);) {
      for (const PhraseFinder::Hit& hit : hits_) TakeHit(hit, line);
    }
  }

  void TakeHit(const PhraseFinder::Hit& hit, std::string_view line) {
    if (hit.phrase >= first_brand_) return TakeCardName(line.substr(hit.at));
    const Row& row = rows_[hit.phrase];
    LogReading& reading = readings_[row.slot].reading;
    if (row.pattern.own && reading.votes < 1000000) ++reading.votes;
    row.pattern.take({line, line.substr(0, hit.at), line.substr(hit.at + row.pattern.phrase.size())},
                     &reading);
  }

  void TakeCardName(std::string_view text) {
    if (card_names_.size() >= kMostCardNames) return;
    const size_t end = text.find_first_of("\"'()[]{}|,;:<>\t=");
    std::string name(Trimmed(text.substr(0, std::min<size_t>(end, 64))));
    ++card_names_[std::move(name)];
  }

  std::vector<Slot> readings_;
  std::vector<Row> rows_;
  size_t first_brand_ = 0;
  PhraseFinder finder_{{}};
  std::map<std::string, int> card_names_;
  std::string plain_, unwrapped_;
  std::vector<PhraseFinder::Hit> hits_;
};

// ---- figures ----------------------------------------------------------------------------------------------

enum class Combine : uint8_t { kFirstRank, kSum, kLargest, kSmallest };
struct FigureRule {
  std::string_view metric;
  Combine combine;
};
// As core/validate says: the first rank's lines are published, buffers add up over devices, the compute
// buffer is the largest; a server waits for its smallest rank.
constexpr FigureRule kRules[] = {
    {"weights_gib_per_gpu", Combine::kFirstRank},
    {"activation_peak_gib", Combine::kFirstRank},
    {"non_torch_gib", Combine::kFirstRank},
    {"cuda_graph_gib", Combine::kFirstRank},
    {"kv_cache_gib_per_gpu", Combine::kFirstRank},
    {"kv_cache_tokens", Combine::kSmallest},
    {"max_concurrency", Combine::kSmallest},
    {"model_buffer_mib", Combine::kSum},
    {"kv_buffer_mib", Combine::kSum},
    {"recurrent_buffer_mib", Combine::kSum},
    {"compute_buffer_mib", Combine::kLargest},
    {"host_compute_buffer_mib", Combine::kLargest},
    {"prefill_tps", Combine::kLargest},
    {"decode_tps_per_stream", Combine::kLargest},
    {"output_tps_total", Combine::kLargest},
    {"ttft_ms", Combine::kFirstRank},
    {"tpot_ms", Combine::kFirstRank},
};

bool IsFirstRank(const std::string& device) { return device.find_first_of("123456789") == std::string::npos; }

std::optional<double> Combined(const LogReading& reading, const FigureRule& rule) {
  std::optional<double> value;
  bool first_rank = false;
  for (const LogFigure& figure : reading.figures) {
    if (figure.metric != rule.metric) continue;
    if (!value) {
      value = figure.value;
      first_rank = IsFirstRank(figure.device);
      continue;
    }
    switch (rule.combine) {
      case Combine::kFirstRank:
        if (!first_rank && IsFirstRank(figure.device)) {
          value = figure.value;
          first_rank = true;
        }
        break;
      case Combine::kSum:
        *value += figure.value;
        break;
      case Combine::kLargest:
        value = std::max(*value, figure.value);
        break;
      case Combine::kSmallest:
        value = std::min(*value, figure.value);
        break;
    }
  }
  return value;
}

// ---- the configuration ------------------------------------------------------------------------------------

void Understood(std::string text, std::string value, std::string key, CheckResult* result) {
  ReadItem item;
  item.text = std::move(text);
  item.value = std::move(value);
  item.key = std::move(key);
  item.effect = item.key.empty() ? ReadEffect::kFree : ReadEffect::kKey;
  result->understood.push_back(std::move(item));
}

void TakeModelOfLog(const StartupLog& log, const Catalog& catalog, Config* config, CheckResult* result) {
  const LogReading& reading = log.reading;
  const std::optional<NamedModel> named = FindModelNamed(catalog, reading.model);
  if (!named) {
    const std::string said = reading.model.empty()
                                 ? "The log does not name the model."
                                 : "The model " + Quoted(reading.model) + " is not in the catalog.";
    result->problems.push_back({"model_not_known", "", said,
                                "Name it, or give its config.json: then every figure is compared.",
                                Severity::kWarning});
    return;
  }
  config->model = named->model->id;
  Understood(reading.model, named->model->id, "model", result);
  if (!named->exact) result->understood.back().note = ModelByWords(reading.model, *named).message;
  const Model& model = *named->model;
  std::string format;
  if (named->checkpoint != nullptr) {
    config->format = Json(named->checkpoint->repo);
    return;
  }
  if (!named->format.empty()) format = named->format;
  if (format.empty() && !reading.format.empty()) {
    // A checkpoint that is released in such a format has its own.
    const bool own = model.native_format.starts_with(reading.format);
    if (!own) format = reading.format;
  }
  if (format.empty() || format == model.native_format) return;
  if (catalog.FindFormat(format) == nullptr) {
    result->not_understood.push_back("weights in " + format);
    return;
  }
  config->format = Json(format);
  Understood("weights in " + format, format, "format", result);
}

void TakeSettingsOfLog(const LogReading& reading, Config* config, CheckResult* result) {
  for (const Json::Member& member : reading.settings.members()) {
    const ConfigKey* key = FindConfigKey(member.first);
    const std::string value = ConfigValueText(member.second);
    if (key == nullptr || SetConfigValue(*key, member.second, config)) {
      result->not_understood.push_back(member.first + " = " + value);
      continue;
    }
    Understood(member.first + " = " + value, value, member.first, result);
  }
}

// Where the log is cut before its options: as many ranks as its lines are of ("PP0_TP1", "TP3").
void TakeRanksOfLog(const LogReading& reading, Config* config, CheckResult* result) {
  constexpr std::pair<std::string_view, std::string_view> kRanks[] = {{"TP", "tp"}, {"PP", "pp"}};
  for (const auto& [mark, name] : kRanks) {
    const ConfigKey* key = FindConfigKey(name);
    if (key == nullptr || IsConfigValueGiven(*config, *key)) continue;
    double most = 0;
    for (const LogFigure& figure : reading.figures)
      most = std::max(most, NumberAfter(figure.device, mark).value_or(0));
    if (reading.failure) most = std::max(most, NumberAfter(RankOf(reading.failure->line), mark).value_or(0));
    const auto count = static_cast<int64_t>(most) + 1;
    if (count < 2 || SetConfigValue(*key, Json(count), config)) continue;
    Understood("lines of " + std::string(mark) + std::to_string(count - 1), std::to_string(count),
               std::string(name), result);
  }
}

// The card whose usable memory is nearest, where one is near enough to be it.
const Gpu* CardOfMemory(const Catalog& catalog, double mib) {
  const Gpu* best = nullptr;
  double nearest = 0.03 * mib;
  for (const Gpu& gpu : catalog.gpus()) {
    const double off = std::fabs(gpu.usable.mib() - mib);
    if (off >= nearest) continue;
    nearest = off;
    best = &gpu;
  }
  return best;
}

// What an engine that fills a share of the card divided up: weights, pool and what it held beside them.
const Gpu* CardOfBudget(const StartupLog& log, const Catalog& catalog, const Config& config) {
  if (!log.engine->traits().fills_share) return nullptr;
  double gib = 0;
  bool pool = false, weights = false, beside = false;
  for (const auto& [metric, value] : MeasuredFigures(log.reading)) {
    const bool activation = metric == "activation_peak_gib";
    if (metric == "weights_gib_per_gpu" || metric == "kv_cache_gib_per_gpu" || activation ||
        metric == "non_torch_gib")
      gib += value;
    weights = weights || metric == "weights_gib_per_gpu";
    pool = pool || metric == "kv_cache_gib_per_gpu";
    beside = beside || activation;
  }
  if (!pool || !weights) return nullptr;
  constexpr double kUsualBeside = 1.5, kUsualShare = 0.9;
  if (!beside) gib += kUsualBeside;
  const double mib = gib * 1024 / config.gpu_memory_utilization.value_or(kUsualShare);
  const Gpu* best = nullptr;
  double nearest = 0.12 * mib;
  for (const Gpu& gpu : catalog.gpus()) {
    const double off = std::fabs(gpu.usable.mib() - mib);
    if (gpu.vendor != Vendor::kNvidia || off >= nearest) continue;
    nearest = off;
    best = &gpu;
  }
  return best;
}

const Gpu* NamedCard(const Catalog& catalog, std::string_view name, double mib) {
  // A line goes on behind the name.
  for (std::string_view rest = name; !rest.empty();) {
    const Gpu* gpu = FindGpuNamed(catalog, rest);
    if (gpu != nullptr) return gpu;
    const size_t blank = rest.find_last_of(' ');
    if (blank == std::string_view::npos) break;
    rest = Trimmed(rest.substr(0, blank));
  }
  // "RTX 3080" of 10 or 12 GB: the memory tells.
  if (mib <= 0) return nullptr;
  for (const Gpu& gpu : catalog.gpus()) {
    if (std::fabs(gpu.usable.mib() - mib) > 0.03 * mib) continue;
    const std::string sized =
        std::string(name) + " " + std::to_string(static_cast<int64_t>(gpu.memory_gb)) + "GB";
    if (FindGpuNamed(catalog, sized) == &gpu) return &gpu;
  }
  return nullptr;
}

void TakeCardsOfLog(const StartupLog& log, const Catalog& catalog, Config* config, CheckResult* result) {
  const LogReading& reading = log.reading;
  std::vector<LogCard> cards = reading.cards;
  std::sort(cards.begin(), cards.end(), [](const LogCard& a, const LogCard& b) { return a.index < b.index; });
  double mib = 0;
  for (const LogCard& card : cards) mib = std::max(mib, card.mib);
  std::vector<std::string> ids;
  bool all_named = !cards.empty();
  for (const LogCard& card : cards) {
    const Gpu* gpu = card.name.empty() ? nullptr : NamedCard(catalog, card.name, card.mib);
    if (gpu != nullptr) ids.push_back(gpu->id);
    all_named = all_named && gpu != nullptr;
    if (gpu == nullptr && !card.name.empty()) result->not_understood.push_back("the card " + card.name);
  }
  for (size_t i = 0; ids.empty() && i < log.card_names.size(); ++i) {
    const Gpu* gpu = NamedCard(catalog, log.card_names[i], mib);
    if (gpu != nullptr) ids.push_back(gpu->id);
  }
  const int64_t ranks = config->tp.value_or(1) * config->pp.value_or(1) * config->dp.value_or(1);
  if (ids.empty() && mib > 0) {
    if (const Gpu* gpu = CardOfMemory(catalog, mib)) {
      ids.push_back(gpu->id);
      result->problems.push_back({"card_by_memory", "",
                                  "The log does not name the card; " + gpu->name + " has the " +
                                      CountText(static_cast<int64_t>(mib)) + " MiB that it tells.",
                                  "Another card of that memory changes the speed and little else.",
                                  Severity::kInfo});
    }
  }
  if (ids.empty()) {
    if (const Gpu* gpu = CardOfBudget(log, catalog, *config)) {
      ids.push_back(gpu->id);
      result->problems.push_back({std::string(kCardByBudget), "",
                                  "The log does not name the card, nor its memory; " + gpu->name +
                                      " is the nearest to what was divided up.",
                                  "What follows from the card's memory alone is left out.",
                                  Severity::kWarning});
    }
  }
  if (ids.empty()) {
    result->problems.push_back({"card_not_told", "", "The log does not name the card, nor its memory.",
                                "What follows from the card's memory is left out.", Severity::kWarning});
    return;
  }
  const bool alike = std::all_of(ids.begin(), ids.end(), [&](const std::string& id) { return id == ids[0]; });
  const bool splits = log.engine->traits().layout == CardLayout::kSplit;
  if (alike) {
    config->gpu = {ids[0]};
    const int64_t count =
        splits ? static_cast<int64_t>(ids.size()) : ranks / std::max<int64_t>(1, config->nodes.value_or(1));
    if (count > 1 && !config->gpus) config->gpus = count;
  } else {
    config->gpu = ids;
    if (splits || static_cast<int64_t>(ids.size()) == ranks) config->gpus = static_cast<int64_t>(ids.size());
  }
  if (!alike && config->gpus.value_or(1) != static_cast<int64_t>(config->gpu.size())) config->gpu = {ids[0]};
  Understood(ids[0], ids[0], "gpu", result);
  // What the driver gives is the log's own figure.
  if (mib > 0 && alike && !splits) config->gpu_memory_mib = {std::round(mib)};
}

// Values that say what is so anyway are let go: what remains is what somebody set.
void LeaveDefaultsOut(const Catalog& catalog, Config* config) {
  const Result<Resolved> whole = Settle(*config, catalog);
  if (!whole.ok()) return;
  const Json resolved = ResolvedConfigJson(*whole);
  for (const ConfigKey& key : ConfigKeys()) {
    const bool names = key.type == KeyType::kModel || key.type == KeyType::kGpuList || key.json == "engine";
    if (names || key.json == "engine_version" || !IsConfigValueGiven(*config, key)) continue;
    Config without = *config;
    if (SetConfigValue(key, Json(), &without)) continue;
    const Result<Resolved> same = Settle(without, catalog);
    if (same.ok() && ResolvedConfigJson(*same) == resolved) *config = std::move(without);
  }
}

}  // namespace

StartupLog ReadStartupLog(std::string_view text) {
  LogReader reader;
  reader.Read(text);
  return reader.Take();
}

std::vector<std::pair<std::string, double>> MeasuredFigures(const LogReading& reading) {
  std::vector<std::pair<std::string, double>> figures;
  for (const FigureRule& rule : kRules) {
    if (const std::optional<double> value = Combined(reading, rule))
      figures.push_back({std::string(rule.metric), *value});
  }
  return figures;
}

Config ConfigOfLog(const StartupLog& log, const Catalog& catalog, CheckResult* result) {
  Config config;
  config.engine = std::string(log.engine->traits().id);
  TakeModelOfLog(log, catalog, &config, result);
  TakeSettingsOfLog(log.reading, &config, result);
  TakeRanksOfLog(log.reading, &config, result);
  TakeCardsOfLog(log, catalog, &config, result);
  if (!log.reading.version.empty()) {
    const Result<EngineVersion> version = log.engine->ReadVersion(log.reading.version, "engine_version");
    if (version.ok()) {
      config.engine_version = log.reading.version;
      Understood("version " + log.reading.version, log.reading.version, "engine_version", result);
    } else {
      result->not_understood.push_back("version " + log.reading.version);
    }
  }
  LeaveDefaultsOut(catalog, &config);
  return config;
}

void TakeThroughput(const LogReading& reading, CheckResult* result) {
  if (!reading.throughput) return;
  const LogThroughput& rate = *reading.throughput;
  result->config.concurrency = rate.running;
  result->measured.push_back(
      {rate.running == 1 ? "decode_tps_per_stream" : "output_tps_total", rate.tokens_per_s});
}

}  // namespace plimsoll
