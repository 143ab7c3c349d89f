#include "core/formats/scaled_formats.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "core/base/module_pattern.h"
#include "core/base/text.h"
#include "core/formats/format_reading.h"

namespace plimsoll {
namespace {

using namespace format_reading;  // NOLINT(google-build-using-namespace): shared by the format readers

WeightFormat Scaled(std::string_view tool, double bits) {
  WeightFormat format;
  format.family = FormatFamily::kScaled;
  format.id = std::string(tool) + "-" + DecimalText(bits, bits == std::floor(bits) ? 0 : 2) + "bit";
  WeightScheme scheme;
  scheme.family = FormatFamily::kScaled;
  scheme.bits = static_cast<int32_t>(std::clamp(std::ceil(bits), 1.0, 16.0));
  scheme.value_bits = bits;
  format.schemes.push_back(scheme);
  format.every_linear = true;
  return format;
}

// A whole number of bits, or with `fraction` any.
Result<double> Bits(const Json& config, std::string_view key, std::string_view where, double most,
                    bool fraction = false) {
  const Json* value = config.Find(key);
  const std::optional<double> bits = value == nullptr ? std::nullopt : value->AsDouble();
  const bool whole = bits.has_value() && *bits == std::floor(*bits);
  if (bits.has_value() && *bits >= 1 && *bits <= most && (fraction || whole)) return *bits;
  return Error{Field(where, key), value == nullptr ? "nothing" : Given(*value),
               "bits from 1 to " + DecimalText(most, 0)};
}

void KeepHead(WeightFormat* format) { format->rules.push_back({"lm_head", 0, false}); }

// mlx/nn/layers/quantized.py and mlx.core.quantize: values in 32-bit words; per group a scale and, in mode
// "affine", a bias in the model's 16 bits. Embeddings are quantised too. Keys that name a module hold its own
// bits and group, or false.
std::optional<Error> ReadMlxScheme(const Json& config, std::string_view where, WeightScheme* scheme) {
  const Result<double> bits = Bits(config, "bits", where, 8);
  if (!bits.ok()) return bits.error();
  scheme->family = FormatFamily::kScaled;
  scheme->value_bits = *bits;
  scheme->bits = static_cast<int32_t>(*bits);
  scheme->group_size = 64;
  if (auto error = ReadGroupSize(config.Find("group_size"), where, "group_size", scheme)) return error;
  const Json* mode = config.Find("mode");
  const std::string name = IsSet(mode) ? Lower(mode->AsString()) : "affine";
  if (name != "affine" && name != "mxfp4" && name != "mxfp8" && name != "nvfp4")
    return Error{Field(where, "mode"), Quoted(name), "affine, mxfp4, mxfp8 or nvfp4"};
  scheme->group_bytes = name == "affine" ? 4 : 1;
  return std::nullopt;
}

Result<WeightFormat> ReadMlx(const Json& config, std::string_view where) {
  WeightFormat format = Scaled("mlx", 4);
  if (auto error = ReadMlxScheme(config, where, &format.schemes[0])) return *error;
  format.id = "mlx-" + std::to_string(format.schemes[0].bits) + "bit";
  format.embeddings = true;
  format.text_only = true;  // mlx-vlm leaves towers as they are
  for (const Json::Member& member : config.members()) {
    const std::optional<bool> flag = member.second.AsBool();
    const bool own = member.second.is_object() && member.second.Has("bits");
    if (!own && !(flag == false && member.first.find('.') != std::string::npos)) continue;
    if (format.rules.size() >= kMaxRules || format.schemes.size() >= kMaxSchemes) break;
    if (!own) {
      format.rules.push_back({member.first, 0, false});
      continue;
    }
    WeightScheme scheme;
    if (auto error = ReadMlxScheme(member.second, Field(where, Quoted(member.first)), &scheme)) return *error;
    const auto known = std::find(format.schemes.begin(), format.schemes.end(), scheme);
    const auto index = static_cast<uint8_t>(known - format.schemes.begin() + 1);
    if (known == format.schemes.end()) format.schemes.push_back(scheme);
    format.rules.push_back({member.first, index, false});
  }
  return format;
}

// hqq/core/quantize.py: packed values (3 bits: ten in an int32), and per group a scale and a zero point in 16
// bits.
Result<WeightFormat> ReadHqq(const Json& config, std::string_view where) {
  const Json* inner = config.Find("quant_config");
  const Json* weights = inner == nullptr ? nullptr : inner->Find("weight_quant_params");
  if (weights == nullptr || !weights->is_object()) {
    return Error{Field(where, "quant_config.weight_quant_params"), "nothing", "an object with nbits"};
  }
  for (const std::string_view key : {"scale_quant_params", "zero_quant_params"}) {
    if (IsSet(inner->Find(key)))
      return Error{Field(where, key), "an object", "scales and zero points in 16 bits (null)"};
  }
  const Result<double> bits = Bits(*weights, "nbits", where, 8);
  if (!bits.ok()) return bits.error();
  WeightFormat format = Scaled("hqq", *bits);
  WeightScheme& scheme = format.schemes[0];
  if (*bits == 3) scheme.value_bits = 3.2;
  scheme.group_size = 64;
  scheme.group_bytes = 4;
  if (auto error = ReadGroupSize(weights->Find("group_size"), where, "group_size", &scheme)) return *error;
  if (auto error = AddExclusions(config.Find("skip_modules"), where, "skip_modules", &format)) return *error;
  KeepHead(&format);
  return format;
}

// torchao's plain layouts (torchao/quantization/quant_api.py). int4: packed, and per group a scale and a zero
// point in bfloat16; int8 and float8: a scale per output.
Result<WeightFormat> ReadTorchAo(const Json& config, std::string_view where) {
  const Json* type = config.Find("quant_type");
  std::string name;
  const Json* options = config.Find("quant_type_kwargs");
  if (type != nullptr && type->is_string()) name = Lower(type->AsString());
  if (type != nullptr && type->is_object()) {
    const Json* chosen = type->Find("default");
    const Json* own = chosen == nullptr ? nullptr : chosen->Find("_type");
    if (own != nullptr) name = Lower(own->AsString());
    if (chosen != nullptr) options = chosen->Find("_data");
  }
  const auto is = [&name](std::string_view a, std::string_view b) { return name == a || name == b; };
  WeightFormat format;
  if (is("int4_weight_only", "int4weightonlyconfig")) {
    format = Scaled("torchao", 4);
    format.schemes[0].group_size = 128;
    format.schemes[0].group_bytes = 4;
    const Json* group = options == nullptr ? nullptr : options->Find("group_size");
    if (auto error = ReadGroupSize(group, where, "group_size", &format.schemes[0])) return *error;
  } else if (is("int8_weight_only", "int8weightonlyconfig") ||
             is("int8_dynamic_activation_int8_weight", "int8dynamicactivationint8weightconfig")) {
    format = Scaled("torchao", 8);
    format.schemes[0].row_bytes = 2;
  } else if (is("float8_weight_only", "float8weightonlyconfig") ||
             is("float8_dynamic_activation_float8_weight", "float8dynamicactivationfloat8weightconfig")) {
    format = Scaled("torchao", 8);
    format.schemes[0].row_bytes = 4;
  } else {
    return Error{Field(where, "quant_type"), Quoted(name),
                 "int4_weight_only, int8_weight_only, int8_dynamic_activation_int8_weight, "
                 "float8_weight_only or float8_dynamic_activation_float8_weight"};
  }
  if (auto error =
          AddExclusions(config.Find("modules_to_not_convert"), where, "modules_to_not_convert", &format)) {
    return *error;
  }
  KeepHead(&format);
  return format;
}

// aqlm/inference.py QuantizedLinear: codes of 8 or 16 bits, the codebooks once, a scale per output.
Result<WeightFormat> ReadAqlm(const Json& config, std::string_view where) {
  const auto number = [&config](std::string_view key, int64_t fallback) {
    const Json* value = config.Find(key);
    return std::clamp<int64_t>(value == nullptr ? fallback : value->AsInt().value_or(fallback), 1, 1024);
  };
  const int64_t inputs = number("in_group_size", 8), outputs = number("out_group_size", 1);
  const int64_t books = number("num_codebooks", 1), bits = number("nbits_per_codebook", 16);
  if (bits > 16) {
    return Error{Field(where, "nbits_per_codebook"), std::to_string(bits), "bits from 1 to 16"};
  }
  const int64_t stored = bits <= 8 ? 8 : 16;
  WeightFormat format =
      Scaled("aqlm", static_cast<double>(books * stored) / static_cast<double>(inputs * outputs));
  WeightScheme& scheme = format.schemes[0];
  scheme.tensor_bytes = books * (int64_t{1} << bits) * inputs * outputs * 2;
  scheme.row_bytes = outputs == 1 ? 2 : 0;
  const std::string_view key = "linear_weights_not_to_quantize";
  if (auto error = AddExclusions(config.Find(key), where, key, &format)) return *error;
  KeepHead(&format);
  return format;
}

// exllamav3/modules/quant/exl3.py: a trellis of `bits` and two vectors of signs in 16 bits. ExLlamaV2's
// `bits` is the average over everything but the head, scales included (exllamav2/conversion/).
Result<WeightFormat> ReadExl(const Json& config, std::string_view where, bool third) {
  const Result<double> bits = Bits(config, "bits", where, 8, true);
  if (!bits.ok()) return bits.error();
  const Json* head_bits = config.Find("head_bits");
  const double head = IsSet(head_bits) ? std::clamp(head_bits->AsDouble().value_or(6), 1.0, 16.0) : 6;
  WeightFormat format = Scaled(third ? "exl3" : "exl2", *bits);
  if (third) format.schemes[0].row_bytes = format.schemes[0].column_bytes = 2;
  WeightScheme scheme = format.schemes[0];
  scheme.value_bits = head;
  format.schemes.push_back(scheme);
  format.rules.push_back({"lm_head", 2, false});
  format.text_only = true;
  return format;
}

// transformers/integrations/bitnet.py: four ternary values in a byte and one scale.
Result<WeightFormat> ReadBitNet(const Json& config, std::string_view where) {
  const Json* layer = config.Find("linear_class");
  if (IsSet(layer) && layer->AsString() == "autobitlinear") {
    return Error{Field(where, "linear_class"), Quoted(layer->AsString()),
                 "bitlinear, whose weights are packed; autobitlinear's are plain: leave the config out"};
  }
  WeightFormat format = Scaled("bitnet", 2);
  format.schemes[0].tensor_bytes = 2;
  if (auto error =
          AddExclusions(config.Find("modules_to_not_convert"), where, "modules_to_not_convert", &format)) {
    return *error;
  }
  KeepHead(&format);
  return format;
}

}  // namespace

std::optional<Result<WeightFormat>> ReadScaledFormat(const Json& config, std::string_view where) {
  const Json* method = config.Find("quant_method");
  const std::string name = IsSet(method) ? Lower(method->AsString()) : "";
  if (name == "hqq") return ReadHqq(config, where);
  if (name == "torchao") return ReadTorchAo(config, where);
  if (name == "aqlm") return ReadAqlm(config, where);
  if (name == "exl3") return ReadExl(config, where, true);
  if (name == "exl2") return ReadExl(config, where, false);
  if (name == "bitnet") return ReadBitNet(config, where);
  const bool plain = config.Has("bits") && config.Has("group_size") && !config.Has("quant_algo");
  if (name == "mlx" || (name.empty() && plain)) return ReadMlx(config, where);
  return std::nullopt;
}

}  // namespace plimsoll
