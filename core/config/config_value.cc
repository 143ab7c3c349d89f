#include "core/config/config_value.h"

#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "core/base/text.h"
#include "core/config/workload.h"

namespace plimsoll {
namespace {

using K = KeyType;

// ---- enumerated values ------------------------------------------------------------------------------------

constexpr std::array<KeyChoice, 6> kMethods = {
    {{"draft", ""}, {"mtp", ""}, {"eagle", ""}, {"eagle3", ""}, {"dflash", ""}, {"ngram", ""}}};

// The choices stand in the order of their enumerators.
template <typename T, size_t N>
std::string_view NameOf(const std::array<KeyChoice, N>& choices, T value) {
  const size_t index = static_cast<size_t>(value);
  return choices[index < N ? index : 0].id;
}

template <typename T, size_t N>
std::optional<T> ValueOf(const std::array<KeyChoice, N>& choices, const Json& value) {
  if (!value.is_string()) return std::nullopt;
  for (size_t i = 0; i < N; ++i) {
    if (choices[i].id == value.AsString()) return static_cast<T>(i);
  }
  return std::nullopt;
}

template <size_t N>
std::string Names(const std::array<KeyChoice, N>& choices) {
  std::vector<std::string_view> names;
  for (const KeyChoice& choice : choices) names.push_back(choice.id);
  return ListText(names, "or");
}

// ---- one value --------------------------------------------------------------------------------------------

Error Refuse(const ConfigKey& key, const Json& value) {
  return Error{std::string(key.json), GivenText(value), AcceptedValues(key)};
}

Error RefuseInside(const ConfigKey& key, std::string_view member, const Json& value, std::string accepted) {
  return Error{std::string(key.json) + "." + std::string(member), GivenText(value), std::move(accepted)};
}

std::string WholeNumberText(int64_t least, int64_t most) {
  return "a whole number from " + CountText(least) + " to " + CountText(most);
}

// A member of a structured value; absent leaves `target` as it is.
std::optional<Error> ReadMember(const ConfigKey& key, const Json& object, std::string_view name,
                                int64_t least, int64_t most, int64_t* target) {
  const Json* value = object.Find(name);
  if (!value || value->is_null()) return std::nullopt;
  const std::optional<int64_t> number = value->AsInt();
  if (!number || *number < least || *number > most) {
    return RefuseInside(key, name, *value, WholeNumberText(least, most));
  }
  *target = *number;
  return std::nullopt;
}

std::optional<Error> SetModel(const ConfigKey& key, const Json& value, Config* config) {
  if (value.is_object()) {
    config->model.clear();
    config->inline_model = value;
    return std::nullopt;
  }
  if (!value.is_string() || value.AsString().empty()) return Refuse(key, value);
  config->model = value.AsString();
  config->inline_model = Json();
  return std::nullopt;
}

std::optional<Error> SetFormat(const ConfigKey& key, const Json& value, Config* config) {
  const bool id = value.is_string() && !value.AsString().empty();
  if (!id && !value.is_object()) return Refuse(key, value);
  config->format = value;
  return std::nullopt;
}

std::optional<Error> SetGpus(const ConfigKey& key, const Json& value, Config* config) {
  std::vector<std::string> ids;
  if (value.is_string()) {
    ids.push_back(value.AsString());
  } else if (static_cast<int64_t>(value.items().size()) <= kMaxCards) {
    for (const Json& item : value.items()) ids.push_back(item.AsString());
  }
  if (ids.empty()) return Refuse(key, value);
  for (const std::string& id : ids) {
    if (id.empty()) return Refuse(key, value);
  }
  config->gpu = std::move(ids);
  return std::nullopt;
}

std::optional<Error> SetNumbers(const ConfigKey& key, const Json& value, Config* config) {
  // -ts is written as text: "3,1" or "3/1".
  if (value.is_string() && key.also_split_by != 0) {
    return SetConfigText(key, value.AsString(), config);
  }
  std::vector<double> numbers;
  if (value.is_number()) {
    numbers.push_back(*value.AsDouble());
  } else if (static_cast<int64_t>(value.items().size()) <= kMaxCards) {
    for (const Json& item : value.items()) numbers.push_back(item.is_number() ? *item.AsDouble() : -1);
  }
  if (numbers.empty()) return Refuse(key, value);
  for (double number : numbers) {
    if (!(number >= key.least && number <= key.most)) return Refuse(key, value);
  }
  config->*key.numbers = std::move(numbers);
  return std::nullopt;
}

// One text; of overrides a list too, as one gives -ot several times.
std::optional<Error> SetText(const ConfigKey& key, const Json& value, Config* config) {
  std::string text = value.is_string() ? value.AsString() : std::string();
  if (key.joins_lists) {
    for (const Json& item : value.items()) {
      if (!item.is_string()) return Refuse(key, value);
      if (!text.empty()) text += ',';
      text += item.AsString();
    }
  }
  if (text.empty() || static_cast<double>(text.size()) > key.most) return Refuse(key, value);
  config->*key.text = std::move(text);
  return std::nullopt;
}

std::optional<Error> SetKvTypes(const ConfigKey& key, const Json& value, Config* config) {
  if (const std::optional<KvType> both = ValueOf<KvType>(kKvTypeChoices, value)) {
    config->kv_cache_dtype = KvTypes{*both, *both};
    return std::nullopt;
  }
  if (!value.is_object()) return Refuse(key, value);
  KvTypes types;
  for (const std::string_view side : {"k", "v"}) {
    const Json* given = value.Find(side);
    if (!given) continue;
    const std::optional<KvType> type = ValueOf<KvType>(kKvTypeChoices, *given);
    if (!type) return RefuseInside(key, side, *given, Names(kKvTypeChoices));
    (side == "k" ? types.k : types.v) = *type;
  }
  config->kv_cache_dtype = types;
  return std::nullopt;
}

std::optional<Error> SetSpeculative(const ConfigKey& key, const Json& value, Config* config) {
  if (!value.is_object()) return Refuse(key, value);
  Speculative speculative;
  const Json* method = value.Find("method");
  if (method && !method->is_null()) {
    const std::optional<SpeculativeMethod> known = ValueOf<SpeculativeMethod>(kMethods, *method);
    if (!known) return RefuseInside(key, "method", *method, Names(kMethods));
    speculative.method = *known;
  }
  for (const std::string_view name : {"model", "format"}) {
    const Json* text = value.Find(name);
    if (!text || text->is_null()) continue;
    if (!text->is_string()) return RefuseInside(key, name, *text, "an id");
    (name == "model" ? speculative.model : speculative.format) = text->AsString();
  }
  if (auto error = ReadMember(key, value, "num_tokens", 1, 1024, &speculative.num_tokens)) return error;
  if (speculative.num_tokens == 0) return RefuseInside(key, "num_tokens", Json(), WholeNumberText(1, 1024));
  config->speculative = std::move(speculative);
  return std::nullopt;
}

std::optional<Error> SetLora(const ConfigKey& key, const Json& value, Config* config) {
  if (!value.is_object()) return Refuse(key, value);
  Lora lora;
  if (auto error = ReadMember(key, value, "max_loras", 1, 4096, &lora.max_loras)) return error;
  if (auto error = ReadMember(key, value, "max_rank", 1, 65536, &lora.max_rank)) return error;
  config->lora = lora;
  return std::nullopt;
}

std::optional<Error> SetWorkload(const ConfigKey& key, const Json& value, Config* config) {
  if (!value.is_object()) return Refuse(key, value);
  const Result<Workload> read = ReadWorkload(value, Workload(), key.json);
  if (!read.ok()) return read.error();
  config->workload = value;
  return std::nullopt;
}

struct CalibrationMember {
  std::string_view name;
  std::optional<double> Calibration::*member;
  double least, most;
};
constexpr CalibrationMember kCalibration[] = {{"outside_gib", &Calibration::outside_gib, -1000, 1000},
                                              {"activation", &Calibration::activation, 0.05, 20},
                                              {"decode", &Calibration::decode, 0.02, 50},
                                              {"prefill", &Calibration::prefill, 0.02, 50}};

std::optional<Error> SetCalibration(const ConfigKey& key, const Json& value, Config* config) {
  if (!value.is_object()) return Refuse(key, value);
  Calibration calibration;
  for (const CalibrationMember& row : kCalibration) {
    const Json* given = value.Find(row.name);
    if (!given || given->is_null()) continue;
    const std::optional<double> number = given->is_number() ? given->AsDouble() : std::nullopt;
    if (!number || !(*number >= row.least && *number <= row.most)) {
      return RefuseInside(key, row.name, *given,
                          "a number from " + FormatDouble(row.least) + " to " + FormatDouble(row.most));
    }
    calibration.*row.member = *number;
  }
  config->cal.reset();
  if (calibration != Calibration()) config->cal = calibration;
  return std::nullopt;
}

std::optional<Error> SetInteger(const ConfigKey& key, const Json& value, Config* config) {
  std::optional<int64_t> number = value.is_number() ? value.AsInt() : std::nullopt;
  // Tokens stand in files as people write them, too.
  if (key.tokens && value.is_string()) number = ReadTokens(value.AsString());
  if (!number) return Refuse(key, value);
  const bool in_range = static_cast<double>(*number) >= key.least && static_cast<double>(*number) <= key.most;
  // -1 is a word of its own ("as long as fits", "all").
  if (!in_range && (*number != -1 || key.minus_one.empty())) return Refuse(key, value);
  config->*key.integer = *number;
  return std::nullopt;
}

// 0 and 1 are what environment variables and logs call false and true.
std::optional<Error> SetSwitch(const ConfigKey& key, const Json& value, Config* config) {
  const std::optional<double> number = value.AsDouble();
  const bool counts = number && (*number == 0 || *number == 1);
  if (!value.is_bool() && !counts) return Refuse(key, value);
  config->*key.flag = value.is_bool() ? *value.AsBool() : *number == 1;
  return std::nullopt;
}

std::optional<Error> SetNumber(const ConfigKey& key, const Json& value, Config* config) {
  const std::optional<double> number = value.is_number() ? value.AsDouble() : std::nullopt;
  if (!number || !(*number >= key.least && *number <= key.most)) return Refuse(key, value);
  config->*key.number = *number;
  return std::nullopt;
}

void Clear(const ConfigKey& key, Config* config) {
  switch (key.type) {
    case K::kText:
      (config->*key.text).clear();
      break;
    case K::kInteger:
      (config->*key.integer).reset();
      break;
    case K::kNumber:
      (config->*key.number).reset();
      break;
    case K::kSwitch:
      (config->*key.flag).reset();
      break;
    case K::kModel:
      config->model.clear();
      config->inline_model = Json();
      break;
    case K::kFormat:
      config->format = Json();
      break;
    case K::kGpuList:
      config->gpu.clear();
      break;
    case K::kNumberList:
      (config->*key.numbers).clear();
      break;
    case K::kKvTypes:
      config->kv_cache_dtype.reset();
      break;
    case K::kSpeculative:
      config->speculative.reset();
      break;
    case K::kSplitMode:
      config->split_mode.reset();
      break;
    case K::kLora:
      config->lora.reset();
      break;
    case K::kWorkload:
      config->workload = Json();
      break;
    case K::kCalibration:
      config->cal.reset();
      break;
  }
}

template <typename List, typename ToJson>
Json OneOrList(const List& list, ToJson to_json) {
  if (list.empty()) return Json();
  if (list.size() == 1) return to_json(list.front());
  Json array = Json::MakeArray();
  for (const auto& item : list) array.Append(to_json(item));
  return array;
}

// A number in text: JSON's grammar and nothing else, so neither "1e999", "0x10", "1 " nor "" is one.
std::optional<Json> ReadNumberText(std::string_view text) {
  if (text.empty() || text.size() > 40) return std::nullopt;
  for (char c : text) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && c != '-' && c != '+' && c != '.' && c != 'e' && c != 'E') return std::nullopt;
  }
  Result<Json> value = Json::Parse(text, "");
  if (!value.ok() || !value->is_number() || !std::isfinite(value->AsDouble().value_or(INFINITY))) {
    return std::nullopt;
  }
  return *value;
}

