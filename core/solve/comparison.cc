#include "core/solve/comparison.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <utility>

#include "core/base/percent.h"
#include "core/config/config_codec.h"
#include "core/config/config_keys.h"
#include "core/config/config_url.h"
#include "core/config/config_value.h"
#include "core/engines/registry.h"
#include "core/engines/settle.h"
#include "core/estimate/cost.h"
#include "core/estimate/estimate.h"
#include "core/estimate/verdict.h"
#include "core/resolve/memory_parts.h"
#include "core/resolve/resolved_keys.h"
#include "core/solve/variation.h"

namespace plimsoll {
namespace {

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// ---- vary ----------------------------------------------------------------------------------------------------

// As released first; then what people choose among, where it saves bits or is published for this model.
std::vector<Json> FormatsToVary(const Config& base, const Catalog& catalog, Inquiry* inquiry) {
  std::vector<Json> values;
  Config native = base;
  native.format = Json();
  const Result<Resolved> resolved = Settle(native, catalog, inquiry);
  if (!resolved.ok()) return values;
  const Start start = StartOf(*resolved, EstimateResolved(*resolved));
  values.emplace_back(resolved->format->id);
  double last = resolved->stored.bits_per_weight;
  for (const std::string_view id : start.engine->Formats()) {
    const bool published = IsPublished(start, id, catalog);
    if (id == resolved->format->id || (!published && NeedsPublication(start, id))) continue;
    const double bits = BitsStored(WithFormat(native, id), catalog, inquiry);
    if (bits > last - 0.2 && !published) continue;
    values.emplace_back(id);
    last = std::min(last, bits);
  }
  return values;
}

std::vector<Json> CardsToVary(const Resolved& resolved, const Catalog& catalog) {
  // Cards of the same maker, nearest in memory; the one that is asked about comes first.
  const Gpu* own = resolved.cards.front().gpu;
  std::vector<const Gpu*> cards;
  for (const Gpu& gpu : catalog.gpus()) {
    const bool laptop = gpu.name.find("Laptop") != std::string::npos;
    if (&gpu != own && gpu.vendor == own->vendor && gpu.unified_memory == own->unified_memory && !laptop)
      cards.push_back(&gpu);
  }
  const auto distance = [own](const Gpu* gpu) { return std::abs(std::log(gpu->memory_gb / own->memory_gb)); };
  std::stable_sort(cards.begin(), cards.end(),
                   [&](const Gpu* a, const Gpu* b) { return distance(a) < distance(b); });
  std::vector<Json> values = {Json(own->id)};
  for (const Gpu* gpu : cards) values.emplace_back(gpu->id);
  return values;
}

std::vector<Json> ModelsToVary(const Resolved& resolved, const Catalog& catalog) {
  std::vector<const Model*> models;
  for (const Model& model : catalog.models()) {
    if (!model.refused() && &model != resolved.model && model.parameters().total > 0)
      models.push_back(&model);
  }
  const double own = std::log(static_cast<double>(std::max<int64_t>(1, resolved.parameters.total)));
  const auto distance = [own](const Model* model) {
    return std::abs(std::log(static_cast<double>(model->parameters().total)) - own);
  };
  std::stable_sort(models.begin(), models.end(),
                   [&](const Model* a, const Model* b) { return distance(a) < distance(b); });
  std::vector<Json> values;
  if (resolved.model != nullptr) values.emplace_back(resolved.model->id);
  for (const Model* model : models) values.emplace_back(model->id);
  return values;
}

constexpr std::string_view kVariable[] = {"format", "gpus", "gpu", "model", "engine", "kv_cache_dtype"};

Result<std::vector<Json>> ValuesOf(const std::string& key, const Config& base, const Catalog& catalog,
                                   Inquiry* inquiry) {
  const Result<Resolved> resolved = Settle(base, catalog, inquiry);
  if (!resolved.ok()) return resolved.error();
  if (key == "format") return FormatsToVary(base, catalog, inquiry);
  if (key == "gpus") return std::vector<Json>{Json(1), Json(2), Json(4), Json(8)};
  if (key == "gpu") return CardsToVary(*resolved, catalog);
  if (key == "model") return ModelsToVary(*resolved, catalog);
  if (key == "engine") {
    std::vector<Json> values;
    for (const Engine* engine : Engines()) values.emplace_back(engine->traits().id);
    return values;
  }
  if (key == "kv_cache_dtype") {
    const bool ggml = resolved->engine->kernels == KernelGroup::kGgml;
    return ggml ? std::vector<Json>{Json("fp16"), Json("q8_0"), Json("q4_0")}
                : std::vector<Json>{Json("auto"), Json("fp8")};
  }
  const std::vector<std::string_view> names(std::begin(kVariable), std::end(kVariable));
  return Error{"vary", Quoted(key), ListText(names, "or") + ", one or two of them"};
}

// What a value of one key makes meaningless is let go.
Config With(const Config& base, const std::string& key, const Json& value) {
  Config config = base;
  (void)SetConfigValue(*FindConfigKey(key), value, &config);
  if (key == "gpus") {
    config.nodes.reset();
    config.tp.reset();
    config.pp.reset();
    config.dp.reset();
  } else if (key == "gpu") {
    config.gpu_memory_mib.clear();
  } else if (key == "model") {
    config.inline_model = Json();
    if (!config.format.is_string()) config.format = Json();
  } else if (key == "engine") {
    return WithEngine(std::move(config), value.AsString());
  }
  return config;
}

// ---- compare -------------------------------------------------------------------------------------------------

// One column with its answer; `error` where it has none.
struct Answer {
  std::optional<Resolved> resolved;
  Report report;
  CostReport cost;
  std::string error;
};

ComparedCell Number(double number, std::string text) { return {std::move(text), number}; }
ComparedCell Unknown() { return {"", std::nullopt}; }

std::string Dollars(double usd) {
  return usd > 0 ? "$" + DecimalText(usd, usd < 10 ? 2 : usd < 100 ? 1 : 0) : "";
}

struct RowKind {
  std::string_view key, label;
  bool more_is_better;
  ComparedCell (*read)(const Answer&, SizeUnits);
};

ComparedCell BytesCell(Bytes bytes, SizeUnits units) {
  return Number(static_cast<double>(bytes.count()), SizeText(bytes, units));
}

constexpr RowKind kRows[] = {
    {"verdict", "Verdict", true,
     [](const Answer& a, SizeUnits) -> ComparedCell {
       return {a.resolved ? std::string(VerdictName(a.report.verdict)) : a.error, std::nullopt};
     }},
    {"total_bytes", "In all on the fullest card", false,
     [](const Answer& a, SizeUnits units) {
       const GpuReport* card = FullestCard(a.report);
       return card != nullptr ? BytesCell(card->total, units) : Unknown();
     }},
    {"headroom_bytes", "Left on the fullest card", true,
     [](const Answer& a, SizeUnits units) {
       const GpuReport* card = FullestCard(a.report);
       return card != nullptr ? BytesCell(card->headroom, units) : Unknown();
     }},
    {"max_model_len_that_fits", "Longest sequence", true,
     [](const Answer& a, SizeUnits) {
       return Number(static_cast<double>(a.report.kv.max_model_len_that_fits),
                     CountText(a.report.kv.max_model_len_that_fits) + " tokens");
     }},
    {"max_concurrency", "Sequences of full length", true,
     [](const Answer& a, SizeUnits) {
       return Number(a.report.kv.max_concurrency, DecimalText(a.report.kv.max_concurrency, 1));
     }},
    {"decode_tokens_per_s", "Tokens/s for one user", true,
     [](const Answer& a, SizeUnits) {
       if (!a.report.fits()) return Unknown();
       return Number(a.report.speed.decode_tokens_per_s, DecimalText(a.report.speed.decode_tokens_per_s, 1));
     }},
    {"decode_tokens_per_s_total", "Tokens/s for all", true,
     [](const Answer& a, SizeUnits) {
       if (!a.report.fits()) return Unknown();
       return Number(a.report.speed.decode_tokens_per_s_total,
                     DecimalText(a.report.speed.decode_tokens_per_s_total, 0));
     }},
    {"ttft_ms", "First token", false,
     [](const Answer& a, SizeUnits) {
       if (!a.report.fits()) return Unknown();
       return Number(a.report.speed.ttft_ms, DecimalText(a.report.speed.ttft_ms, 0) + " ms");
     }},
    {"price_per_h", "Rent per hour", false,
     [](const Answer& a, SizeUnits) {
       return a.cost.usd_per_hour > 0 ? Number(a.cost.usd_per_hour, Dollars(a.cost.usd_per_hour)) : Unknown();
     }},
    {"price_per_mtok", "Rent per million tokens", false,
     [](const Answer& a, SizeUnits) {
       if (!a.report.fits() || a.cost.usd_per_million_tokens <= 0) return Unknown();
       return Number(a.cost.usd_per_million_tokens, Dollars(a.cost.usd_per_million_tokens));
     }},
    {"bits_per_weight", "Bits per weight", true,
     [](const Answer& a, SizeUnits) {
       return Number(a.report.weights.bits_per_weight, DecimalText(a.report.weights.bits_per_weight, 2));
     }},
    {"checkpoint_bytes", "Download", false,
     [](const Answer& a, SizeUnits) { return BytesCell(a.report.weights.checkpoint, SizeUnits::kDecimal); }},
};

// What takes the memory of the fullest card, part by part; what no column has is left out.
void AddPartRows(const std::vector<Answer>& answers, SizeUnits units, std::vector<ComparedRow>* rows) {
  for (const MemoryPart& part : kMemoryParts) {
    if (part.account == PartAccount::kBesideCard) continue;
    ComparedRow row;
    row.key = part.key;
    row.label = std::string(part.name) + " per card";
    row.label[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(row.label[0])));
    row.more_is_better = part.bytes == &GpuReport::kv_cache;
    bool any = part.bytes == &GpuReport::weights || part.bytes == &GpuReport::kv_cache;
    for (const Answer& answer : answers) {
      const GpuReport* card = answer.resolved ? FullestCard(answer.report) : nullptr;
      row.cells.push_back(card != nullptr ? BytesCell(card->*part.bytes, units) : Unknown());
      any = any || (card != nullptr && card->*part.bytes > Bytes(0));
    }
    if (any) rows->push_back(std::move(row));
  }
}

bool Differ(const ComparedRow& row) {
  return std::any_of(row.cells.begin(), row.cells.end(),
                     [&row](const ComparedCell& cell) { return cell.text != row.cells.front().text; });
}

Answer Ask(const Config& config, const Catalog& catalog, const CostInputs& cost, Inquiry* inquiry) {
  Answer answer;
  Result<Resolved> resolved = Settle(config, catalog, inquiry);
  if (!resolved.ok()) {
    answer.error = resolved.error().Message();
    return answer;
  }
  answer.report = EstimateResolved(*resolved);
  answer.cost = EstimateCost(*resolved, answer.report.speed, cost);
  answer.resolved.emplace(std::move(*resolved));
  return answer;
}

// "4 GPUs", "tp 2", "fp8".
std::string SettingText(const Config& column, const ConfigKey& key) {
  const std::string text = GetConfigText(column, key);
  if (text.empty()) return "default " + std::string(key.json);
  if (key.json == "gpus" && column.gpus) return CountedText(*column.gpus, "GPU", "GPUs");
  const bool number = text.find_first_not_of("0123456789.") == std::string::npos;
  return number ? std::string(key.json) + " " + text : text;
}

// A column is called by what sets it apart from the first; the first by the same keys.
std::vector<std::string> NamesOf(const std::vector<Config>& columns) {
  std::vector<const ConfigKey*> apart;
  for (const ConfigKey& key : ConfigKeys()) {
    const bool differs = std::any_of(columns.begin(), columns.end(), [&](const Config& column) {
      return GetConfigText(column, key) != GetConfigText(columns.front(), key);
    });
    if (differs) apart.push_back(&key);
  }
  std::vector<std::string> names;
  for (const Config& column : columns) {
    std::string name;
    for (const ConfigKey* key : apart) {
      name += (name.empty() ? "" : ", ") + SettingText(column, *key);
    }
    names.push_back(name.empty() ? "column " + std::to_string(names.size() + 1) : name);
  }
  return names;
}

}  // namespace

