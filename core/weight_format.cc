#include "core/weight_format.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "core/gguf_types.h"
#include "core/module_pattern.h"

namespace plimsoll {
namespace {

using internal::SaturatingAdd;
using internal::SaturatingMultiply;

constexpr size_t kMaxRules = 20000;  // ModelOpt lists every module of a model one by one
constexpr size_t kMaxSchemes = 64;
constexpr int64_t kMaxGroup = 1 << 20;

struct PlainId {
  std::string_view id;
  DType dtype;
};
constexpr PlainId kPlainIds[] = {{"fp32", DType::kFp32}, {"bf16", DType::kBf16}, {"fp16", DType::kFp16}};

struct QuantizedId {
  std::string_view id;
  FormatFamily family;
  int32_t bits;
  int64_t group_size;
  bool symmetric;
};
// Group sizes: what the tools take when nothing is said (AutoAWQ, GPTQModel, llm-compressor: 128) or what the
// number format fixes (OCP MX: 32; NVFP4: 16; bitsandbytes: blocks of 64).
constexpr QuantizedId kQuantizedIds[] = {
    {"fp8", FormatFamily::kFp8, 8, 0, true},          {"fp8-block", FormatFamily::kFp8Block, 8, 0, true},
    {"int8", FormatFamily::kInt8, 8, 0, true},        {"gptq-int8", FormatFamily::kGptq, 8, 128, true},
    {"gptq-int4", FormatFamily::kGptq, 4, 128, true}, {"awq-int4", FormatFamily::kAwq, 4, 128, false},
    {"w4a16", FormatFamily::kPacked, 4, 128, true},   {"nvfp4", FormatFamily::kNvfp4, 4, 16, true},
    {"mxfp4", FormatFamily::kMxfp4, 4, 32, true},     {"bnb-nf4", FormatFamily::kBnbNf4, 4, 64, true},
    {"bnb-int8", FormatFamily::kBnbInt8, 8, 0, true},
};

constexpr std::string_view kGgufPrefix = "gguf-";

WeightScheme MakeScheme(const QuantizedId& id) {
  WeightScheme scheme;
  scheme.family = id.family;
  scheme.bits = id.bits;
  scheme.group_size = id.group_size;
  scheme.symmetric = id.symmetric;
  scheme.per_channel = id.family == FormatFamily::kFp8;
  scheme.static_activations = id.family == FormatFamily::kNvfp4;
  return scheme;
}

const QuantizedId& FindQuantized(FormatFamily family, int32_t bits) {
  for (const QuantizedId& id : kQuantizedIds) {
    if (id.family == family && id.bits == bits) return id;
  }
  for (const QuantizedId& id : kQuantizedIds) {
    if (id.family == family) return id;
  }
  return kQuantizedIds[0];
}

WeightFormat MakeFormat(FormatFamily family, int32_t bits) {
  const QuantizedId& id = FindQuantized(family, bits);
  WeightFormat format;
  format.id = std::string(id.id);
  format.family = family;
  WeightScheme scheme = MakeScheme(id);
  scheme.bits = bits;
  format.schemes.push_back(scheme);
  return format;
}

std::string AcceptedIds() {
  std::string text = "one of ";
  for (const std::string_view id : FormatIds()) {
    if (id.substr(0, kGgufPrefix.size()) == kGgufPrefix) continue;
    text.append(id).append(", ");
  }
  text += "gguf- with a llama.cpp file type:";
  for (int i = 0; i < kGgufFileTypes; ++i) {
    text.append(i == 0 ? " " : ", ").append(Info(static_cast<GgufFileType>(i)).id);
  }
  return text;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

Result<WeightFormat> FormatOfId(std::string_view text, std::string_view where) {
  const std::string id = text.size() <= 64 ? Lower(text) : std::string();
  for (const PlainId& plain : kPlainIds) {
    if (plain.id != id) continue;
    WeightFormat format;
    format.id = id;
    format.dtype = plain.dtype;
    return format;
  }
  for (const QuantizedId& quantized : kQuantizedIds) {
    if (quantized.id == id) return MakeFormat(quantized.family, quantized.bits);
  }
  if (std::string_view(id).substr(0, kGgufPrefix.size()) == kGgufPrefix) {
    WeightFormat format;
    format.family = FormatFamily::kGguf;
    format.gguf_type = FindGgufFileType(std::string_view(id).substr(kGgufPrefix.size()));
    if (format.gguf_type >= 0) {
      format.id =
          std::string(kGgufPrefix) + std::string(Info(static_cast<GgufFileType>(format.gguf_type)).id);
      return format;
    }
  }
  return Error{std::string(where), Quoted(text), AcceptedIds()};
}

std::string Field(std::string_view where, std::string_view key) {
  std::string field(where);
  if (!field.empty()) field += '.';
  return field.append(key);
}

std::string Given(const Json& value) { return Quoted(value.is_string() ? value.AsString() : value.Dump()); }

Error BadField(std::string_view where, std::string_view key, const Json& value, std::string_view accepted) {
  return Error{Field(where, key), Given(value), std::string(accepted)};
}

bool IsSet(const Json* value) { return value != nullptr && !value->is_null(); }

// Modules that stay plain, in the order given. Refuses what is no list of readable patterns.
std::optional<Error> AddExclusions(const Json* list, std::string_view where, std::string_view key,
                                   std::string_view prefix, WeightFormat* format) {
  if (!IsSet(list)) return std::nullopt;
  const bool listed = list->is_array() && list->items().size() <= kMaxRules;
  if (!listed) return BadField(where, key, *list, "a list of module names");
  for (const Json& item : list->items()) {
    ModulePattern pattern;
    const bool usable = item.is_string() && item.AsString().size() <= 2000;
    const std::string text = usable ? std::string(prefix) + item.AsString() : std::string();
    if (!usable || !pattern.Compile(text)) {
      return BadField(where, key, item,
                      "module names, globs, or \"re:\" and an expression without look-around");
    }
    format->rules.push_back({text, 0, false});
  }
  format->rules_given = true;
  return std::nullopt;
}

bool ReadFlag(const Json* value, bool fallback) {
  if (value == nullptr) return fallback;
  return value->AsBool().value_or(fallback);
}

// A group size: a positive number, or -1 and 0 for one group per row.
std::optional<Error> ReadGroupSize(const Json* value, std::string_view where, std::string_view key,
                                   WeightScheme* scheme) {
  if (!IsSet(value)) return std::nullopt;
  const std::optional<int64_t> size = value->AsInt();
  if (!size || *size < -1 || *size > kMaxGroup) {
    return BadField(where, key, *value, "a whole number from 1 to 1048576, or -1 for one group per row");
  }
  scheme->group_size = std::max<int64_t>(*size, 0);
  return std::nullopt;
}

std::optional<Error> ReadBits(const Json* value, std::string_view where, std::string_view key,
                              int32_t* bits) {
  if (!IsSet(value)) return std::nullopt;
  const std::optional<int64_t> given = value->AsInt();
  if (!given || *given < 2 || *given > 8)
    return BadField(where, key, *value, "a whole number of bits from 2 to 8");
  *bits = static_cast<int32_t>(*given);
  return std::nullopt;
}

std::optional<Error> ReadBlockSize(const Json* value, std::string_view where, std::string_view key,
                                   WeightScheme* scheme) {
  if (!IsSet(value)) return std::nullopt;
  const bool pair = value->is_array() && value->items().size() == 2;
  const std::optional<int64_t> rows = pair ? value->items()[0].AsInt() : value->AsInt();
  const std::optional<int64_t> columns = pair ? value->items()[1].AsInt() : value->AsInt();
  const bool sane =
      rows && columns && *rows >= 1 && *columns >= 1 && *rows <= kMaxGroup && *columns <= kMaxGroup;
  if (!sane) return BadField(where, key, *value, "[rows, columns], each from 1 to 1048576");
  scheme->block_rows = *rows;
  scheme->block_columns = *columns;
  return std::nullopt;
}

std::optional<Error> ReadScaleType(const Json* value, std::string_view where, WeightScheme* scheme) {
  if (!IsSet(value)) return std::nullopt;
  const std::string name = Lower(value->AsString());
  if (name == "fp32" || name == "float32") {
    scheme->scale_bytes = 4;
  } else if (name == "bf16" || name == "fp16" || name == "bfloat16" || name == "float16") {
    scheme->scale_bytes = 2;
  } else if (name == "ue8m0" || name == "e8m0") {
    scheme->scale_bytes = 1;
  } else {
    return BadField(where, "scale_dtype", *value, "fp32, bf16, fp16 or ue8m0");
  }
  return std::nullopt;
}

constexpr std::string_view kObjectKeys[] = {"id",
                                            "format",
                                            "group_size",
                                            "unquantized",
                                            "symmetric",
                                            "desc_act",
                                            "imatrix",
                                            "block_size",
                                            "per_channel",
                                            "scale_dtype",
                                            "double_quant",
                                            "static_activations",
                                            "quantization_config",
                                            "repo",
                                            "source",
                                            "notes"};

std::optional<Error> CheckKeys(const Json& object, std::string_view where) {
  for (const Json::Member& member : object.members()) {
    if (std::find(std::begin(kObjectKeys), std::end(kObjectKeys), member.first) != std::end(kObjectKeys))
      continue;
    return Error{
        Field(where, Quoted(member.first)), Given(member.second),
        "id, group_size, unquantized, symmetric, desc_act, imatrix, block_size, per_channel, scale_dtype, "
        "double_quant, static_activations or quantization_config"};
  }
  return std::nullopt;
}

std::optional<Error> ReadSchemeOptions(const Json& object, std::string_view where, WeightScheme* scheme) {
  if (auto error = ReadGroupSize(object.Find("group_size"), where, "group_size", scheme)) return error;
  if (auto error = ReadBlockSize(object.Find("block_size"), where, "block_size", scheme)) return error;
  if (auto error = ReadScaleType(object.Find("scale_dtype"), where, scheme)) return error;
  struct Flag {
    std::string_view key;
    bool* target;
  };
  const Flag flags[] = {{"symmetric", &scheme->symmetric},
                        {"desc_act", &scheme->desc_act},
                        {"per_channel", &scheme->per_channel},
                        {"double_quant", &scheme->double_quant},
                        {"static_activations", &scheme->static_activations}};
  for (const Flag& flag : flags) {
    const Json* value = object.Find(flag.key);
    if (!IsSet(value)) continue;
    if (!value->is_bool()) return BadField(where, flag.key, *value, "true or false");
    *flag.target = *value->AsBool();
  }
  return std::nullopt;
}

Result<WeightFormat> ReadFormatObject(const Json& object, std::string_view where) {
  if (auto error = CheckKeys(object, where)) return *error;
  const Json* published = object.Find("quantization_config");
  const Json* id = object.Find("id");
  if (!IsSet(id)) id = object.Find("format");
  if (!IsSet(id) && IsSet(published))
    return ReadQuantizationConfig(*published, Field(where, "quantization_config"));
  if (!IsSet(id) || !id->is_string()) {
    return Error{Field(where, "id"), id == nullptr ? "nothing" : Given(*id), AcceptedIds()};
  }
  Result<WeightFormat> format = FormatOfId(id->AsString(), Field(where, "id"));
  if (!format) return format;
  if (IsSet(published)) {
    Result<WeightFormat> read = ReadQuantizationConfig(*published, Field(where, "quantization_config"));
    if (!read) return read;
    read->id = format->id;
    return read;
  }
  if (!format->schemes.empty()) {
    if (auto error = ReadSchemeOptions(object, where, &format->schemes[0])) return *error;
  }
  if (auto error = AddExclusions(object.Find("unquantized"), where, "unquantized", "", &format.value()))
    return *error;
  const Json* imatrix = object.Find("imatrix");
  if (IsSet(imatrix) && !imatrix->is_bool()) return BadField(where, "imatrix", *imatrix, "true or false");
  format->importance_matrix = ReadFlag(imatrix, false);
  return format;
}

// ---- published configs
// --------------------------------------------------------------------------------------

// Adds a scheme and gives its 1-based index; 0 when there are too many (hostile input).
uint8_t AddScheme(const WeightScheme& scheme, WeightFormat* format) {
  for (size_t i = 0; i < format->schemes.size(); ++i) {
    if (format->schemes[i] == scheme) return static_cast<uint8_t>(i + 1);
  }
  if (format->schemes.size() >= kMaxSchemes) return 0;
  format->schemes.push_back(scheme);
  return static_cast<uint8_t>(format->schemes.size());
}

// Hugging Face's FP8 (DeepSeek, Qwen, MiniMax) and vLLM's own key `ignored_layers`.
Result<WeightFormat> ReadFp8(const Json& config, std::string_view where) {
  const Json* block = config.Find("weight_block_size");
  WeightFormat format = MakeFormat(IsSet(block) ? FormatFamily::kFp8Block : FormatFamily::kFp8, 8);
  WeightScheme& scheme = format.schemes[0];
  if (auto error = ReadBlockSize(block, where, "weight_block_size", &scheme)) return *error;
  const Json* method = config.Find("quant_method");
  scheme.per_channel = !IsSet(block) && method != nullptr && method->AsString() == "fbgemm_fp8";
  const Json* activation = config.Find("activation_scheme");
  scheme.static_activations = activation != nullptr && activation->AsString() == "static";
  for (const std::string_view key : {"modules_to_not_convert", "ignored_layers"}) {
    if (auto error = AddExclusions(config.Find(key), where, key, "", &format)) return *error;
  }
  return format;
}

std::optional<Error> ReadGptqOptions(const Json& config, std::string_view where, WeightScheme* scheme) {
  if (auto error = ReadBits(config.Find("bits"), where, "bits", &scheme->bits)) return error;
  if (auto error = ReadGroupSize(config.Find("group_size"), where, "group_size", scheme)) return error;
  scheme->symmetric = ReadFlag(config.Find("sym"), scheme->symmetric);
  scheme->desc_act = ReadFlag(config.Find("desc_act"), scheme->desc_act);
  return std::nullopt;
}

// GPTQModel's `dynamic`: "-:expression" leaves modules plain, "+:expression" or a bare one overrides options
// of what is quantised; the first that matches from the start of the name decides
// (gptqmodel/quantization/config.py).
std::optional<Error> ReadDynamic(const Json* dynamic, std::string_view where, WeightFormat* format) {
  if (!IsSet(dynamic)) return std::nullopt;
  if (!dynamic->is_object() || dynamic->members().size() > kMaxRules) {
    return BadField(where, "dynamic", *dynamic, "an object of \"-:expression\" or \"+:expression\" keys");
  }
  for (const Json::Member& member : dynamic->members()) {
    std::string_view text = member.first;
    const bool excludes = text.substr(0, 2) == "-:";
    if (excludes || text.substr(0, 2) == "+:") text.remove_prefix(2);
    ModulePattern pattern;
    FormatRule rule{std::string("re:").append(text), 0, !excludes};
    if (!pattern.Compile(rule.pattern)) {
      return Error{Field(where, "dynamic"), Quoted(member.first), "expressions without look-around inside"};
    }
    if (!excludes) {
      WeightScheme scheme = format->schemes[0];
      if (auto error = ReadGptqOptions(member.second, Field(where, "dynamic"), &scheme)) return error;
      rule.scheme = AddScheme(scheme, format);
    }
    format->rules.push_back(std::move(rule));
  }
  format->rules_given = true;
  return std::nullopt;
}

Result<WeightFormat> ReadGptq(const Json& config, std::string_view where) {
  int32_t bits = 4;
  if (auto error = ReadBits(config.Find("bits"), where, "bits", &bits)) return *error;
  WeightFormat format = MakeFormat(FormatFamily::kGptq, bits);
  if (auto error = ReadGptqOptions(config, where, &format.schemes[0])) return *error;
  if (auto error = ReadDynamic(config.Find("dynamic"), where, &format)) return *error;
  if (auto error = AddExclusions(config.Find("modules_to_not_convert"), where, "modules_to_not_convert", "",
                                 &format)) {
    return *error;
  }
  if (ReadFlag(config.Find("lm_head"), false)) format.rules.push_back({"lm_head", 1, false});
  return format;
}

Result<WeightFormat> ReadAwq(const Json& config, std::string_view where) {
  int32_t bits = 4;
  for (const std::string_view key : {"bits", "w_bit"}) {
    if (auto error = ReadBits(config.Find(key), where, key, &bits)) return *error;
  }
  WeightFormat format = MakeFormat(FormatFamily::kAwq, bits);
  for (const std::string_view key : {"group_size", "q_group_size"}) {
    if (auto error = ReadGroupSize(config.Find(key), where, key, &format.schemes[0])) return *error;
  }
  if (auto error = AddExclusions(config.Find("modules_to_not_convert"), where, "modules_to_not_convert", "",
                                 &format)) {
    return *error;
  }
  return format;
}

// AutoRound writes GPTQ's or AWQ's layout; `extra_config` overrides single modules, with 16 bits for "plain".
Result<WeightFormat> ReadAutoRound(const Json& config, std::string_view where) {
  const Json* packing = config.Find("packing_format");
  const bool awq = packing != nullptr && packing->AsString().find("awq") != std::string::npos;
  Result<WeightFormat> format = awq ? ReadAwq(config, where) : ReadGptq(config, where);
  if (!format) return format;
  format->schemes[0].symmetric = ReadFlag(config.Find("sym"), true);
  const Json* extra = config.Find("extra_config");
  if (extra == nullptr || !extra->is_object() || extra->members().size() > kMaxRules) return format;
  for (const Json::Member& member : extra->members()) {
    const Json* bits = member.second.Find("bits");
    const int64_t count = bits == nullptr ? format->schemes[0].bits : bits->AsInt().value_or(16);
    WeightScheme scheme = format->schemes[0];
    scheme.bits = static_cast<int32_t>(std::clamp<int64_t>(count, 2, 16));
    if (auto error = ReadGroupSize(member.second.Find("group_size"), where, "extra_config", &scheme))
      return *error;
    format->rules.push_back(
        {member.first, count >= 16 ? uint8_t{0} : AddScheme(scheme, &format.value()), false});
  }
  format->rules_given = true;
  return format;
}

// The scheme of one entry of compressed-tensors' config_groups
// (compressed_tensors/quantization/quant_args.py).
Result<WeightScheme> ReadGroupScheme(const Json& group, const Json* outer_format, std::string_view where) {
  const Json* weights = group.Find("weights");
  if (weights == nullptr || !weights->is_object()) {
    return Error{Field(where, "weights"), weights == nullptr ? "nothing" : Given(*weights),
                 "an object with num_bits"};
  }
  WeightScheme scheme;
  scheme.bits = 8;
  if (auto error = ReadBits(weights->Find("num_bits"), where, "weights.num_bits", &scheme.bits))
    return *error;
  if (auto error = ReadGroupSize(weights->Find("group_size"), where, "weights.group_size", &scheme))
    return *error;
  const Json* type = weights->Find("type");
  const bool floating = type != nullptr && type->AsString() == "float";
  const Json* strategy_json = weights->Find("strategy");
  const std::string strategy = strategy_json == nullptr ? "" : strategy_json->AsString();
  scheme.symmetric = ReadFlag(weights->Find("symmetric"), true);
  const Json* order = weights->Find("actorder");
  scheme.desc_act = IsSet(order) && order->AsString() != "static" && order->AsString() != "weight";
  const Json* inputs = group.Find("input_activations");
  const Json* dynamic = IsSet(inputs) ? inputs->Find("dynamic") : nullptr;
  scheme.static_activations = IsSet(inputs) && !ReadFlag(dynamic, false);  // "local" (NVFP4) stores one too
  const Json* own_format = group.Find("format");
  const Json* format_json = IsSet(own_format) ? own_format : outer_format;
  const std::string format = format_json == nullptr ? "" : format_json->AsString();
  if (format.find("24") != std::string::npos) {
    return Error{Field(where, "format"), Quoted(format), "a dense format; 2:4 sparsity is not understood"};
  }
  scheme.scale_bytes = 2;  // compressed-tensors keeps scales in the model's dtype
  if (floating && scheme.bits == 4) {
    const bool mx = scheme.group_size == 32 || format.find("mxfp4") != std::string::npos;
    scheme.family = mx ? FormatFamily::kMxfp4 : FormatFamily::kNvfp4;
    scheme.group_size = mx ? 32 : 16;
  } else if (floating && (strategy == "block" || (strategy == "group" && scheme.group_size > 0))) {
    scheme.family = FormatFamily::kFp8Block;
    if (strategy == "group") {  // MXFP8: an e8m0 scale per 32 inputs
      scheme.block_rows = 1;
      scheme.block_columns = scheme.group_size;
      scheme.scale_bytes = 1;
    }
    if (auto error =
            ReadBlockSize(weights->Find("block_structure"), where, "weights.block_structure", &scheme)) {
      return *error;
    }
  } else if (floating) {
    scheme.family = FormatFamily::kFp8;
    scheme.per_channel = strategy == "channel";
  } else if (format == "pack-quantized" || scheme.bits < 8) {
    scheme.family = FormatFamily::kPacked;
  } else {
    scheme.family = FormatFamily::kInt8;
  }
  return scheme;
}

bool IsClassName(std::string_view target) {
  return !target.empty() && target[0] >= 'A' && target[0] <= 'Z' &&
         target.find('.') == std::string_view::npos;
}

void SetMainScheme(WeightFormat* format) {
  if (format->schemes.empty()) return;
  const WeightScheme& scheme = format->schemes[0];
  format->family = scheme.family;
  format->id = std::string(FindQuantized(scheme.family, scheme.bits).id);
}

std::optional<Error> ReadConfigGroup(const Json& group, const Json* outer_format, std::string_view where,
                                     bool* linear_default, WeightFormat* format) {
  Result<WeightScheme> scheme = ReadGroupScheme(group, outer_format, where);
  if (!scheme) return scheme.error();
  const Json* targets = group.Find("targets");
  if (targets == nullptr || !targets->is_array() || targets->items().size() > kMaxRules) {
    return Error{Field(where, "targets"), targets == nullptr ? "nothing" : Given(*targets),
                 "a list of modules"};
  }
  for (const Json& target : targets->items()) {
    const std::string& name = target.AsString();
    if (IsClassName(name)) {
      if (name.find("Linear") == std::string::npos && name.find("MoE") == std::string::npos) continue;
      if (!*linear_default) format->schemes.insert(format->schemes.begin(), *scheme);
      if (!*linear_default) {
        for (FormatRule& rule : format->rules) {
          if (rule.scheme > 0) ++rule.scheme;
        }
      }
      *linear_default = true;
      continue;
    }
    ModulePattern pattern;
    if (name.size() > 2000 || !pattern.Compile(name)) {
      return BadField(where, "targets", target,
                      "module names, or \"re:\" and an expression without look-around");
    }
    format->rules.push_back({name, AddScheme(*scheme, format), false});
  }
  return std::nullopt;
}

Result<WeightFormat> ReadCompressedTensors(const Json& config, std::string_view where) {
  WeightFormat format;
  if (auto error = AddExclusions(config.Find("ignore"), where, "ignore", "", &format)) return *error;
  const Json* groups = config.Find("config_groups");
  const bool listed = groups != nullptr && (groups->is_object() || groups->is_array());
  if (!listed || groups->items().size() + groups->members().size() > kMaxSchemes) {
    return Error{Field(where, "config_groups"), groups == nullptr ? "nothing" : Given(*groups),
                 "an object of quantisation groups"};
  }
  bool linear_default = false;
  const Json* outer = config.Find("format");
  for (const Json::Member& member : groups->members()) {
    const std::string field = Field(Field(where, "config_groups"), Quoted(member.first));
    if (auto error = ReadConfigGroup(member.second, outer, field, &linear_default, &format)) return *error;
  }
  for (const Json& group : groups->items()) {
    if (auto error = ReadConfigGroup(group, outer, Field(where, "config_groups"), &linear_default, &format)) {
      return *error;
    }
  }
  if (format.schemes.empty()) {
    return Error{Field(where, "config_groups"), Given(*groups),
                 "at least one group with weights and targets"};
  }
  format.every_linear = linear_default;
  format.rules_only = !linear_default;
  format.rules_given = true;
  SetMainScheme(&format);
  return format;
}

// ModelOpt's algorithms (modelopt/torch/export; vllm/model_executor/layers/quantization/modelopt.py).
Result<WeightScheme> ReadModelOptScheme(const Json& entry, std::string_view where) {
  const Json* algorithm = entry.Find("quant_algo");
  const std::string name = algorithm == nullptr ? "" : algorithm->AsString();
  WeightScheme scheme;
  scheme.bits = 8;
  scheme.scale_bytes = 4;
  scheme.static_activations = true;
  if (name == "FP8") {
    scheme.family = FormatFamily::kFp8;
  } else if (name == "FP8_PER_CHANNEL_PER_TOKEN") {
    scheme.family = FormatFamily::kFp8;
    scheme.per_channel = true;
    scheme.static_activations = false;
  } else if (name == "FP8_PB_WO" || name == "FP8_PB_REAL_QUANT") {
    scheme.family = FormatFamily::kFp8Block;
    scheme.static_activations = false;
  } else if (name == "MXFP8") {
    scheme.family = FormatFamily::kFp8Block;
    scheme.block_rows = 1;
    scheme.block_columns = 32;
    scheme.scale_bytes = 1;
    scheme.static_activations = false;
  } else if (name == "NVFP4" || name == "NVFP4_AWQ" || name == "W4A8_NVFP4_FP8" || name == "W4A16_NVFP4") {
    scheme.family = FormatFamily::kNvfp4;
    scheme.bits = 4;
    scheme.group_size = 16;
    scheme.static_activations = name != "W4A16_NVFP4";
  } else if (name == "W4A16_MXFP4" || name == "W4A8_MXFP4_FP8" || name == "MXFP4") {
    scheme.family = FormatFamily::kMxfp4;
    scheme.bits = 4;
    scheme.group_size = 32;
    scheme.static_activations = false;
  } else if (name == "W4A16_AWQ" || name == "W4A8_AWQ" || name == "INT4_AWQ") {
    scheme.family = FormatFamily::kPacked;
    scheme.bits = 4;
    scheme.group_size = 128;
    scheme.static_activations = false;
    if (auto error = ReadGroupSize(entry.Find("group_size"), where, "group_size", &scheme)) return *error;
  } else if (name == "W8A8_SQ_PER_CHANNEL" || name == "INT8" || name == "W8A16") {
    scheme.family = FormatFamily::kInt8;
  } else {
    return Error{Field(where, "quant_algo"), Quoted(name),
                 "FP8, FP8_PER_CHANNEL_PER_TOKEN, FP8_PB_WO, MXFP8, NVFP4, W4A16_AWQ, W4A16_MXFP4, "
                 "W8A8_SQ_PER_CHANNEL or MIXED_PRECISION"};
  }
  return scheme;
}

Result<WeightFormat> ReadMixedPrecision(const Json& config, std::string_view where, WeightFormat format) {
  const Json* layers = config.Find("quantized_layers");
  if (layers == nullptr || !layers->is_object() || layers->members().size() > kMaxRules) {
    return Error{Field(where, "quantized_layers"), layers == nullptr ? "nothing" : "no object",
                 "an object of modules with their quant_algo"};
  }
  std::vector<int64_t> uses;
  for (const Json::Member& member : layers->members()) {
    Result<WeightScheme> scheme = ReadModelOptScheme(member.second, Field(where, "quantized_layers"));
    if (!scheme) return scheme.error();
    ModulePattern pattern;
    if (member.first.size() > 2000 || !pattern.Compile(member.first)) {
      return Error{Field(where, "quantized_layers"), Quoted(member.first), "module names or globs"};
    }
    const uint8_t index = AddScheme(*scheme, &format);
    uses.resize(format.schemes.size());
    if (index > 0) ++uses[index - 1U];
    format.rules.push_back({member.first, index, false});
  }
  if (format.schemes.empty())
    return Error{Field(where, "quantized_layers"), "no module", "at least one module"};
  const auto most = std::max_element(uses.begin(), uses.end()) - uses.begin();
  const WeightScheme& main = format.schemes[static_cast<size_t>(most)];
  format.family = main.family;
  format.id = std::string(FindQuantized(main.family, main.bits).id);
  format.rules_only = true;
  format.rules_given = true;
  return format;
}

Result<WeightFormat> ReadModelOpt(const Json& config, std::string_view where) {
  WeightFormat format;
  for (const std::string_view key : {"exclude_modules", "ignore"}) {
    if (auto error = AddExclusions(config.Find(key), where, key, "", &format)) return *error;
  }
  const Json* algorithm = config.Find("quant_algo");
  const bool mixed = algorithm != nullptr && Lower(algorithm->AsString()) == "mixed_precision";
  if (mixed) return ReadMixedPrecision(config, where, std::move(format));
  Result<WeightScheme> scheme = ReadModelOptScheme(config, where);
  if (!scheme) return scheme.error();
  format.schemes.push_back(*scheme);
  format.every_linear = format.rules_given;
  SetMainScheme(&format);
  return format;
}

// AMD Quark: one weight spec for all, overrides per layer pattern, and a list of exclusions.
Result<WeightScheme> ReadQuarkScheme(const Json& spec, std::string_view where) {
  const Json* weight = spec.Find("weight");
  if (weight != nullptr && weight->is_array() && !weight->items().empty()) weight = &weight->items()[0];
  if (weight == nullptr || !weight->is_object())
    return Error{Field(where, "weight"), "nothing", "an object with dtype"};
  const Json* dtype = weight->Find("dtype");
  const std::string name = dtype == nullptr ? "" : dtype->AsString();
  const Json* qscheme = weight->Find("qscheme");
  const bool per_channel = qscheme != nullptr && qscheme->AsString() == "per_channel";
  WeightScheme scheme;
  if (auto error = ReadGroupSize(weight->Find("group_size"), where, "weight.group_size", &scheme))
    return *error;
  if (name == "fp4" || name == "mxfp4") {
    scheme.family = FormatFamily::kMxfp4;
    scheme.bits = 4;
    scheme.group_size = 32;
  } else if (name == "fp8_e4m3" || name == "fp8_e4m3fn") {
    scheme.family = FormatFamily::kFp8;
    scheme.bits = 8;
    scheme.per_channel = per_channel;
    scheme.scale_bytes = 4;
    scheme.static_activations = IsSet(spec.Find("input_tensors")) && !per_channel;
  } else if (name == "int8") {
    scheme.family = FormatFamily::kInt8;
    scheme.bits = 8;
    scheme.group_size = 0;
  } else if (name == "int4" || name == "uint4") {
    scheme.family = FormatFamily::kPacked;
    scheme.bits = 4;
    scheme.symmetric = name == "int4";
  } else {
    return Error{Field(where, "weight.dtype"), Quoted(name), "fp4, fp8_e4m3, int8, int4 or uint4"};
  }
  return scheme;
}

Result<WeightFormat> ReadQuark(const Json& config, std::string_view where) {
  WeightFormat format;
  if (auto error = AddExclusions(config.Find("exclude"), where, "exclude", "", &format)) return *error;
  const Json* global = config.Find("global_quant_config");
  if (!IsSet(global)) return Error{Field(where, "global_quant_config"), "nothing", "an object with weight"};
  Result<WeightScheme> scheme = ReadQuarkScheme(*global, Field(where, "global_quant_config"));
  if (!scheme) return scheme.error();
  format.schemes.push_back(*scheme);
  const Json* layers = config.Find("layer_quant_config");
  if (layers != nullptr && layers->is_object() && layers->members().size() <= kMaxRules) {
    for (const Json::Member& member : layers->members()) {
      Result<WeightScheme> own = ReadQuarkScheme(member.second, Field(where, "layer_quant_config"));
      if (!own) return own.error();
      format.rules.push_back({member.first, AddScheme(*own, &format), false});
    }
  }
  format.every_linear = true;
  format.rules_given = true;
  SetMainScheme(&format);
  return format;
}

Result<WeightFormat> ReadMxfp4(const Json& config, std::string_view where) {
  WeightFormat format = MakeFormat(FormatFamily::kMxfp4, 4);
  if (auto error = AddExclusions(config.Find("modules_to_not_convert"), where, "modules_to_not_convert", "",
                                 &format)) {
    return *error;
  }
  return format;
}

Result<WeightFormat> ReadBitsAndBytes(const Json& config, std::string_view where) {
  const bool int8 = ReadFlag(config.Find("load_in_8bit"), false);
  if (!int8 && !ReadFlag(config.Find("load_in_4bit"), false)) {
    return Error{Field(where, "load_in_4bit"), "neither 4 nor 8 bits", "load_in_4bit or load_in_8bit true"};
  }
  WeightFormat format = int8 ? MakeFormat(FormatFamily::kBnbInt8, 8) : MakeFormat(FormatFamily::kBnbNf4, 4);
  format.schemes[0].double_quant = ReadFlag(config.Find("bnb_4bit_use_double_quant"), false);
  if (auto error =
          AddExclusions(config.Find("llm_int8_skip_modules"), where, "llm_int8_skip_modules", "", &format)) {
    return *error;
  }
  return format;
}

// ---- binding
// ------------------------------------------------------------------------------------------------

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}
bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Bytes of one scale where the config does not say: how the publishers' files hold it.
// DeepSeek, Kimi and MiniMax store weight_scale_inv in float32, Qwen in bfloat16, DeepSeek-V4 in e8m0.
int32_t ScaleBytes(const Architecture& architecture, FormatFamily family) {
  if (family == FormatFamily::kFp8Block) {
    if (StartsWith(architecture.name, "DeepseekV4")) return 1;
    return StartsWith(architecture.name, "Qwen") ? 2 : 4;
  }
  return family == FormatFamily::kFp8 || family == FormatFamily::kInt8 ? 2 : 4;  // compressed-tensors
}

constexpr uint16_t Bit(FormatFamily family) {
  return static_cast<uint16_t>(1U << static_cast<unsigned>(family));
}
constexpr uint16_t kAllFamilies = (1U << kFormatFamilies) - 1U;

// Small projections that every tool keeps: gates of one row, GDN's decay and beta, MTP's joining matrix, the
// indexer's head weights. Sources: GPTQModel's module_tree ("!" entries), modules_to_not_convert of published
// FP8 repositories.
bool IsKeptByEveryTool(std::string_view name) {
  for (const std::string_view part :
       {"shared_expert_gate", "in_proj_ba", "in_proj_a.", "in_proj_b.", "conv1d", "eh_proj", "mtp.fc",
        "weights_proj", "dt_proj", "x_proj", "A_log"}) {
    if (Contains(name, part)) return true;
  }
  return false;
}

bool HasExperts(const Architecture& architecture) {
  return std::any_of(architecture.tensors.begin(), architecture.tensors.end(),
                     [](const Tensor& tensor) { return tensor.role == TensorRole::kExpert; });
}

bool IsMatrix(const Tensor& tensor) { return tensor.linear && tensor.columns > 1; }

uint16_t QuantizedBy(const Architecture& architecture, const Tensor& tensor, bool has_experts) {
  switch (tensor.role) {
    case TensorRole::kAttention:
    case TensorRole::kRecurrent:
    case TensorRole::kMlp:
    case TensorRole::kExpert:
    case TensorRole::kSharedExpert:
    case TensorRole::kIndexer:
      break;
    case TensorRole::kEmbedding:
    case TensorRole::kHead:
    case TensorRole::kRouter:
    case TensorRole::kNorm:
    case TensorRole::kVision:
    case TensorRole::kProjector:
    case TensorRole::kOther:
      return 0;
  }
  if (!IsMatrix(tensor) || IsKeptByEveryTool(tensor.name)) return 0;
  // MTP layers are invisible to tools that load through Transformers; publishers of FP8 quantise them
  // themselves.
  if (tensor.part == TensorPart::kMtp) return Bit(FormatFamily::kFp8Block);
  if (tensor.part == TensorPart::kVision) return 0;
  uint16_t bits = kAllFamilies;
  // Published MXFP4 mixtures (gpt-oss, Kimi) quantise routed experts only.
  if (has_experts && tensor.role != TensorRole::kExpert)
    bits &= static_cast<uint16_t>(~Bit(FormatFamily::kMxfp4));
  // Published NVFP4 keeps MLA projections and linear attention (NVIDIA's DeepSeek, GLM-5, Kimi, Qwen3.5).
  const bool latent =
      tensor.group >= 0 && static_cast<size_t>(tensor.group) < architecture.groups.size() &&
      architecture.groups[static_cast<size_t>(tensor.group)].shape.attention.kind == AttentionKind::kLatent;
  const bool kept = tensor.role == TensorRole::kRecurrent || tensor.role == TensorRole::kIndexer ||
                    (tensor.role == TensorRole::kAttention && latent);
  if (kept) bits &= static_cast<uint16_t>(~Bit(FormatFamily::kNvfp4));
  return bits;
}

bool IsQuantizedByDefault(const Tensor& tensor, const WeightFormat& format) {
  if (format.rules_only) return false;
  if (!format.every_linear) return (tensor.quantized_by & Bit(format.family)) != 0;
  return IsMatrix(tensor) && tensor.role != TensorRole::kEmbedding && tensor.role != TensorRole::kNorm;
}

// Applies the rules of a format to one tensor after another.
class Binder {
 public:
  Binder(const Architecture& architecture, const WeightFormat& format, QuantizedMask* mask)
      : architecture_(architecture), format_(format), mask_(mask) {
    layers_of_group_.resize(architecture.groups.size());
    for (size_t layer = 0; layer < architecture.layer_group.size(); ++layer) {
      const uint16_t group = architecture.layer_group[layer];
      if (group < layers_of_group_.size()) layers_of_group_[group].push_back(static_cast<int32_t>(layer));
    }
    for (const FormatRule& rule : format.rules) {
      patterns_.emplace_back();
      usable_.push_back(patterns_.back().Compile(rule.pattern));
    }
    FindSubstrings();
  }

