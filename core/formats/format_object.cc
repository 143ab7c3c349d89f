#include "core/formats/format_object.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>

#include "core/base/text.h"
#include "core/formats/format_ids.h"
#include "core/formats/format_reading.h"
#include "core/formats/gguf_types.h"
#include "core/formats/quantization_config.h"

namespace plimsoll {
namespace {

using namespace format_reading;  // NOLINT(google-build-using-namespace): this file's own helpers

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
                                            "stores_tied_head",
                                            "bits_per_weight",
                                            "tensor_types",
                                            "repo",
                                            "source",
                                            "notes"};

std::optional<Error> CheckKeys(const Json& object, std::string_view where) {
  for (const Json::Member& member : object.members()) {
    if (IsFormatKey(member.first)) continue;
    return Error{
        Field(where, Quoted(member.first)), Given(member.second),
        "id, group_size, unquantized, symmetric, desc_act, imatrix, block_size, per_channel, scale_dtype, "
        "double_quant, static_activations, bits_per_weight, tensor_types or quantization_config"};
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

// {"ffn_down_exps": "q6_k", "attn_v": {"0": "q8_0", "4": "q5_k"}}: a type, or types from a layer on.
std::optional<Error> ReadTensorTypes(const Json* given, std::string_view where, WeightFormat* format) {
  if (!IsSet(given)) return std::nullopt;
  constexpr std::string_view kAccepted =
      "an object from a GGUF tensor's name to a type of ggml such as \"q6_k\", or to types by first layer";
  const auto bad = [&](const Json& value) { return BadField(where, "tensor_types", value, kAccepted); };
  if (!given->is_object() || given->members().size() > kMaxRules) return bad(*given);
  const auto add = [&](const std::string& tensor, int64_t from, const Json& name) {
    GgmlType type = GgmlType::kF32;
    const bool known = name.is_string() && FindGgmlTypeName(Lower(name.AsString()), &type);
    if (known)
      format->tensor_types.push_back({tensor, static_cast<int32_t>(from), static_cast<int32_t>(type)});
    return known && format->tensor_types.size() <= kMaxRules;
  };
  for (const Json::Member& member : given->members()) {
    if (!member.second.is_object()) {
      if (!add(member.first, 0, member.second)) return bad(member.second);
      continue;
    }
    for (const Json::Member& run : member.second.members()) {
      int64_t from = 0;
      bool number = !run.first.empty() && run.first.size() <= 6;
      for (const char c : run.first) {
        number = number && c >= '0' && c <= '9';
        if (number) from = from * 10 + (c - '0');
      }
      if (!number || !add(member.first, from, run.second)) return bad(member.second);
    }
  }
  return std::nullopt;
}

std::optional<Error> ReadGivenBits(const Json* given, std::string_view where, WeightFormat* format) {
  if (!IsSet(given)) return std::nullopt;
  const std::optional<double> bits = given->AsDouble();
  if (!bits || !(*bits >= 0.5 && *bits <= 32))
    return BadField(where, "bits_per_weight", *given, "a number from 0.5 to 32");
  format->given_bits = *bits;
  format->average = {};
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
    return Error{Field(where, "id"), id == nullptr ? "nothing" : Given(*id), AcceptedFormatIds()};
  }
  Result<WeightFormat> format = FormatOfId(id->AsString(), Field(where, "id"));
  if (!format) return format;
  if (IsSet(published)) {
    Result<WeightFormat> read = ReadQuantizationConfig(*published, Field(where, "quantization_config"));
    if (!read) return read;
    // A mixture is called by what its publisher calls it, whichever of its schemes has most modules.
    for (const WeightScheme& scheme : read->schemes) {
      if (scheme.family == format->family) read->family = format->family;
    }
    read->id = format->id;
    return read;
  }
  if (!format->schemes.empty()) {
    if (auto error = ReadSchemeOptions(object, where, &format->schemes[0])) return *error;
  }
  if (auto error = AddExclusions(object.Find("unquantized"), where, "unquantized", &format.value()))
    return *error;
  const Json* imatrix = object.Find("imatrix");
  if (IsSet(imatrix) && !imatrix->is_bool()) return BadField(where, "imatrix", *imatrix, "true or false");
  format->importance_matrix = ReadFlag(imatrix, format->importance_matrix);
  if (format->family == FormatFamily::kGguf) {
    if (auto error = ReadGivenBits(object.Find("bits_per_weight"), where, &format.value())) return *error;
    if (auto error = ReadTensorTypes(object.Find("tensor_types"), where, &format.value())) return *error;
  }
  format->stores_tied_head = ReadFlag(object.Find("stores_tied_head"), false);
  return format;
}
}  // namespace

Result<WeightFormat> ReadWeightFormat(const Json& value, std::string_view where) {
  if (value.is_string()) return FormatOfId(value.AsString(), where);
  if (value.is_object()) return ReadFormatObject(value, where);
  return Error{std::string(where), Given(value), AcceptedFormatIds()};
}
bool IsFormatKey(std::string_view key) {
  return std::find(std::begin(kObjectKeys), std::end(kObjectKeys), key) != std::end(kObjectKeys);
}

}  // namespace plimsoll