bool IsSwitchText(std::string_view text) {
  return text == "true" || text == "false" || text == "1" || text == "0";
}

}  // namespace

std::string GivenText(const Json& value) {
  if (value.is_string()) return Quoted(value.AsString());
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list of " + CountText(static_cast<int64_t>(value.items().size()));
  return value.Dump();
}

std::string_view KvTypeName(KvType type) { return NameOf(kKvTypeChoices, type); }
std::optional<KvType> KvTypeNamed(std::string_view name) {
  for (size_t i = 0; i < kKvTypeChoices.size(); ++i) {
    if (kKvTypeChoices[i].id == name) return static_cast<KvType>(i);
  }
  return std::nullopt;
}
std::string_view SplitModeName(SplitMode mode) { return NameOf(kSplitModeChoices, mode); }
std::string_view SpeculativeMethodName(SpeculativeMethod method) { return NameOf(kMethods, method); }

Json KvTypesJson(const KvTypes& types) {
  if (types.k == types.v) return Json(KvTypeName(types.k));
  Json object = Json::MakeObject();
  object.Set("k", KvTypeName(types.k)).Set("v", KvTypeName(types.v));
  return object;
}

Json SpeculativeJson(const Speculative& speculative) {
  Json object = Json::MakeObject();
  object.Set("method", SpeculativeMethodName(speculative.method));
  if (!speculative.model.empty()) object.Set("model", speculative.model);
  if (!speculative.format.empty()) object.Set("format", speculative.format);
  object.Set("num_tokens", speculative.num_tokens);
  return object;
}