  void Bind() {
    for (size_t i = 0; i < architecture_.tensors.size(); ++i) BindTensor(i);
  }

 private:
  static std::string ModuleName(const Tensor& tensor, int64_t layer) {
    std::string name;
    std::string_view rest = tensor.name;
    while (!rest.empty()) {
      if (StartsWith(rest, "{}")) {
        name += std::to_string(layer);
        rest.remove_prefix(2);
      } else if (StartsWith(rest, "{e}")) {
        name += '0';
        rest.remove_prefix(3);
      } else {
        name += rest.front();
        rest.remove_prefix(1);
      }
    }
    constexpr std::string_view kWeight = ".weight";
    if (name.size() > kWeight.size() &&
        name.compare(name.size() - kWeight.size(), kWeight.size(), kWeight) == 0) {
      name.resize(name.size() - kWeight.size());
    }
    return name;
  }

  // Some tools mean a substring where they write a name ("attn", "vision"): if no module has the components,
  // look for the text anywhere.
  void FindSubstrings() {
    substring_.assign(patterns_.size(), false);
    std::vector<std::string> names;
    for (const Tensor& tensor : architecture_.tensors) names.push_back(ModuleName(tensor, 0));
    for (size_t r = 0; r < patterns_.size(); ++r) {
      if (!usable_[r] || !patterns_[r].is_components() || patterns_[r].sees_layers()) continue;
      substring_[r] = std::none_of(names.begin(), names.end(),
                                   [this, r](const std::string& name) { return patterns_[r].Matches(name); });
    }
  }