Result<std::vector<Config>> Vary(const Config& base, const std::vector<std::string>& keys,
                                 const Catalog& catalog) {
  if (keys.empty() || keys.size() > 2) {
    return Error{"vary", CountText(static_cast<int64_t>(keys.size())) + " keys", "one key or two"};
  }
  Inquiry inquiry;
  std::vector<Config> columns = {base};
  // A grid takes the first values of each: three by two, rather than eight of one.
  const size_t first_most = keys.size() == 1 ? kMostColumns : 3;
  for (size_t k = 0; k < keys.size(); ++k) {
    Result<std::vector<Json>> values = ValuesOf(keys[k], base, catalog, &inquiry);
    if (!values.ok()) return values.error();
    const size_t most = k == 0 ? first_most : kMostColumns / std::max<size_t>(1, columns.size());
    if (values->size() > most) values->resize(most);
    std::vector<Config> varied;
    for (const Config& column : columns) {
      for (const Json& value : *values) varied.push_back(With(column, keys[k], value));
    }
    columns = std::move(varied);
  }
  return columns;
}

Comparison Compare(const std::vector<Config>& columns, const Catalog& catalog, SizeUnits units,
                   const CostInputs& cost) {
  Comparison comparison;
  if (columns.empty()) return comparison;
  comparison.names = NamesOf(columns);
  Inquiry inquiry;
  std::vector<Answer> answers;
  answers.reserve(columns.size());
  for (const Config& column : columns) {
    comparison.urls.push_back(EncodeConfigUrl(column));
    answers.push_back(Ask(column, catalog, cost, &inquiry));
  }
  for (const RowKind& kind : kRows) {
    ComparedRow row;
    row.key = kind.key;
    row.label = kind.label;
    row.more_is_better = kind.more_is_better;
    for (const Answer& answer : answers) {
      const bool has = answer.resolved.has_value() || kind.key == "verdict";
      row.cells.push_back(has ? kind.read(answer, units) : Unknown());
    }
    comparison.rows.push_back(std::move(row));
    if (kind.key == "verdict") AddPartRows(answers, units, &comparison.rows);
  }
  for (ComparedRow& row : comparison.rows) row.differs = Differ(row);
  for (Answer& answer : answers) {
    if (!comparison.ranged && answer.resolved && HasLimits(*answer.resolved))
      comparison.ranged = LoadKindOf(*answer.resolved);
    comparison.reports.push_back(std::move(answer.report));
    comparison.resolved.push_back(std::move(answer.resolved));
  }
  return comparison;
}

