#include "core/validate/worded_case.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "core/base/decimal.h"
#include "core/base/text.h"
#include "core/catalog/gpu_names.h"
#include "core/catalog/model_names.h"
#include "core/config/config_keys.h"
#include "core/config/config_value.h"
#include "core/engines/option_readers.h"
#include "core/engines/registry.h"

namespace plimsoll {
namespace {

constexpr size_t kLongestText = 400;
constexpr double kGibInMib = 1024;
constexpr double kGibInGb = 1.073741824;

// Figures that tell what was given rather than what came of it (free memory, other tools' figures) have no row.
constexpr WordedMetric kWordedMetrics[] = {
    {"layers", "gpu_layers"},
    {"layers_offload", "gpu_layers"},
    {"layers_model", "model_layers"},
    {"num_ctx_chosen", "max_model_len"},
    {"num_parallel", "max_num_seqs"},
    {"batch", "n_ubatch"},
    {"model_mib", "model_buffer_mib"},
    {"weights_gpu_gib", "model_buffer_mib", kGibInMib},
    {"ROCm0_model_mib", "model_buffer_mib"},
    {"CUDA0_model_mib", "model_buffer_mib"},
    {"weights_cpu_mib", "host_weights_mib"},
    {"kv_mib", "kv_buffer_mib"},
    {"kv_gib", "kv_buffer_mib", kGibInMib},
    {"kv_gpu_mib", "gpu_kv_buffer_mib"},
    {"kv_cpu_mib", "host_kv_buffer_mib"},
    {"compute_mib", "compute_buffer_mib", 1, true},
    {"host_compute_mib", "host_compute_buffer_mib"},
    {"total_gib", "listed_gb", kGibInGb},
    {"required_full_gib", "listed_gb", kGibInGb},
    {"decode_tps", "decode_tps_per_stream"},
};

// A tool's own list of the models that it runs, by the command that prints it: "TOOL_ps".
constexpr WordedMetric kListing = {"_ps", "listed_gb"};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == ',')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == ',')) text.remove_suffix(1);
  return text;
}

// A number at the start of a text, taken off it.
std::optional<double> TakeNumber(std::string_view* text) {
  if (text->empty() || !IsDigit(text->front())) return std::nullopt;
  size_t end = 0;
  while (end < text->size() && end < 24 && (IsDigit((*text)[end]) || (*text)[end] == '.')) ++end;
  const double value = ReadDecimal(text->substr(0, end), &end);
  text->remove_prefix(end);
  *text = Trimmed(*text);
  return value;
}

// "A (B)": A with what follows, and B.
struct Parenthesised {
  std::string outside, inside;
};
Parenthesised TakeParentheses(std::string_view text) {
  const size_t open = text.find('(');
  const size_t close = text.find(')', open == std::string_view::npos ? 0 : open);
  if (open == std::string_view::npos || close == std::string_view::npos)
    return {std::string(Trimmed(text)), ""};
  const std::string_view before = Trimmed(text.substr(0, open)), behind = Trimmed(text.substr(close + 1));
  std::string outside(before);
  if (!behind.empty()) outside += ", " + std::string(behind);
  return {outside, std::string(Trimmed(text.substr(open + 1, close - open - 1)))};
}

Error Untold(std::string_view field, std::string_view given, std::string_view accepted) {
  return {std::string(field), Quoted(given), std::string(accepted)};
}

// ---- the tool ---------------------------------------------------------------------------------------------

// "ollama 0.21.0 (vendored b7437)", "ollama of 2024-10", "LM Studio".
std::optional<Error> ReadTool(std::string_view text, Config* config) {
  const std::string words = TakeParentheses(text.substr(0, text.find(','))).outside;
  size_t end = words.size();
  const Engine* engine = nullptr;
  while (engine == nullptr && end != std::string::npos && end > 0) {
    engine = FindEngine(std::string_view(words).substr(0, end));
    if (engine == nullptr) end = words.rfind(' ', end - 1);
  }
  if (engine == nullptr) return Untold("tool_version", text, "a tool's name, then its release");
  config->engine = std::string(engine->traits().id);
  std::string_view release = Trimmed(std::string_view(words).substr(end));
  if (release.starts_with("of ")) release = Trimmed(release.substr(3));
  release = release.substr(0, release.find(' '));
  if (release.ends_with('+')) release.remove_suffix(1);
  if (release.empty()) return std::nullopt;
  std::string named(release);
  if (named.ends_with(".x")) named.back() = '9';  // some release of a series: more are late ones
  if (!engine->ReadVersion(named, "tool_version").ok()) {
    return Untold("tool_version", text, "a release that is named");
  }
  config->engine_version = std::move(named);
  return std::nullopt;
}

// ---- the cards --------------------------------------------------------------------------------------------

