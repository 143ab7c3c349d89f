#include "core/formats/weight_format.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "core/base/module_pattern.h"
#include "core/formats/format_reading.h"
#include "core/formats/gguf_types.h"

namespace plimsoll {
namespace {

using internal::SaturatingMultiply;

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

}  // namespace

namespace format_reading {

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
std::string_view IdOf(FormatFamily family, int32_t bits) { return FindQuantized(family, bits).id; }

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
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
                                   WeightFormat* format) {
  if (!IsSet(list)) return std::nullopt;
  const bool listed = list->is_array() && list->items().size() <= kMaxRules;
  if (!listed) return BadField(where, key, *list, "a list of module names");
  for (const Json& item : list->items()) {
    ModulePattern pattern;
    const bool usable = item.is_string() && item.AsString().size() <= kMaxPattern;
    const std::string text = usable ? item.AsString() : std::string();
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
}  // namespace format_reading

namespace {

using namespace format_reading;  // NOLINT(google-build-using-namespace): this file's own helpers

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
  for (int i = 0; i < kGgufMixtures; ++i) text.append(", ").append(Mixture(i).id);
  return text;
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
    if (const int mixture = FindGgufMixture(std::string_view(id).substr(kGgufPrefix.size())); mixture >= 0) {
      const GgufMixture& made = Mixture(mixture);
      format.id = id;
      format.gguf_type = static_cast<int>(made.base);
      format.wide_ends = made.wide_ends;
      format.importance_matrix = true;  // both publishers use one for every file
      if (!made.wide_ends) format.average = {made.factor, made.low, made.high};
      return format;
    }
    if (format.gguf_type >= 0) {
      format.id =
          std::string(kGgufPrefix) + std::string(Info(static_cast<GgufFileType>(format.gguf_type)).id);
      return format;
    }
  }
  return Error{std::string(where), Quoted(text), AcceptedIds()};
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
  return Error{std::string(where), Given(value), AcceptedIds()};
}
bool IsFormatKey(std::string_view key) {
  return std::find(std::begin(kObjectKeys), std::end(kObjectKeys), key) != std::end(kObjectKeys);
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
    for (int i = 0; i < kGgufMixtures; ++i)
      gguf.push_back(std::string(kGgufPrefix) + std::string(Mixture(i).id));
    for (const std::string& id : gguf) all.push_back(id);
    return all;
  }();
  return ids;
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