Json LoraJson(const Lora& lora) {
  Json object = Json::MakeObject();
  object.Set("max_loras", lora.max_loras).Set("max_rank", lora.max_rank);
  return object;
}

Json CalibrationJson(const Calibration& calibration) {
  Json object = Json::MakeObject();
  for (const CalibrationMember& row : kCalibration) {
    if (calibration.*row.member) object.Set(row.name, *(calibration.*row.member));
  }
  return object;
}

std::string AcceptedValues(const ConfigKey& key) {
  switch (key.type) {
    case K::kText:
    case K::kModel:
    case K::kFormat:
      return std::string(key.accepted);
    case K::kInteger: {
      const std::string special = key.minus_one.empty() ? "" : "-1 (" + std::string(key.minus_one) + ") or ";
      return special + WholeNumberText(static_cast<int64_t>(key.least), static_cast<int64_t>(key.most)) +
             (key.tokens ? ", or one such as 32k or 1M" : "");
    }
    case K::kNumber:
      return "a number from " + FormatDouble(key.least) + " to " + FormatDouble(key.most);
    case K::kSwitch:
      return "true or false";
    case K::kGpuList:
      return "a GPU id such as \"rtx-4090\", or a list of up to " + CountText(kMaxCards) + " ids";
    case K::kNumberList:
      return std::string(key.accepted) + " from " + FormatDouble(key.least) + " to " +
             CountText(static_cast<int64_t>(key.most)) + ", or a list of up to " + CountText(kMaxCards);
    case K::kKvTypes:
      return Names(kKvTypeChoices) + ", or an object with \"k\" and \"v\"";
    case K::kSplitMode:
      return Names(kSplitModeChoices);
    case K::kSpeculative:
    case K::kLora:
    case K::kWorkload:
    case K::kCalibration:
      return "an object " + std::string(key.accepted);
  }
  return "";
}