  bool Matches(size_t rule, const std::string& module) const {
    if (!usable_[rule]) return false;
    return substring_[rule] ? patterns_[rule].MatchesSubstring(module) : patterns_[rule].Matches(module);
  }

  // The numbers that stand in the names of this tensor, and their place in its own stack.
  std::vector<std::pair<int32_t, int64_t>> Layers(const Tensor& tensor) const {
    std::vector<std::pair<int32_t, int64_t>> layers;
    if (!Contains(tensor.name, "{}")) return {{0, 0}};
    if (tensor.group >= 0) {
      if (static_cast<size_t>(tensor.group) >= layers_of_group_.size()) return {{0, 0}};
      for (const int32_t layer : layers_of_group_[static_cast<size_t>(tensor.group)])
        layers.push_back({layer, layer});
      return layers;
    }
    const int64_t count = std::clamp<int64_t>(tensor.times / std::max<int64_t>(tensor.copies, 1), 1, 4096);
    const bool follows = tensor.part == TensorPart::kMtp && Contains(tensor.name, "layers.{}") &&
                         !Contains(tensor.name, "mtp");
    for (int64_t i = 0; i < count; ++i) {
      layers.push_back({static_cast<int32_t>(i), follows ? architecture_.layers + i : i});
    }
    return layers;
  }