// The number before a unit, where one of the words follows it: "about 75 GiB free each".
std::optional<double> AmountBefore(std::string_view text, const std::vector<std::string_view>& words) {
  for (size_t at = 0; at < text.size(); ++at) {
    if (!IsDigit(text[at]) || (at > 0 && (IsDigit(text[at - 1]) || text[at - 1] == '.'))) continue;
    std::string_view rest = text.substr(at);
    const std::optional<double> number = TakeNumber(&rest);
    if (!number) continue;
    double mib = 0;
    if (rest.starts_with("GiB") || rest.starts_with("GB")) mib = *number * kGibInMib;
    if (rest.starts_with("MiB")) mib = *number;
    if (mib <= 0) continue;
    rest = Trimmed(rest.substr(rest.starts_with("GB") ? 2 : 3));
    for (const std::string_view word : words) {
      if (rest.starts_with(word)) return mib;
    }
  }
  return std::nullopt;
}

std::string BackendIn(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kNames = {
      {{"rocm", "hip"}, {"vulkan", "vulkan"}, {"metal", "metal"}, {"cuda", "cuda"}}};
  const std::string lower = Lower(text);
  for (const auto& [word, backend] : kNames) {
    if (lower.find(word) != std::string::npos) return std::string(backend);
  }
  return {};
}

// A card of which only the memory is known: the first with that much. Nothing: there is none.
const Gpu* CardOfMemory(const Catalog& catalog, double gb) {
  for (const Gpu& gpu : catalog.gpus()) {
    if (gpu.vendor == Vendor::kNvidia && !gpu.unified_memory && std::fabs(gpu.memory_gb - gb) < 0.5)
      return &gpu;
  }
  return nullptr;
}

std::optional<Error> ReadCards(std::string_view text, const Catalog& catalog, WordedConfig* out) {
  Config& config = out->config;
  if (text.starts_with("no card")) {
    config.gpus = 0;
    return std::nullopt;
  }
  const Parenthesised parts = TakeParentheses(text);
  std::string_view words = parts.outside;
  config.backend = BackendIn(text);
  std::string_view name = Trimmed(words.substr(0, words.find(',')));
  std::string_view rest = name;
  const std::optional<double> count = TakeNumber(&rest);
  const bool counted =
      count && *count >= 1 && *count <= 64 && (rest.starts_with("x ") || rest.starts_with("cards"));
  if (counted) {
    config.gpus = static_cast<int64_t>(*count);
    name = Trimmed(rest.substr(rest.starts_with("x ") ? 2 : 5));
  }
  const std::optional<double> free = AmountBefore(words, {"available", "free", "set aside"});
  if (free) config.gpu_memory_mib = {*free};
  const Gpu* gpu = FindGpuNamed(catalog, name);
  if (gpu == nullptr) {
    double gb = 0;  // "12 GB card", "Nvidia 8 GB", "of 22 GiB available"
    if (name.starts_with("of ") && free) gb = std::ceil(*free / kGibInMib / 8) * 8;
    std::string_view memory = name.starts_with("Nvidia ") ? name.substr(7) : name;
    const std::optional<double> told = TakeNumber(&memory);
    if (told && (memory == "GB" || memory == "GB card")) gb = *told;
    gpu = gb > 0 ? CardOfMemory(catalog, gb) : nullptr;
    out->stand_in = gpu != nullptr;
  }
  if (gpu == nullptr) return Untold("gpu", text, "a card that the catalog knows, or its memory");
  config.gpu = {gpu->id};
  return std::nullopt;
}

// ---- the model --------------------------------------------------------------------------------------------

// "qwen2.5:72b Q4_K_M": a name, then perhaps its type.
bool TakeModel(const EngineLanguage* language, const EngineVersion& version, const Catalog& catalog,
               std::string_view words, Config* config) {
  words = Trimmed(words.substr(0, words.find(',')));
  const size_t space = words.rfind(' ');
  OptionReading reading;
  reading.catalog = &catalog;
  reading.version = &version;
  reading.config = *config;
  if (space != std::string_view::npos) {
    const WeightFormat* format = FindFormatNamed(catalog, words.substr(space + 1));
    if (format == nullptr) return false;
    reading.config.format = Json(format->id);
    words = Trimmed(words.substr(0, space));
  }
  reading.model = std::string(words);
  const Json told = reading.config.format;
  if (const std::optional<NamedModel> named = FindModelNamed(catalog, words)) {
    reading.config.model = named->model->id;
    if (told.is_null() && !named->format.empty()) reading.config.format = Json(named->format);
  }
  if (language != nullptr && language->finish != nullptr) language->finish(&reading);
  if (reading.config.model.empty()) return false;
  if (!told.is_null()) reading.config.format = told;
  *config = std::move(reading.config);
  return true;
}

// ---- what it was told -------------------------------------------------------------------------------------

std::string TextOf(const Json& value) {
  if (value.is_bool()) return *value.AsBool() ? "true" : "false";
  if (value.is_number()) return FormatDouble(value.AsDouble().value_or(0));
  return value.AsString();
}

