#include "core/formats/format_ids.h"

#include <cstdlib>

#include "core/base/text.h"
#include "core/formats/gguf_types.h"

namespace plimsoll {
namespace {

struct PlainId {
  std::string_view id, name;
  DType dtype;
};
constexpr PlainId kPlainIds[] = {
    {"fp32", "FP32", DType::kFp32}, {"bf16", "BF16", DType::kBf16}, {"fp16", "FP16", DType::kFp16}};

struct QuantizedId {
  std::string_view id, name;
  FormatFamily family;
  int32_t bits;
  int64_t group_size;
  bool symmetric;
};
// Group sizes: what the tools take when nothing is said (AutoAWQ, GPTQModel, llm-compressor: 128) or what the
// number format fixes (OCP MX: 32; NVFP4: 16; bitsandbytes: blocks of 64).
constexpr QuantizedId kQuantizedIds[] = {
    {"fp8", "FP8", FormatFamily::kFp8, 8, 0, true},
    {"fp8-block", "FP8 block", FormatFamily::kFp8Block, 8, 0, true},
    {"int8", "INT8 W8A8", FormatFamily::kInt8, 8, 0, true},
    {"gptq-int8", "GPTQ int8", FormatFamily::kGptq, 8, 128, true},
    {"gptq-int4", "GPTQ int4", FormatFamily::kGptq, 4, 128, true},
    {"awq-int4", "AWQ int4", FormatFamily::kAwq, 4, 128, false},
    {"w4a16", "W4A16", FormatFamily::kPacked, 4, 128, true},
    {"nvfp4", "NVFP4", FormatFamily::kNvfp4, 4, 16, true},
    {"mxfp4", "MXFP4", FormatFamily::kMxfp4, 4, 32, true},
    {"bnb-nf4", "bnb NF4", FormatFamily::kBnbNf4, 4, 64, true},
    {"bnb-int8", "bnb int8", FormatFamily::kBnbInt8, 8, 0, true},
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

// The id of that family whose width is the nearest: 2 and 3 bits have none of their own.
const QuantizedId& FindQuantized(FormatFamily family, int32_t bits) {
  const QuantizedId* nearest = nullptr;
  for (const QuantizedId& id : kQuantizedIds) {
    if (id.family != family) continue;
    if (nearest == nullptr || std::abs(id.bits - bits) < std::abs(nearest->bits - bits)) nearest = &id;
  }
  return nearest == nullptr ? kQuantizedIds[0] : *nearest;
}

}  // namespace

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

std::string_view NameOfFormat(std::string_view id) {
  for (const PlainId& plain : kPlainIds) {
    if (plain.id == id) return plain.name;
  }
  for (const QuantizedId& quantized : kQuantizedIds) {
    if (quantized.id == id) return quantized.name;
  }
  return {};
}

std::string AcceptedFormatIds() {
  std::string text = "one of ";
  for (const std::string_view id : FormatIds()) {
    if (id.substr(0, kGgufPrefix.size()) == kGgufPrefix) continue;
    text.append(id).append(", ");
  }
  text += "gguf- with a file type:";
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
  return Error{std::string(where), Quoted(text), AcceptedFormatIds()};
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

}  // namespace plimsoll