  uint8_t Apply(size_t rule, uint8_t fallback) const {
    const FormatRule& given = format_.rules[rule];
    if (given.if_quantized && fallback == 0) return 0;
    return static_cast<size_t>(given.scheme) < mask_->schemes.size() ? given.scheme : fallback;
  }

  void BindTensor(size_t index) {
    const Tensor& tensor = architecture_.tensors[index];
    const uint8_t fallback = IsQuantizedByDefault(tensor, format_) ? 1 : 0;
    mask_->scheme[index] = fallback;
    if (!IsMatrix(tensor)) return;
    const auto layers = Layers(tensor);
    if (layers.empty()) return;
    std::vector<int16_t> decided(layers.size(), -1);
    size_t open = layers.size();
    const std::string first = ModuleName(tensor, layers[0].second);
    std::vector<std::string> names(layers.size());
    for (size_t r = 0; r < patterns_.size() && open > 0; ++r) {
      const uint8_t scheme = Apply(r, fallback);
      const bool each = patterns_[r].sees_layers() && layers.size() > 1;
      if (!each && !(patterns_[r].MayMatchLayer(layers[0].second) && Matches(r, first))) continue;
      for (size_t l = 0; l < layers.size(); ++l) {
        if (decided[l] >= 0) continue;
        if (each) {
          if (!patterns_[r].MayMatchLayer(layers[l].second)) continue;
          if (names[l].empty()) names[l] = ModuleName(tensor, layers[l].second);
          if (!Matches(r, names[l])) continue;
        }
        decided[l] = scheme;
        --open;
      }
    }
    Record(index, layers, decided, fallback);
  }

