#include "core/formats/quantization_config.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "core/base/module_pattern.h"
#include "core/base/text.h"
#include "core/formats/format_ids.h"
#include "core/formats/format_reading.h"
#include "core/formats/scaled_formats.h"

namespace plimsoll {
namespace {

using namespace format_reading;  // NOLINT(google-build-using-namespace): shared by the format readers

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

// Adds a scheme and gives its 1-based index; 0 when there are too many (hostile input).
uint8_t AddScheme(const WeightScheme& scheme, WeightFormat* format) {
  for (size_t i = 0; i < format->schemes.size(); ++i) {
    if (format->schemes[i] == scheme) return static_cast<uint8_t>(i + 1);
  }
  if (format->schemes.size() >= kMaxSchemes) return 0;
  format->schemes.push_back(scheme);
  return static_cast<uint8_t>(format->schemes.size());
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
  Steps steps(kMostCompiled);
  for (const Json::Member& member : dynamic->members()) {
    std::string_view text = member.first;
    const bool excludes = text.substr(0, 2) == "-:";
    if (excludes || text.substr(0, 2) == "+:") text.remove_prefix(2);
    ModulePattern pattern;
    FormatRule rule{std::string("re:").append(text), 0, !excludes};
    if (!pattern.Compile(rule.pattern, &steps)) {
      if (steps.over())
        return Error{Field(where, "dynamic"), Quoted(member.first), std::string(kSimplerPatterns)};
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
  if (auto error =
          AddExclusions(config.Find("modules_to_not_convert"), where, "modules_to_not_convert", &format)) {
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
  if (auto error =
          AddExclusions(config.Find("modules_to_not_convert"), where, "modules_to_not_convert", &format)) {
    return *error;
  }
  return format;
}

// AutoRound writes GPTQ's or AWQ's layout; `extra_config` overrides single modules, with 16 bits for "plain".
Result<WeightFormat> ReadAutoRound(const Json& config, std::string_view where) {
  const Json* type = config.Find("data_type");
  const std::string kind = type == nullptr ? "" : Lower(type->AsString());
  if (StartsWith(kind, "nv_fp")) return MakeFormat(FormatFamily::kNvfp4, 4);
  if (StartsWith(kind, "mx_fp")) {
    int32_t bits = 4;
    if (auto error = ReadBits(config.Find("bits"), where, "bits", &bits)) return *error;
    if (bits == 4) return MakeFormat(FormatFamily::kMxfp4, 4);
  }
  if (!kind.empty() && !StartsWith(kind, "int"))
    return Error{Field(where, "data_type"), Quoted(kind), "int, nv_fp or mx_fp of 4 bits"};
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
  format->id = std::string(IdOf(scheme.family, scheme.bits));
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
  Steps steps(kMostCompiled);
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
    if (name.size() > kMaxPattern || !pattern.Compile(name, &steps)) {
      if (steps.over()) return BadField(where, "targets", target, kSimplerPatterns);
      return BadField(where, "targets", target,
                      "module names, or \"re:\" and an expression without look-around");
    }
    format->rules.push_back({name, AddScheme(*scheme, format), false});
  }
  return std::nullopt;
}

Result<WeightFormat> ReadCompressedTensors(const Json& config, std::string_view where) {
  WeightFormat format;
  if (auto error = AddExclusions(config.Find("ignore"), where, "ignore", &format)) return *error;
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

// ModelOpt's list of modules, each with its scheme. `uses`: how many modules each of the format's schemes has.
std::optional<Error> AddQuantizedLayers(const Json& config, std::string_view where, WeightFormat* format,
                                        std::vector<int64_t>* uses) {
  const Json* layers = config.Find("quantized_layers");
  if (layers == nullptr || !layers->is_object() || layers->members().size() > kMaxRules) {
    return Error{Field(where, "quantized_layers"), layers == nullptr ? "nothing" : "no object",
                 "an object of modules with their quant_algo"};
  }
  Steps steps(kMostCompiled);
  for (const Json::Member& member : layers->members()) {
    Result<WeightScheme> scheme = ReadModelOptScheme(member.second, Field(where, "quantized_layers"));
    if (!scheme) return scheme.error();
    ModulePattern pattern;
    if (member.first.size() > kMaxPattern || !pattern.Compile(member.first, &steps)) {
      return Error{Field(where, "quantized_layers"), Quoted(member.first), "module names or globs"};
    }
    const uint8_t index = AddScheme(*scheme, format);
    uses->resize(format->schemes.size());
    if (index > 0) ++(*uses)[index - 1U];
    format->rules.push_back({member.first, index, false});
  }
  return std::nullopt;
}

Result<WeightFormat> ReadMixedPrecision(const Json& config, std::string_view where, WeightFormat format) {
  std::vector<int64_t> uses;
  if (std::optional<Error> error = AddQuantizedLayers(config, where, &format, &uses)) return *error;
  if (format.schemes.empty())
    return Error{Field(where, "quantized_layers"), "no module", "at least one module"};
  const auto most = std::max_element(uses.begin(), uses.end()) - uses.begin();
  const WeightScheme& main = format.schemes[static_cast<size_t>(most)];
  format.family = main.family;
  format.id = std::string(IdOf(main.family, main.bits));
  format.rules_only = true;
  format.rules_given = true;
  return format;
}

Result<WeightFormat> ReadModelOpt(const Json& config, std::string_view where) {
  WeightFormat format;
  for (const std::string_view key : {"exclude_modules", "ignore"}) {
    if (auto error = AddExclusions(config.Find(key), where, key, &format)) return *error;
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
  if (auto error = AddExclusions(config.Find("exclude"), where, "exclude", &format)) return *error;
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
  if (auto error =
          AddExclusions(config.Find("modules_to_not_convert"), where, "modules_to_not_convert", &format)) {
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
          AddExclusions(config.Find("llm_int8_skip_modules"), where, "llm_int8_skip_modules", &format)) {
    return *error;
  }
  return format;
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
    if (auto error = AddExclusions(config.Find(key), where, key, &format)) return *error;
  }
  // NVIDIA's DeepSeek-V4 stays FP8 but for ModelOpt's list, its experts; "ignore" there names what that list
  // leaves alone, not what is plain.
  if (IsSet(config.Find("quantized_layers"))) {
    std::vector<int64_t> uses;
    if (auto error = AddQuantizedLayers(config, where, &format, &uses)) return *error;
  }
  return format;
}

// An FP8 cache: compressed-tensors describes it as a scheme, ModelOpt names it or writes the scheme too.
bool IsFp8(const Json* told) {
  if (!IsSet(told)) return false;
  if (told->is_string()) return StartsWith(Lower(told->AsString()), "fp8");
  const Json* bits = told->Find("num_bits");
  const Json* type = told->Find("type");
  return bits != nullptr && bits->AsInt() == 8 && type != nullptr && type->AsString() == "float";
}

CacheWish WishOf(const Json& config) {
  const Json* method = config.Find("quant_method");
  const bool modelopt =
      config.Has("quant_algo") || (IsSet(method) && StartsWith(Lower(method->AsString()), "modelopt"));
  if (!IsFp8(config.Find("kv_cache_scheme")) && !(modelopt && IsFp8(config.Find("kv_cache_quant_algo"))))
    return CacheWish::kNone;
  return modelopt ? CacheWish::kModelOptFp8 : CacheWish::kCompressedTensorsFp8;
}

Result<WeightFormat> ReadByMethod(const Json& config, std::string_view where) {
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
  if (std::optional<Result<WeightFormat>> scaled = ReadScaledFormat(config, where)) return *std::move(scaled);
  return Error{Field(where, "quant_method"), Quoted(method),
               "fp8, gptq, awq, auto-round, compressed-tensors, modelopt, mxfp4, quark, bitsandbytes, hqq, "
               "torchao, aqlm, exl2, exl3, bitnet, or MLX's bits and group_size"};
}

}  // namespace

Result<WeightFormat> ReadQuantizationConfig(const Json& config, std::string_view where) {
  if (!config.is_object()) return Error{std::string(where), Given(config), "an object with quant_method"};
  const Json* inner = config.Find("quantization");  // hf_quant_config.json of ModelOpt
  const bool nested = inner != nullptr && inner->is_object();
  const Json& told = nested ? *inner : config;
  Result<WeightFormat> format =
      nested ? ReadModelOpt(told, Field(where, "quantization")) : ReadByMethod(told, where);
  if (format.ok()) format->cache_wish = WishOf(told);
  return format;
}

}  // namespace plimsoll
