#include "core/files/safetensors_header.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "core/base/json.h"
#include "core/files/file_tensors.h"

namespace plimsoll {
namespace {

using internal::SaturatingMultiply;

constexpr size_t kMaxDimensions = 8;
constexpr int64_t kMaxValues = 4000000;  // JSON values: some 400,000 tensors
constexpr int64_t kLengthBytes = 8;

struct DTypeInfo {
  std::string_view name;
  int bits;
};
constexpr DTypeInfo kDTypes[] = {
    {"BOOL", 8}, {"U8", 8},   {"I8", 8},          {"F8_E5M2", 8},    {"F8_E4M3", 8}, {"F8_E8M0", 8},
    {"F4", 4},   {"I16", 16}, {"U16", 16},        {"F16", 16},       {"BF16", 16},   {"I32", 32},
    {"U32", 32}, {"F32", 32}, {"F6_E2M3", 6},     {"F6_E3M2", 6},    {"F64", 64},    {"I64", 64},
    {"U64", 64}, {"C64", 64}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}};

int BitsOf(std::string_view dtype) {
  for (const DTypeInfo& info : kDTypes) {
    if (info.name == dtype) return info.bits;
  }
  return 0;
}

Error Bad(std::string_view field, std::string given, std::string_view accepted) {
  return Error{"safetensors." + std::string(field), std::move(given), std::string(accepted)};
}

struct Span {
  int64_t begin;
  int64_t end;
};

Result<SafetensorsTensor> ReadTensor(const Json::Member& member, Span* span) {
  const Json* dtype = member.second.Find("dtype");
  const Json* shape = member.second.Find("shape");
  const Json* offsets = member.second.Find("data_offsets");
  if (dtype == nullptr || shape == nullptr || !shape->is_array() || offsets == nullptr ||
      offsets->items().size() != 2) {
    return Bad(Quoted(member.first), "an entry without dtype, shape or data_offsets", "all three");
  }
  SafetensorsTensor tensor;
  tensor.name = member.first;
  tensor.dtype = dtype->AsString();
  const int bits = BitsOf(tensor.dtype);
  if (bits == 0) return Bad(Quoted(member.first) + ".dtype", Quoted(tensor.dtype), "a type of safetensors");
  if (shape->items().size() > kMaxDimensions)
    return Bad(Quoted(member.first) + ".shape", "too many dimensions", "at most 8");
  int64_t elements = 1;
  for (const Json& item : shape->items()) {
    const std::optional<int64_t> size = item.AsInt();
    if (!size || *size < 0)
      return Bad(Quoted(member.first) + ".shape", Quoted(item.Dump()), "whole numbers from 0");
    elements = SaturatingMultiply(elements, *size);
    tensor.shape.push_back(*size);
  }
  const std::optional<int64_t> begin = offsets->items()[0].AsInt();
  const std::optional<int64_t> end = offsets->items()[1].AsInt();
  if (!begin || !end || *begin < 0 || *end < *begin) {
    return Bad(Quoted(member.first) + ".data_offsets", Quoted(offsets->Dump()),
               "[begin, end] with 0 <= begin <= end");
  }
  const int64_t total_bits = SaturatingMultiply(elements, bits);
  if (total_bits % 8 != 0 || total_bits / 8 != *end - *begin) {
    return Bad(Quoted(member.first) + ".data_offsets", std::to_string(*end - *begin) + " bytes",
               "the " + std::to_string(total_bits / 8) + " bytes that shape and dtype need");
  }
  tensor.bytes = Bytes(*end - *begin);
  *span = {*begin, *end};
  return tensor;
}

int64_t LittleEndian(std::string_view bytes) {
  uint64_t value = 0;
  for (int i = 7; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[static_cast<size_t>(i)]);
  return value > static_cast<uint64_t>(internal::kInt64Max) ? internal::kInt64Max
                                                            : static_cast<int64_t>(value);
}

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

}  // namespace

Result<SafetensorsHeader> ReadSafetensorsHeader(std::string_view first_bytes, int64_t file_size) {
  SafetensorsHeader header;
  if (static_cast<int64_t>(first_bytes.size()) < kLengthBytes) {
    if (file_size >= 0 && file_size < kLengthBytes)
      return Bad("length", std::to_string(file_size) + " bytes", "a longer file");
    header.needed_bytes = kLengthBytes;
    return header;
  }
  const int64_t length = LittleEndian(first_bytes);
  if (length < 2 || length > kMaxSafetensorsHeader) {
    return Bad("length", std::to_string(length),
               "a header of 2 to " + std::to_string(kMaxSafetensorsHeader) + " bytes");
  }
  const int64_t data_start = kLengthBytes + length;
  if (file_size >= 0 && data_start > file_size) {
    return Bad("length", std::to_string(length),
               "a header inside the file of " + std::to_string(file_size) + " bytes");
  }
  if (static_cast<int64_t>(first_bytes.size()) < data_start) {
    header.needed_bytes = data_start;
    return header;
  }
  JsonLimits limits;
  limits.max_bytes = kMaxSafetensorsHeader;
  limits.max_depth = 8;
  limits.max_values = kMaxValues;
  const Result<Json> json =
      Json::Parse(first_bytes.substr(kLengthBytes, static_cast<size_t>(length)), "safetensors", limits);
  if (!json) return json.error();
  if (!json->is_object()) return Bad("header", "something else", "a JSON object");
  std::vector<Span> spans;
  for (const Json::Member& member : json->members()) {
    if (member.first == "__metadata__") continue;
    Span span{};
    Result<SafetensorsTensor> tensor = ReadTensor(member, &span);
    if (!tensor) return tensor.error();
    if (file_size >= 0 && span.end > file_size - data_start) {
      return Bad(Quoted(member.first) + ".data_offsets", std::to_string(span.end),
                 "an end within the file's " + std::to_string(file_size - data_start) + " bytes of data");
    }
    header.data += tensor->bytes;
    spans.push_back(span);
    header.tensors.push_back(std::move(*tensor));
  }
  std::stable_sort(spans.begin(), spans.end(),
                   [](const Span& a, const Span& b) { return a.begin < b.begin; });
  for (size_t i = 1; i < spans.size(); ++i) {
    if (spans[i].begin < spans[i - 1].end)
      return Bad("data_offsets", "two tensors on the same bytes", "tensors side by side");
  }
  return header;
}