  void Record(size_t index, const std::vector<std::pair<int32_t, int64_t>>& layers,
              const std::vector<int16_t>& decided, uint8_t fallback) {
    int64_t counts[256] = {};
    for (const int16_t scheme : decided) ++counts[scheme < 0 ? fallback : scheme];
    uint8_t most = fallback;
    for (int s = 0; s < 256; ++s) {
      if (counts[s] > counts[most]) most = static_cast<uint8_t>(s);
    }
    mask_->scheme[index] = most;
    for (size_t l = 0; l < layers.size(); ++l) {
      const auto scheme = static_cast<uint8_t>(decided[l] < 0 ? fallback : decided[l]);
      if (scheme != most) mask_->exceptions.push_back({static_cast<int32_t>(index), layers[l].first, scheme});
    }
  }

  const Architecture& architecture_;
  const WeightFormat& format_;
  QuantizedMask* mask_;
  std::vector<std::vector<int32_t>> layers_of_group_;
  std::vector<ModulePattern> patterns_;
  std::vector<bool> usable_;
  std::vector<bool> substring_;
};

}  // namespace

Result<WeightFormat> ReadWeightFormat(const Json& value, std::string_view where) {
  if (value.is_string()) return FormatOfId(value.AsString(), where);
  if (value.is_object()) return ReadFormatObject(value, where);
  return Error{std::string(where), Given(value), AcceptedIds()};
}

Result<WeightFormat> ReadQuantizationConfig(const Json& config, std::string_view where) {
  if (!config.is_object()) return Error{std::string(where), Given(config), "an object with quant_method"};
  const Json* inner = config.Find("quantization");  // hf_quant_config.json of ModelOpt
  if (inner != nullptr && inner->is_object()) return ReadModelOpt(*inner, Field(where, "quantization"));
  const Json* method_json = config.Find("quant_method");
  const std::string method = method_json == nullptr ? "" : Lower(method_json->AsString());
  if (StartsWith(method, "modelopt") || (method.empty() && config.Has("quant_algo")))
    return ReadModelOpt(config, where);
  if (method == "compressed-tensors" || (method.empty() && config.Has("config_groups"))) {
    return ReadCompressedTensors(config, where);
  }
  if (method == "fp8" || method == "fbgemm_fp8") return ReadFp8(config, where);
  if (method == "auto-round" || method == "auto_round" || method == "intel/auto-round") {
    return ReadAutoRound(config, where);
  }
  if (StartsWith(method, "gptq")) return ReadGptq(config, where);
  if (StartsWith(method, "awq")) return ReadAwq(config, where);
  if (method == "mxfp4") return ReadMxfp4(config, where);
  if (method == "quark") return ReadQuark(config, where);
  if (method == "bitsandbytes" || config.Has("load_in_4bit")) return ReadBitsAndBytes(config, where);
  return Error{Field(where, "quant_method"), Quoted(method),
               "fp8, gptq, awq, auto-round, compressed-tensors, modelopt, mxfp4, quark or bitsandbytes"};
}

const std::vector<std::string_view>& FormatIds() {
  static const std::vector<std::string_view> ids = [] {
    static std::vector<std::string> gguf;
    std::vector<std::string_view> all;
    for (const PlainId& plain : kPlainIds) all.push_back(plain.id);
    for (const QuantizedId& quantized : kQuantizedIds) all.push_back(quantized.id);
    for (int i = 0; i < kGgufFileTypes; ++i) {
      gguf.push_back(std::string(kGgufPrefix) + std::string(Info(static_cast<GgufFileType>(i)).id));
    }
    for (const std::string& id : gguf) all.push_back(id);
    return all;
  }();
  return ids;
}

QuantizedMask BindFormat(const Architecture& architecture, const WeightFormat& format) {
  QuantizedMask mask;
  mask.schemes.reserve(format.schemes.size() + 1);
  WeightScheme plain;
  // Quantised files keep the rest in the model's own 16-bit type; both have two bytes.
  plain.dtype = format.family == FormatFamily::kPlain ? format.dtype : DType::kBf16;
  plain.bits = 8 * BytesPerElement(plain.dtype);
  mask.schemes.push_back(plain);
  mask.scheme.assign(architecture.tensors.size(), 0);
  if (format.schemes.empty()) return mask;
  for (WeightScheme scheme : format.schemes) {
    if (scheme.scale_bytes == 0) scheme.scale_bytes = ScaleBytes(architecture, scheme.family);
    mask.schemes.push_back(scheme);
  }
  if (!format.rules.empty()) {
    Binder(architecture, format, &mask).Bind();
    return mask;
  }
  for (size_t i = 0; i < architecture.tensors.size(); ++i) {
    mask.scheme[i] = IsQuantizedByDefault(architecture.tensors[i], format) ? 1 : 0;
  }
  return mask;
}

void PrepareFormats(Architecture* architecture) {
  const bool has_experts = HasExperts(*architecture);
  for (Tensor& tensor : architecture->tensors)
    tensor.quantized_by = QuantizedBy(*architecture, tensor, has_experts);
  architecture->gguf = ListGgufTensors(*architecture);
}

Bytes EncodedBytes(const WeightScheme& scheme, bool fp32, int64_t rows, int64_t columns) {
  const Bytes elements(SaturatingMultiply(rows, columns));
  const int64_t groups = scheme.group_size > 0 ? CeilDiv(columns, scheme.group_size) : 1;
  // `count` values of `bits` bits in int32 words.
  const auto words = [](int64_t count, int32_t bits) {
    return Bytes(4) * CeilDiv(SaturatingMultiply(count, bits), 32);
  };
  switch (scheme.family) {
    case FormatFamily::kGguf:
    case FormatFamily::kPlain:
      return elements * (fp32 ? 4 : BytesPerElement(scheme.dtype));
    case FormatFamily::kFp8: {  // vllm/model_executor/layers/quantization/fp8.py: weight_scale, input_scale
      const Bytes scales(SaturatingMultiply(scheme.per_channel ? rows : 1, scheme.scale_bytes));
      return elements + scales + Bytes(scheme.static_activations ? scheme.scale_bytes : 0);
    }
    case FormatFamily::kFp8Block: {  // the same file: weight_scale_inv
      const int64_t blocks =
          SaturatingMultiply(CeilDiv(rows, scheme.block_rows), CeilDiv(columns, scheme.block_columns));
      return elements + Bytes(scheme.scale_bytes) * blocks;
    }
    case FormatFamily::kInt8:
      return elements + Bytes(scheme.scale_bytes) * SaturatingMultiply(rows, groups) +
             Bytes(scheme.static_activations ? scheme.scale_bytes : 0);
    case FormatFamily::kGptq:  // vllm/.../gptq.py, auto_gptq.py: qweight, scales, qzeros, g_idx
      return words(columns, scheme.bits) * rows + Bytes(2) * rows * groups +
             words(rows, scheme.bits) * groups + Bytes(4) * columns;
    case FormatFamily::kAwq:  // awq/modules/linear/gemm.py: qweight, scales, qzeros
      return words(rows, scheme.bits) * columns + Bytes(2) * rows * groups +
             words(rows, scheme.bits) * groups;
    case FormatFamily::kPacked: {  // compressed-tensors: weight_packed, weight_scale, weight_shape, zero
                                   // point, g_idx
      const Bytes zeros = scheme.symmetric ? Bytes(0) : words(rows, scheme.bits) * groups;
      const Bytes order(scheme.desc_act ? SaturatingMultiply(columns, 4) : 0);
      return words(columns, scheme.bits) * rows + Bytes(2) * rows * groups + Bytes(16) + zeros + order;
    }
    case FormatFamily::kNvfp4:  // vllm/.../modelopt.py: weight, weight_scale, weight_scale_2, input_scale
      return Bytes(CeilDiv(elements.count(), 2)) + Bytes(rows) * CeilDiv(columns, 16) + Bytes(4) +
             Bytes(scheme.static_activations ? 4 : 0);
    case FormatFamily::kMxfp4:  // vllm/.../mxfp4.py: blocks, scales (e8m0 per 32)
      return Bytes(CeilDiv(elements.count(), 2)) + Bytes(rows) * CeilDiv(columns, 32);
    case FormatFamily::kBnbNf4: {  // bitsandbytes/functional.py, quantize_4bit: blocks of 64, code of 16
                                   // floats
      const int64_t blocks = CeilDiv(elements.count(), 64);
      const Bytes code(64);
      if (!scheme.double_quant) return Bytes(CeilDiv(elements.count(), 2)) + Bytes(4) * blocks + code;
      // absmax in 8 bits, itself in blocks of 256 floats, with its own code of 256 floats.
      return Bytes(CeilDiv(elements.count(), 2)) + Bytes(blocks) + Bytes(4) * CeilDiv(blocks, 256) +
             Bytes(1024) + code;
    }
    case FormatFamily::kBnbInt8:  // SCB: a float per output channel
      return elements + Bytes(4) * rows;
  }
  return Bytes(0);
}

}  // namespace plimsoll