Json GetConfigValue(const Config& config, const ConfigKey& key) {
  switch (key.type) {
    case K::kText:
      return (config.*key.text).empty() ? Json() : Json(config.*key.text);
    case K::kInteger:
      return config.*key.integer ? Json(*(config.*key.integer)) : Json();
    case K::kNumber:
      return config.*key.number ? Json(*(config.*key.number)) : Json();
    case K::kSwitch:
      return config.*key.flag ? Json(*(config.*key.flag)) : Json();
    case K::kModel:
      return config.model.empty() ? config.inline_model : Json(config.model);
    case K::kFormat:
      return config.format;
    case K::kGpuList:
      return OneOrList(config.gpu, [](const std::string& id) { return Json(id); });
    case K::kNumberList:
      return OneOrList(config.*key.numbers, [](double number) { return Json(number); });
    case K::kKvTypes:
      return config.kv_cache_dtype ? KvTypesJson(*config.kv_cache_dtype) : Json();
    case K::kSpeculative:
      return config.speculative ? SpeculativeJson(*config.speculative) : Json();
    case K::kSplitMode:
      return config.split_mode ? Json(SplitModeName(*config.split_mode)) : Json();
    case K::kLora:
      return config.lora ? LoraJson(*config.lora) : Json();
    case K::kWorkload:
      return config.workload;
    case K::kCalibration:
      return config.cal ? CalibrationJson(*config.cal) : Json();
  }
  return Json();
}

bool IsConfigValueGiven(const Config& config, const ConfigKey& key) {
  switch (key.type) {
    case K::kText:
      return !(config.*key.text).empty();
    case K::kInteger:
      return (config.*key.integer).has_value();
    case K::kNumber:
      return (config.*key.number).has_value();
    case K::kSwitch:
      return (config.*key.flag).has_value();
    case K::kModel:
      return !config.model.empty() || !config.inline_model.is_null();
    case K::kFormat:
      return !config.format.is_null();
    case K::kGpuList:
      return !config.gpu.empty();
    case K::kNumberList:
      return !(config.*key.numbers).empty();
    case K::kKvTypes:
      return config.kv_cache_dtype.has_value();
    case K::kSpeculative:
      return config.speculative.has_value();
    case K::kSplitMode:
      return config.split_mode.has_value();
    case K::kLora:
      return config.lora.has_value();
    case K::kWorkload:
      return !config.workload.is_null();
    case K::kCalibration:
      return config.cal.has_value();
  }
  return false;
}