Result<SafetensorsIndex> ReadSafetensorsIndex(std::string_view text) {
  JsonLimits limits;
  limits.max_bytes = kMaxSafetensorsHeader;
  limits.max_depth = 8;
  limits.max_values = kMaxValues;
  const Result<Json> json = Json::Parse(text, "index", limits);
  if (!json) return json.error();
  const Json* map = json->Find("weight_map");
  if (map == nullptr || !map->is_object())
    return Error{"index.weight_map", "nothing", "an object of tensors and files"};
  SafetensorsIndex index;
  std::unordered_map<std::string_view, bool> seen;
  for (const Json::Member& member : map->members()) {
    if (!member.second.is_string()) {
      return Error{"index.weight_map." + Quoted(member.first), Quoted(member.second.Dump()), "a file name"};
    }
    index.names.push_back(member.first);
    if (seen.emplace(member.second.AsString(), true).second) index.files.push_back(member.second.AsString());
  }
  const Json* metadata = json->Find("metadata");
  const Json* total = metadata == nullptr ? nullptr : metadata->Find("total_size");
  if (total != nullptr) index.total = Bytes(std::max<int64_t>(total->AsInt().value_or(0), 0));
  return index;
}

std::vector<InventoryRow> ListFileTensors(const std::vector<SafetensorsTensor>& tensors) {
  RowCollector rows;
  for (const SafetensorsTensor& tensor : tensors) {
    int64_t columns = 1;
    for (size_t i = 1; i < tensor.shape.size(); ++i) columns = SaturatingMultiply(columns, tensor.shape[i]);
    rows.Add(tensor.name, tensor.dtype, tensor.shape.empty() ? 1 : tensor.shape[0], columns, tensor.bytes);
  }
  return rows.Take();
}

std::string GuessFormat(const std::vector<SafetensorsTensor>& tensors) {
  // Names that only one tool writes; then the type that holds most bytes.
  bool g_idx = false, qzeros = false, packed = false, global_scale = false, scale_inv = false, absmax = false;
  bool blocks = false, mx_scale = false, scb = false;
  int64_t qweight_columns = 0, scales_columns = 0;
  std::unordered_map<std::string_view, int64_t> by_type;
  for (const SafetensorsTensor& tensor : tensors) {
    const std::string_view name = tensor.name;
    by_type[tensor.dtype] += tensor.bytes.count();
    g_idx |= EndsWith(name, ".g_idx");
    qzeros |= EndsWith(name, ".qzeros");
    packed |= EndsWith(name, ".weight_packed");
    global_scale |= EndsWith(name, ".weight_global_scale") || EndsWith(name, ".weight_scale_2");
    scale_inv |= EndsWith(name, ".weight_scale_inv");
    absmax |= EndsWith(name, ".absmax");
    blocks |= EndsWith(name, "_blocks");
    scb |= EndsWith(name, ".SCB");
    mx_scale |= EndsWith(name, ".weight_scale") && (tensor.dtype == "U8" || tensor.dtype == "F8_E8M0");
    if (qweight_columns == 0 && EndsWith(name, ".qweight") && tensor.shape.size() == 2)
      qweight_columns = tensor.shape[1];
    if (scales_columns == 0 && EndsWith(name, ".scales") && tensor.shape.size() == 2)
      scales_columns = tensor.shape[1];
  }
  // AWQ packs outputs into words, GPTQ inputs: AWQ's qweight is narrower than its scales.
  if (qzeros && qweight_columns > 0 && qweight_columns < scales_columns) return "awq-int4";
  if (qzeros || g_idx) return "gptq-int4";
  if (global_scale) return "nvfp4";
  if (blocks || (packed && mx_scale)) return "mxfp4";
  if (packed) return "w4a16";
  if (scale_inv) return "fp8-block";
  if (absmax) return "bnb-nf4";
  if (scb) return "bnb-int8";
  std::string_view most = "BF16";
  int64_t bytes = -1;
  for (const DTypeInfo& info : kDTypes) {
    const auto found = by_type.find(info.name);
    if (found == by_type.end() || found->second <= bytes) continue;
    bytes = found->second;
    most = info.name;
  }
  if (most == "F32") return "fp32";
  if (most == "F16") return "fp16";
  if (most.substr(0, 2) == "F8") return "fp8";
  return most == "I8" ? "int8" : "bf16";
}

}  // namespace plimsoll