std::optional<EngineOption> OptionNamed(const EngineLanguage& language, std::string_view engine,
                                        std::string_view name) {
  std::string variable = std::string(engine) + "_" + std::string(name);
  for (char& c : variable) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  std::string dashed = "--" + std::string(name);
  std::replace(dashed.begin(), dashed.end(), '_', '-');
  for (const EngineProgram& program : language.programs) {
    if (const auto option = FindVariable(*program.table, name)) return option;
    if (const auto option = FindVariable(*program.table, variable)) return option;
    for (const std::string& word : {std::string(name), dashed}) {
      if (const auto found = FindOption(*program.table, language.syntax, word)) return found->option;
    }
  }
  return std::nullopt;
}

std::optional<Error> ReadOptions(const Json& options, const EngineLanguage* language,
                                 const EngineVersion& version, const Catalog& catalog, Config* config) {
  for (const Json::Member& member : options.members()) {
    const std::string value = TextOf(member.second);
    if (value.empty() || value == "default") continue;
    if (member.first == "layers" && value.starts_with("0/")) {
      config->n_gpu_layers = 0;
      continue;
    }
    OptionReading reading;
    reading.catalog = &catalog;
    reading.version = &version;
    reading.config = *config;
    const std::string_view name =
        member.first == "context" ? "max_model_len" : std::string_view(member.first);
    if (const ConfigKey* key = FindConfigKey(name)) {
      if (auto error = SetConfigText(*key, value, config)) return error;
      continue;
    }
    const auto option = language == nullptr ? std::nullopt : OptionNamed(*language, config->engine, name);
    if (!option) return Untold("config", member.first, "options of the tool");
    if (auto error = ReadUse(*option, {value, "", false}, &reading)) {
      return Untold(member.first, value, error->accepted);
    }
    *config = std::move(reading.config);
  }
  return std::nullopt;
}

}  // namespace

bool IsWorded(const Json& item) {
  const Json* tool = item.Find("tool_version");
  const Json* config = item.Find("config");
  return tool != nullptr && tool->is_string() && (config == nullptr || !config->Has("model"));
}

Result<WordedConfig> ReadWordedConfig(const Json& item, const Catalog& catalog) {
  const auto text = [&item](std::string_view key) {
    const Json* value = item.Find(key);
    return value == nullptr ? std::string() : value->AsString().substr(0, kLongestText);
  };
  WordedConfig out;
  if (auto error = ReadTool(text("tool_version"), &out.config)) return *error;
  if (auto error = ReadCards(text("gpu"), catalog, &out)) return *error;
  // What the tool found free is given, not predicted.
  const Json* measured = item.Find("measured");
  const Json* free = measured != nullptr ? measured->Find("available_gib") : nullptr;
  if (free != nullptr && free->is_number() && out.config.gpu_memory_mib.empty() && *free->AsDouble() > 0) {
    out.config.gpu_memory_mib = {*free->AsDouble() * kGibInMib};
  }
  const Engine& engine = *FindEngine(out.config.engine);
  const EngineLanguage* language = engine.language();
  const Result<EngineVersion> version = engine.ReadVersion(out.config.engine_version, "tool_version");
  if (!version.ok()) return version.error();
  const std::string model = text("model");
  const Parenthesised parts = TakeParentheses(model);
  if (!TakeModel(language, *version, catalog, parts.outside, &out.config) &&
      !TakeModel(language, *version, catalog, parts.inside, &out.config)) {
    return Untold("model", model, "a model that the catalog knows, and its type");
  }
  if (const Json* options = item.Find("config")) {
    if (auto error = ReadOptions(*options, language, *version, catalog, &out.config)) return *error;
  }
  return out;
}

const WordedMetric* FindWordedMetric(std::string_view name) {
  if (name.ends_with(kListing.name) || name.ends_with("_ps_default")) return &kListing;
  for (const WordedMetric& metric : kWordedMetrics) {
    if (metric.name == name) return &metric;
  }
  return nullptr;
}

std::optional<WordedFigure> ReadWordedFigure(const WordedMetric& metric, const Json& value) {
  if (value.is_number()) return WordedFigure{*value.AsDouble() * metric.scale, 0};
  if (value.is_array()) {
    WordedFigure figure;
    for (const Json& one : value.items()) {
      if (!one.is_number()) return std::nullopt;
      const double number = *one.AsDouble() * metric.scale;
      figure.value = metric.largest ? std::max(figure.value, number) : figure.value + number;
    }
    return figure;
  }
  std::string_view text = value.AsString();
  const size_t decimal_point = text.substr(0, text.find(' ')).find('.');
  const std::optional<double> number = TakeNumber(&text);
  if (!number) return std::nullopt;
  if (text.empty() || text.starts_with('/')) return WordedFigure{*number * metric.scale, 0};
  if (text.starts_with("GB"))
    return WordedFigure{*number, decimal_point == std::string_view::npos ? 1.0 : 0.0};
  if (text.starts_with("MB")) return WordedFigure{*number / 1000, 0.001};
  return std::nullopt;
}

}  // namespace plimsoll