ComparedCell RangeCell(const std::optional<RangeFigure>& figure) {
  return figure ? Number(figure->any ? figure->load : 0, RangeText(*figure)) : Unknown();
}

void AddRangeRow(LoadKind kind, std::vector<ComparedCell> cells, Comparison* comparison) {
  ComparedRow row;
  row.key = RangeKey(kind);
  row.label = RangeLabel(kind);
  row.cells = std::move(cells);
  row.differs = Differ(row);
  std::vector<ComparedRow>& rows = comparison->rows;
  const auto at = [&rows](std::string_view key) {
    return std::find_if(rows.begin(), rows.end(),
                        [key](const ComparedRow& other) { return other.key == key; });
  };
  if (const auto before = at(row.key); before != rows.end()) {
    *before = std::move(row);
    return;
  }
  const auto first_token = at("ttft_ms");
  rows.insert(first_token == rows.end() ? first_token : first_token + 1, std::move(row));
}

void FindRangeRow(const std::vector<Config>& columns, const Catalog& catalog, Comparison* comparison) {
  const std::optional<LoadKind> kind = comparison->ranged;
  if (!kind) return;
  std::vector<ComparedCell> cells;
  for (const Config& column : columns) cells.push_back(RangeCell(FindRangeFigure(*kind, column, catalog)));
  AddRangeRow(*kind, std::move(cells), comparison);
}

