#include "core/engines/option_readers.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/arch/rope_tables.h"
#include "core/base/decimal.h"
#include "core/base/loose_json.h"
#include "core/base/text.h"
#include "core/catalog/model_names.h"
#include "core/config/config_keys.h"
#include "core/config/config_value.h"

namespace plimsoll {
namespace {

using MaybeError = std::optional<Error>;

// "--long-prefill-token-threshold" sets "long_prefill_token_threshold".
std::string WorkloadMember(const EngineOption& option) {
  std::string name(option.names.substr(0, option.names.find(' ')));
  name.erase(0, name.find_first_not_of('-'));
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

std::optional<int64_t> ReadWhole(std::string_view text) { return ReadSize(text, SizeRule::kPlain); }

MaybeError SetWhole(const EngineOption& option, const OptionUse& use, std::optional<int64_t> value,
                    std::string_view accepted, OptionReading* reading) {
  if (!value) return NotTaken(use, accepted);
  const ConfigKey* key = FindConfigKey(option.key);
  return key != nullptr ? SetConfigValue(*key, Json(*value), &reading->config) : std::nullopt;
}

int64_t CommaEntries(std::string_view text) {
  if (text.empty() || text == "-1" || text == "none" || text == "NoDevFiles") return 0;
  return static_cast<int64_t>(SplitAt(text, ',').size());
}

// The formats of the words that engines have for quantisation. Empty: the checkpoint decides.
struct QuantizationWord {
  std::string_view word, format;
};
constexpr QuantizationWord kQuantizations[] = {
    {"awq", "awq-int4"},
    {"auto_awq", "awq-int4"},
    {"awq_marlin", "awq-int4"},
    {"gptq", "gptq-int4"},
    {"auto_gptq", "gptq-int4"},
    {"gptq_marlin", "gptq-int4"},
    {"fp8", "fp8"},
    {"fbgemm_fp8", "fp8"},
    {"ptpc_fp8", "fp8"},
    {"w8a8_fp8", "fp8"},
    {"modelopt", "fp8"},
    {"modelopt_fp8", "fp8"},
    {"fp8_per_tensor", "fp8"},
    {"fp8_per_channel", "fp8"},
    {"fp8_per_block", "fp8-block"},
    {"deepseek_v4_fp8", "fp8-block"},
    {"bitsandbytes", "bnb-nf4"},
    {"modelopt_fp4", "nvfp4"},
    {"nvfp4_per_token", "nvfp4"},
    {"nvfp4", "nvfp4"},
    {"mxfp4", "mxfp4"},
    {"gpt_oss_mxfp4", "mxfp4"},
    {"w8a8_int8", "int8"},
    {"experts_int8", "int8"},
    {"int8_per_channel_weight_only", "int8"},
};

// Whether what a repository's name tells is the same kind as what an option asks for, and says more.
bool SaysMore(std::string_view named, std::string_view asked) {
  const auto family = [](std::string_view id) {
    if (id.starts_with("fp8")) return std::string_view("fp8");
    if (id.starts_with("gptq")) return std::string_view("gptq");
    if (id.starts_with("bnb")) return std::string_view("bnb");
    return id;
  };
  return !named.empty() && family(named) == family(asked);
}

bool IsPlainFormat(std::string_view id) { return id == "fp32" || id == "bf16" || id == "fp16"; }

void TakeFormat(const NamedModel& named, OptionReading* reading) {
  Config& config = reading->config;
  std::string format = named.format;
  if (!reading->file.empty()) {
    const std::string told = FormatInName(reading->file);
    if (!told.empty()) format = told;
  }
  const std::string asked = Lower(reading->quantization);
  for (const QuantizationWord& row : kQuantizations) {
    if (row.word != asked) continue;
    const std::string& known = format.empty() ? named.model->native_format : format;
    if (!SaysMore(known, row.format)) format = std::string(row.format);
  }
  const std::string_view plain = FormatOfDtypeName(reading->dtype);
  if (!plain.empty()) {
    const std::string& stored = format.empty() ? named.model->native_format : format;
    if (!IsPlainFormat(stored)) {
      config.dtype = std::string(plain == "fp16" ? "float16" : plain == "bf16" ? "bfloat16" : "float32");
    } else {
      format = std::string(plain);
    }
  }
  // The first checkpoint of a format is what its id means; another is named by its repository, as is one that asks for
  // a cache which the plain id does not ask for.
  const bool first = named.checkpoint == nullptr ||
                     (named.model->FindCheckpoint(named.checkpoint->format.id) == named.checkpoint &&
                      named.checkpoint->cache_wish == named.checkpoint->format.cache_wish);
  if (!first && format == named.format) {
    config.format = Json(named.checkpoint->repo);
  } else if (!format.empty() && format != named.model->native_format) {
    config.format = Json(format);
  }
}

void RemarkOnName(const NamedModel& named, OptionReading* reading) {
  if (!named.exact) {
    reading->remarks.push_back({"model_by_name", Severity::kInfo,
                                Quoted(reading->model) + " is read as " + named.model->name +
                                    (named.format.empty() ? "" : " in " + named.format) + ", by its name.",
                                ""});
  }
  if (named.near_format) {
    reading->remarks.push_back({"format_by_name", Severity::kInfo,
                                Quoted(reading->model) + " is a publisher's own mix: read as " +
                                    named.format + ", the nearest type.",
                                ""});
  }
}

SpeculativeMethod MethodOf(std::string_view word, bool has_model) {
  const std::string lower = Lower(word);
  if (lower.find("eagle3") != std::string::npos) return SpeculativeMethod::kEagle3;
  if (lower.find("eagle") != std::string::npos) return SpeculativeMethod::kEagle;
  if (lower.find("mtp") != std::string::npos || lower == "nextn") return SpeculativeMethod::kMtp;
  if (lower.find("dflash") != std::string::npos) return SpeculativeMethod::kDflash;
  if (lower.find("ngram") != std::string::npos) return SpeculativeMethod::kNgram;
  (void)has_model;
  return SpeculativeMethod::kDraft;
}

bool IsKnownMethod(std::string_view word) {
  const std::string lower = Lower(word);
  for (const std::string_view part : {"eagle", "mtp", "nextn", "dflash", "ngram", "draft", "standalone"}) {
    if (lower.find(part) != std::string::npos) return true;
  }
  return false;
}

// A file of a model's own precision says no more than the model does.
bool IsOwnPrecision(std::string_view format, std::string_view native) {
  if (native == "fp16") return format == "gguf-f16";
  if (native == "fp32") return format == "gguf-f32";
  return native == "bf16" && format == "gguf-bf16";
}

void TakeDraft(OptionReading* reading) {
  const DraftReading& draft = reading->draft;
  const bool ngram_model = draft.model == "[ngram]" || draft.model == "ngram";
  if (draft.method.empty() && draft.model.empty()) return;
  if (!draft.method.empty() && !IsKnownMethod(draft.method)) {
    reading->remarks.push_back({"draft_not_modelled", Severity::kInfo,
                                "Drafts by " + Quoted(draft.method) + " are not modelled: left out.", ""});
    return;
  }
  Speculative speculative;
  speculative.method = ngram_model ? SpeculativeMethod::kNgram : MethodOf(draft.method, !draft.model.empty());
  speculative.num_tokens = draft.tokens.value_or(draft.steps.value_or(1));
  if (!draft.model.empty() && !ngram_model) {
    const std::optional<NamedModel> named = FindModelNamed(*reading->catalog, draft.model);
    if (named) {
      speculative.model = named->model->id;
      speculative.format = !draft.format.empty() ? draft.format : named->format;
      if (IsOwnPrecision(speculative.format, named->model->native_format)) speculative.format.clear();
    } else if (speculative.method == SpeculativeMethod::kDraft) {
      reading->remarks.push_back(
          {"draft_unknown", Severity::kWarning,
           "The draft model " + Quoted(draft.model) + " is not in the catalog: its memory is left out.",
           "Name a draft of the catalog."});
      return;
    }
  }
  if (speculative.method == SpeculativeMethod::kDraft && speculative.model.empty()) return;
  reading->config.speculative = speculative;
}

}  // namespace

std::optional<int64_t> ReadSize(std::string_view text, SizeRule rule) {
  size_t length = 0;
  const double value = ReadDecimal(text, &length);
  if (length == 0 || !std::isfinite(value)) return std::nullopt;
  const std::string_view suffix = text.substr(length);
  const bool whole = std::floor(value) == value;
  double factor = 1;
  if (!suffix.empty()) {
    const char unit = suffix[0];
    const char lower = unit >= 'A' && unit <= 'Z' ? static_cast<char>(unit - 'A' + 'a') : unit;
    const std::string_view kUnits = "kmgt";
    const size_t power = kUnits.find(lower);
    if (rule == SizeRule::kPlain || power == std::string_view::npos) return std::nullopt;
    const bool marked = suffix.size() == 2 && suffix[1] == 'i';
    if (suffix.size() > (marked ? 2U : 1U)) return std::nullopt;
    const bool binary = rule == SizeRule::kCased ? unit != lower : marked;
    if (marked && rule == SizeRule::kCased) return std::nullopt;
    // "25.6k" is whole, "25.6K" is refused by the engines themselves.
    if (binary && !whole) return std::nullopt;
    factor = std::pow(binary ? 1024.0 : 1000.0, static_cast<double>(power + 1));
  } else if (!whole) {
    return std::nullopt;
  }
  const double size = std::round(value * factor);
  if (std::fabs(size) > 9e15) return std::nullopt;
  return static_cast<int64_t>(size);
}

Error NotTaken(const OptionUse& use, std::string_view accepted) {
  return Error{"", use.value.empty() ? "nothing" : Quoted(use.value), std::string(accepted)};
}

std::optional<bool> ReadTruth(std::string_view text) {
  const std::string lower = Lower(text);
  for (const std::string_view yes : {"", "true", "1", "on", "yes", "enabled", "t"}) {
    if (lower == yes) return true;
  }
  for (const std::string_view no : {"false", "0", "off", "no", "disabled", "f"}) {
    if (lower == no) return false;
  }
  return std::nullopt;
}

MaybeError ReadUse(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  if (option.read != nullptr) return option.read(option, use, reading);
  const ConfigKey* key = FindConfigKey(option.key);
  if (key == nullptr) return std::nullopt;
  if (key->type == KeyType::kSwitch) return ReadSwitch(option, use, reading);
  // ".95" is a number to every engine.
  if (use.value.starts_with('.')) return SetConfigText(*key, "0" + std::string(use.value), &reading->config);
  return SetConfigText(*key, use.value, &reading->config);
}

MaybeError ReadSwitch(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  const std::optional<bool> on = ReadTruth(use.value);
  if (!on) return NotTaken(use, "true or false");
  const ConfigKey* key = FindConfigKey(option.key);
  if (key == nullptr) return std::nullopt;
  return SetConfigValue(*key, Json(*on != use.negated), &reading->config);
}

MaybeError ReadWorkloadMember(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  size_t length = 0;
  const double number = ReadDecimal(use.value, &length);
  const bool is_number = length > 0 && length == use.value.size();
  const Json& before = reading->config.workload;
  Json workload = before.is_null() ? Json::MakeObject() : before;
  workload.Set(WorkloadMember(option), is_number ? Json(number) : Json(use.value));
  const ConfigKey* key = FindConfigKey(option.key);
  if (key == nullptr) return std::nullopt;
  std::optional<Error> error = SetConfigValue(*key, workload, &reading->config);
  if (error) return NotTaken(use, error->accepted);
  return std::nullopt;
}

MaybeError ReadInverted(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  OptionUse inverted = use;
  inverted.negated = !use.negated;
  return ReadSwitch(option, inverted, reading);
}

MaybeError ReadCasedSize(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  if (use.value == "auto" && option.key == "max_model_len") {
    return SetConfigValue(*FindConfigKey(option.key), Json(-1), &reading->config);
  }
  return SetWhole(option, use, ReadSize(use.value, SizeRule::kCased),
                  "a whole number; k, m and g stand for 1000, K, M and G for 1024", reading);
}

MaybeError ReadBinarySize(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  return SetWhole(option, use, ReadSize(use.value, SizeRule::kBinary),
                  "a whole number; k, M and G stand for 1000, Ki, Mi and Gi for 1024", reading);
}

MaybeError ReadModel(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  (void)option;
  reading->model = std::string(use.value);
  return std::nullopt;
}

MaybeError ReadModelFile(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  (void)option;
  reading->file = std::string(use.value);
  return std::nullopt;
}

namespace {

// What of a model's config changes how long it may be. False: nothing was known.
bool TakeOverride(std::string_view name, const Json& value, Config* config) {
  if (name == "rope_scaling" || name == "rope_parameters") {
    if (!value.is_object()) return false;
    RopeScaling scaling;
    const auto text = [&](const char* member) {
      const Json* found = value.Find(member);
      return found != nullptr && found->is_string() ? found->AsString() : std::string();
    };
    const auto number = [&](const char* member) {
      const Json* found = value.Find(member);
      return found != nullptr ? found->AsDouble().value_or(0) : 0;
    };
    scaling.kind = text("rope_type").empty() ? text("type") : text("rope_type");
    if (scaling.kind.empty()) scaling.kind = "default";
    if (number("factor") > 0) scaling.factor = number("factor");
    const double original = number("original_max_position_embeddings");
    if (original >= 1 && original <= static_cast<double>(kMaxPositions))
      scaling.original = static_cast<int64_t>(original);
    const std::string shown = RopeScalingText(scaling);
    if (!ReadRopeScaling(shown)) return false;
    config->rope_scaling = shown;
    return true;
  }
  const bool length = name == "max_position_embeddings" || name == "model_max_length";
  if (length && value.AsInt().value_or(0) > 0) {
    if (config->rope_scaling.empty()) config->rope_scaling = RopeScalingText({"default", 1, *value.AsInt()});
    return true;
  }
  if (name != "text_config" || !value.is_object()) return false;
  bool all = true;
  for (const Json::Member& member : value.members()) {
    all = member.second.is_object() && member.first == "text_config"
              ? false
              : TakeOverride(member.first, member.second, config) && all;
  }
  return all;
}

}  // namespace

MaybeError ReadModelOverrides(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  const std::optional<Json> value = ParseLooseJson(use.value);
  bool all = true;
  if (!use.path.empty()) {
    all = value && TakeOverride(use.path, *value, &reading->config);
  } else {
    if (!value || !value->is_object()) return NotTaken(use, "an object with keys of config.json");
    for (const Json::Member& member : value->members())
      all = TakeOverride(member.first, member.second, &reading->config) && all;
  }
  if (!all) reading->note = "only what it says of rotary embeddings and lengths is read";
  return std::nullopt;
}

MaybeError ReadRopeObject(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  const std::optional<Json> value = ParseLooseJson(use.value);
  if (!value || !TakeOverride("rope_scaling", *value, &reading->config))
    return NotTaken(use, "{\"rope_type\":\"yarn\",\"factor\":4,\"original_max_position_embeddings\":32768}");
  return std::nullopt;
}

MaybeError ReadServedName(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  (void)option;
  if (reading->served_name.empty())
    reading->served_name = std::string(use.value.substr(0, use.value.find(' ')));
  return std::nullopt;
}

MaybeError ReadQuantization(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  (void)option;
  reading->quantization = std::string(use.value);
  return std::nullopt;
}

std::string_view FormatOfDtypeName(std::string_view dtype) {
  if (dtype == "half" || dtype == "float16" || dtype == "fp16") return "fp16";
  if (dtype == "bfloat16" || dtype == "bf16") return "bf16";
  if (dtype == "float" || dtype == "float32" || dtype == "fp32") return "fp32";
  return {};
}

MaybeError ReadDtype(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  (void)option;
  std::string_view word = use.value;
  if (word.starts_with("torch.")) word.remove_prefix(6);
  if (word != "auto" && FormatOfDtypeName(word).empty()) {
    return NotTaken(use, "auto, half, float16, bfloat16, float or float32");
  }
  reading->dtype = std::string(word);
  return std::nullopt;
}

MaybeError ReadKvType(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  (void)option;
  std::string_view word = use.value;
  for (const auto& [name, id] : {std::pair<std::string_view, std::string_view>{"float16", "fp16"},
                                 {"half", "fp16"},
                                 {"bfloat16", "bf16"},
                                 {"f16", "fp16"},
                                 {"f32", "fp32"},
                                 {"FP8", "fp8"},
                                 {"fp8_inc", "fp8"}}) {
    if (word == name) word = id;
  }
  const std::optional<KvType> type = KvTypeNamed(word);
  if (!type) {
    reading->note = "this cache type is not modelled";
    return std::nullopt;
  }
  if (*type == KvType::kAuto) {
    reading->config.kv_cache_dtype.reset();
  } else {
    reading->config.kv_cache_dtype = KvTypes{*type, *type};
  }
  return std::nullopt;
}

MaybeError ReadVisible(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  (void)option;
  if (use.value == "all") return std::nullopt;
  reading->visible = CommaEntries(use.value);
  return std::nullopt;
}

MaybeError ReadExpertRanks(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  (void)option;
  const std::optional<int64_t> ranks = ReadWhole(use.value);
  if (!ranks) return NotTaken(use, "a whole number");
  reading->expert_ranks = *ranks;
  reading->config.expert_parallel = *ranks > 1;
  return std::nullopt;
}

MaybeError ReadLora(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  (void)option;
  reading->lora = !use.negated && ReadTruth(use.value).value_or(true);
  return std::nullopt;
}

MaybeError ReadMaxLoras(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  (void)option;
  reading->max_loras = ReadWhole(use.value);
  return reading->max_loras ? std::nullopt : MaybeError(NotTaken(use, "a whole number"));
}

MaybeError ReadLoraRank(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  (void)option;
  reading->lora_rank = ReadWhole(use.value);
  return reading->lora_rank ? std::nullopt : MaybeError(NotTaken(use, "a whole number"));
}

MaybeError ReadDraftModel(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  (void)option;
  reading->draft.model = std::string(use.value);
  return std::nullopt;
}

MaybeError ReadDraftMethod(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  (void)option;
  reading->draft.method = std::string(use.value);
  return std::nullopt;
}

MaybeError ReadDraftFormat(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  (void)option;
  for (const QuantizationWord& row : kQuantizations) {
    if (row.word == use.value) reading->draft.format = std::string(row.format);
  }
  return std::nullopt;
}

MaybeError ReadDraftTokens(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  (void)option;
  reading->draft.tokens = ReadWhole(use.value);
  return reading->draft.tokens ? std::nullopt : MaybeError(NotTaken(use, "a whole number"));
}

MaybeError ReadChoice(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  if (use.negated || ReadTruth(use.value) == std::optional(false)) return std::nullopt;
  std::string name(FirstName(option.names));
  if (option.value != OptionValue::kNone) name += "=" + std::string(use.value);
  reading->choices.push_back(std::move(name));
  return std::nullopt;
}

bool HasChoice(const OptionReading& reading, std::string_view name) {
  return std::find(reading.choices.begin(), reading.choices.end(), name) != reading.choices.end();
}

std::string WriteKey(const EngineOption& option, const LaunchSubject& subject) {
  const ConfigKey* key = FindConfigKey(option.key);
  if (key == nullptr || !IsConfigValueGiven(subject.config, *key)) return {};
  if (key->type == KeyType::kSwitch) return *(subject.config.*key->flag) ? "true" : "false";
  return GetConfigText(subject.config, *key);
}

std::string WriteWorkloadMember(const EngineOption& option, const LaunchSubject& subject) {
  const Json* value = subject.config.workload.Find(WorkloadMember(option));
  if (value == nullptr) return {};
  return value->is_string() ? value->AsString() : value->Dump();
}

std::string WriteInverted(const EngineOption& option, const LaunchSubject& subject) {
  const std::string value = WriteKey(option, subject);
  return value == "true" ? "false" : value == "false" ? "true" : value;
}

std::string WriteTrue(const EngineOption& option, const LaunchSubject& subject) {
  return WriteKey(option, subject) == "true" ? "true" : "";
}

namespace {
std::string Degree(int64_t degree) { return degree > 1 ? std::to_string(degree) : std::string(); }
}  // namespace

std::string WriteRopeObject(const EngineOption&, const LaunchSubject& subject) {
  const std::optional<RopeScaling> scaling = ReadRopeScaling(subject.config.rope_scaling);
  if (!scaling) return {};
  Json json = Json::MakeObject();
  json.AppendMember("rope_type", scaling->kind);
  json.AppendMember("factor", scaling->factor);
  if (scaling->original > 0) json.AppendMember("original_max_position_embeddings", scaling->original);
  return json.Dump();
}
std::string WriteOne(const EngineOption& option, const LaunchSubject& subject) {
  return WriteKey(option, subject) == "true" ? "1" : "";
}
std::string WriteTp(const EngineOption&, const LaunchSubject& subject) { return Degree(subject.resolved.tp); }
std::string WritePp(const EngineOption&, const LaunchSubject& subject) { return Degree(subject.resolved.pp); }
std::string WriteDp(const EngineOption&, const LaunchSubject& subject) { return Degree(subject.resolved.dp); }

std::string WriteLora(const EngineOption&, const LaunchSubject& subject) {
  return subject.config.lora ? "true" : "";
}
std::string WriteMaxLoras(const EngineOption&, const LaunchSubject& subject) {
  return subject.config.lora ? std::to_string(subject.config.lora->max_loras) : "";
}
std::string WriteLoraRank(const EngineOption&, const LaunchSubject& subject) {
  return subject.config.lora ? std::to_string(subject.config.lora->max_rank) : "";
}

bool ResolveNames(OptionReading* reading) {
  TakeDraft(reading);
  if (reading->lora) {
    Lora lora;
    lora.max_loras = reading->max_loras.value_or(lora.max_loras);
    lora.max_rank = reading->lora_rank.value_or(lora.max_rank);
    reading->config.lora = lora;
  }
  if (reading->model.empty() && reading->served_name.empty()) return true;
  for (const std::string* name : {&reading->model, &reading->file, &reading->served_name}) {
    if (name->empty()) continue;
    const std::optional<NamedModel> named = FindModelNamed(*reading->catalog, *name);
    if (!named) continue;
    reading->config.model = named->model->id;
    TakeFormat(*named, reading);
    if (name == &reading->served_name) reading->model = reading->served_name;
    RemarkOnName(*named, reading);
    return true;
  }
  return reading->model.empty();
}

void CountRanks(OptionReading* reading) {
  Config& config = reading->config;
  const int64_t nodes = config.nodes.value_or(1);
  const int64_t ranks = config.tp.value_or(1) * config.pp.value_or(1) * config.dp.value_or(1);
  if (ranks > kMaxCards || ranks < 1) return;  // Resolve() says what is wrong
  const int64_t needed = CeilDiv(ranks, std::max<int64_t>(1, nodes));
  if (!config.gpus) {
    if (reading->visible && *reading->visible > 0) {
      config.gpus = *reading->visible;
    } else if (needed > 1) {
      config.gpus = needed;
    }
  }
  if (config.gpus.value_or(1) * nodes > 1 && !config.tp) config.tp = 1;
}

}  // namespace plimsoll