std::optional<Error> SetConfigValue(const ConfigKey& key, const Json& value, Config* config) {
  if (value.is_null()) {
    Clear(key, config);
    return std::nullopt;
  }
  switch (key.type) {
    case K::kText:
      return SetText(key, value, config);
    case K::kInteger:
      return SetInteger(key, value, config);
    case K::kNumber:
      return SetNumber(key, value, config);
    case K::kSwitch:
      return SetSwitch(key, value, config);
    case K::kModel:
      return SetModel(key, value, config);
    case K::kFormat:
      return SetFormat(key, value, config);
    case K::kGpuList:
      return SetGpus(key, value, config);
    case K::kNumberList:
      return SetNumbers(key, value, config);
    case K::kKvTypes:
      return SetKvTypes(key, value, config);
    case K::kSpeculative:
      return SetSpeculative(key, value, config);
    case K::kSplitMode: {
      const std::optional<SplitMode> mode = ValueOf<SplitMode>(kSplitModeChoices, value);
      if (!mode) return Refuse(key, value);
      config->split_mode = *mode;
      return std::nullopt;
    }
    case K::kLora:
      return SetLora(key, value, config);
    case K::kWorkload:
      return SetWorkload(key, value, config);
    case K::kCalibration:
      return SetCalibration(key, value, config);
  }
  return std::nullopt;
}

std::optional<Error> SetConfigText(const ConfigKey& key, std::string_view text, Config* config) {
  if (!IsUtf8(text)) return Error{std::string(key.json), Quoted(text), "UTF-8 text"};
  const Error refusal{std::string(key.json), text.empty() ? "nothing" : Quoted(text), AcceptedValues(key)};
  if (text.empty()) return refusal;
  // Structured values may stand in a flag as JSON; `model`, `format` and the rest are ids.
  if (text.front() == '{') {
    Result<Json> value = Json::Parse(text, key.json, kInlineLimits);
    if (!value.ok()) return value.error();
    return SetConfigValue(key, *value, config);
  }
  switch (key.type) {
    case K::kInteger: {
      if (text == key.minus_word) return SetConfigValue(key, Json(-1), config);
      const bool digits_only = text.find_first_not_of("-0123456789") == std::string_view::npos;
      std::optional<Json> number = digits_only ? ReadNumberText(text) : std::nullopt;
      const std::optional<int64_t> tokens = key.tokens && !digits_only ? ReadTokens(text) : std::nullopt;
      if (tokens) number = Json(*tokens);
      if (!number || SetConfigValue(key, *number, config)) return refusal;
      return std::nullopt;
    }
    case K::kNumber: {
      const std::optional<Json> number = ReadNumberText(text);
      if (!number || SetConfigValue(key, *number, config)) return refusal;
      return std::nullopt;
    }
    case K::kSwitch:
      if (!IsSwitchText(text)) return refusal;
      return SetConfigValue(key, Json(text == "true" || text == "1"), config);
    case K::kNumberList: {
      Json list = Json::MakeArray();
      // Some are written 3/1 as well as 3,1.
      const bool otherwise = key.also_split_by != 0 && text.find(',') == std::string_view::npos;
      for (std::string_view part : SplitAt(text, otherwise ? key.also_split_by : ',')) {
        const std::optional<Json> number = ReadNumberText(part);
        if (!number) return refusal;
        list.Append(*number);
      }
      return SetConfigValue(key, list, config) ? std::optional<Error>(refusal) : std::nullopt;
    }
    case K::kGpuList: {
      Json list = Json::MakeArray();
      for (std::string_view part : SplitAt(text, ',')) list.Append(Json(part));
      return SetConfigValue(key, list, config) ? std::optional<Error>(refusal) : std::nullopt;
    }
    case K::kText:
    case K::kModel:
    case K::kFormat:
    case K::kKvTypes:
    case K::kSpeculative:
    case K::kSplitMode:
    case K::kLora:
    case K::kWorkload:
    case K::kCalibration:
      return SetConfigValue(key, Json(text), config);
  }
  return refusal;
}

std::string ConfigValueText(const Json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.AsString();
  if (value.is_bool()) return *value.AsBool() ? "1" : "0";
  if (!value.is_array()) return value.Dump();
  std::string text;
  for (const Json& item : value.items()) {
    if (&item != &value.items().front()) text += ',';
    text += ConfigValueText(item);
  }
  return text;
}

std::string GetConfigText(const Config& config, const ConfigKey& key) {
  return ConfigValueText(GetConfigValue(config, key));
}

}  // namespace plimsoll