Json ComparisonToJson(const Comparison& comparison, const std::vector<Config>& columns) {
  Json list = Json::MakeArray();
  for (size_t i = 0; i < comparison.names.size(); ++i) {
    Json column = Json::MakeObject();
    column.Set("name", comparison.names[i])
        .Set("config", EncodeConfigJson(columns[i]))
        .Set("url", comparison.urls[i]);
    for (const ComparedRow& row : comparison.rows) {
      const ComparedCell& cell = row.cells[i];
      column.Set(row.key, cell.number ? Json(*cell.number) : cell.text.empty() ? Json() : Json(cell.text));
    }
    list.Append(std::move(column));
  }
  Json differs = Json::MakeArray();
  for (const ComparedRow& row : comparison.rows) {
    if (row.differs) differs.Append(Json(row.key));
  }
  Json json = Json::MakeObject();
  json.Set("columns", std::move(list)).Set("differs", std::move(differs)).Set("cmp", EncodeColumns(columns));
  return json;
}

namespace {

constexpr char kOwn = '.';

// What of `column` differs from `base`, each key as a link writes it.
std::string Differences(const Config& base, const Config& column) {
  std::string text;
  for (const ConfigKey& key : ConfigKeys()) {
    const Json value = GetConfigValue(column, key);
    if (value == GetConfigValue(base, key)) continue;
    if (!text.empty()) text += '!';
    if (value.is_null()) {
      text += "-" + std::string(key.url);
      continue;
    }
    // Written as a link writes it: the one pair of a configuration that has this key alone.
    Config alone;
    (void)SetConfigValue(key, value, &alone);
    const std::string pair = EncodeConfigUrl(alone);
    text += std::string(key.url) + "." + pair.substr(pair.find('=') + 1);
  }
  return text;
}

std::optional<Error> ReadName(std::string_view encoded, std::string* name) {
  const std::optional<std::string> text = PercentDecode(encoded);
  if (!text || !IsUtf8(*text) || text->size() > kMostColumnName)
    return Error{"cmp", Quoted(encoded), "a name of at most " + std::to_string(kMostColumnName) + " bytes"};
  *name = *text;
  return std::nullopt;
}

// One key of a column: "q.fp8", "-q" or "_.Name".
std::optional<Error> ReadPair(std::string_view pair, Config* column, std::string* name) {
  const bool removed = pair[0] == '-';
  const auto point = removed ? std::string_view::npos : pair.find('.');
  const std::string_view url = removed ? pair.substr(1) : pair.substr(0, point);
  if (url == "_" && point != std::string_view::npos) return ReadName(pair.substr(point + 1), name);
  const ConfigKey* found = nullptr;
  for (const ConfigKey& key : ConfigKeys()) {
    if (key.url == url) found = &key;
  }
  if (found == nullptr || (!removed && point == std::string_view::npos))
    return Error{"cmp", Quoted(pair), "a key of a link, a point and its value"};
  if (removed) return SetConfigValue(*found, Json(), column);
  Result<DecodedConfig> value = DecodeConfigUrl(std::string(url) + "=" + std::string(pair.substr(point + 1)));
  if (!value.ok()) return value.error();
  return SetConfigValue(*found, GetConfigValue(value->config, *found), column);
}

}  // namespace

std::string EncodeColumns(const ColumnList& columns) {
  const auto named = [&](size_t i) {
    return columns.names[i].empty() ? std::string() : "_." + PercentEncode(columns.names[i]);
  };
  const bool plain = columns.own == 0 && columns.own_is == OwnColumn::kPinned && columns.names[0].empty();
  if (plain && columns.configs.size() == 1) return std::string(1, kOwn);  // one, kept for others to come
  std::string text;
  for (size_t i = plain ? 1 : 0; i < columns.configs.size(); ++i) {
    if (i > (plain ? 1U : 0U)) text += ';';
    std::string column;
    if (i == columns.own) {
      column = kOwn;
      if (columns.own_is == OwnColumn::kLoose) column += 'u';
      if (columns.own_is == OwnColumn::kEdited) column += 'e';
    } else {
      column = Differences(columns.configs[columns.own], columns.configs[i]);
    }
    const std::string name = named(i);
    text += column + (column.empty() || name.empty() ? "" : "!") + name;
  }
  return text;
}

std::string EncodeColumns(const std::vector<Config>& columns) {
  return columns.empty()
             ? ""
             : EncodeColumns(ColumnList{columns, std::vector<std::string>(columns.size()), 0, {}});
}

Result<ColumnList> DecodeColumns(const Config& own, std::string_view cmp) {
  ColumnList columns;
  bool placed = false;  // a column says where the own configuration stands
  for (const std::string_view text : cmp.empty() ? std::vector<std::string_view>() : Split(cmp, ';')) {
    Config column = own;
    std::string name;
    for (const std::string_view pair : Split(text, '!')) {
      if (pair.empty()) continue;
      if (pair[0] == kOwn) {
        const std::string_view state = pair.substr(1);
        if (placed || (state != "" && state != "u" && state != "e"))
          return Error{"cmp", Quoted(pair), "\".\", \".u\" or \".e\", once"};
        placed = true;
        columns.own = columns.configs.size();
        columns.own_is = state == "u"   ? OwnColumn::kLoose
                         : state == "e" ? OwnColumn::kEdited
                                        : OwnColumn::kPinned;
        continue;
      }
      if (auto error = ReadPair(pair, &column, &name)) return *error;
    }
    columns.configs.push_back(std::move(column));
    columns.names.push_back(std::move(name));
    if (columns.configs.size() > kMostColumns) break;
  }
  if (!placed) {
    columns.configs.insert(columns.configs.begin(), own);
    columns.names.insert(columns.names.begin(), "");
  }
  if (columns.configs.size() > kMostColumns)
    return Error{"cmp", "more than " + std::to_string(kMostColumns) + " columns", "at most that many"};
  return columns;
}

std::string DeltaText(const ComparedCell& cell, const ComparedCell& baseline) {
  if (!cell.number || !baseline.number || *baseline.number == 0 || cell.text == baseline.text) return "";
  const double ratio = *cell.number / *baseline.number;
  if (!(ratio > 0)) return "";
  if (ratio >= 2) return "×" + DecimalText(ratio, ratio < 9.95 ? 1 : 0);
  const double percent = std::abs(ratio - 1) * 100;
  if (percent < 0.05) return "";
  return (ratio > 1 ? "+" : "−") + DecimalText(percent, percent < 1 ? 1 : 0) + " %";
}

bool SameConfiguration(const Config& a, const Config& b, const Catalog& catalog) {
  if (a == b) return true;
  const Result<Resolved> first = Settle(a, catalog), second = Settle(b, catalog);
  if (!first.ok() || !second.ok()) return false;
  return std::all_of(ConfigKeys().begin(), ConfigKeys().end(), [&](const ConfigKey& key) {
    return ResolvedValue(*first, key) == ResolvedValue(*second, key);
  });
}

}  // namespace plimsoll
