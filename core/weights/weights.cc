#include "core/weights/weights.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/base/text.h"
#include "core/formats/gguf_types.h"
#include "core/weights/format_binding.h"
#include "core/weights/gguf_recipe.h"

namespace plimsoll {
namespace {

using internal::SaturatingAdd;
using internal::SaturatingMultiply;

const WeightScheme& SchemeOf(const FormatBinding& binding, size_t tensor) {
  const size_t index = tensor < binding.scheme.size() ? binding.scheme[tensor] : 0;
  return binding.schemes[index < binding.schemes.size() ? index : 0];
}

StoredWeights StoreGguf(const Architecture& architecture, const WeightFormat& format) {
  const GgufLayout layout = LayOutGguf(architecture, format);
  StoredWeights stored;
  stored.held = stored.checkpoint = stored.low = stored.high = layout.tensors;
  stored.approximate = format.approximate();
  if (stored.approximate) {
    // A figure that a publisher gives in two digits is right to half a percent.
    Average average = format.average;
    if (average.factor <= 0) average = {1, 0.995, 1.005};
    const double middle = static_cast<double>(layout.tensors.count()) / average.factor;
    stored.low = BytesFromDouble(middle * average.low);
    stored.high = BytesFromDouble(middle * average.high);
  }
  stored.file = layout.tensors + layout.padding + GgufMetadataBytes(architecture, layout.tensor_count);
  if (layout.elements > 0) {
    stored.bits_per_weight =
        8.0 * static_cast<double>(layout.tensors.count()) / static_cast<double>(layout.elements);
  }
  return stored;
}

std::string SchemeName(const WeightScheme& scheme, bool fp32) {
  const auto grouped = [&scheme](std::string_view name) {
    std::string text(name);
    if (scheme.group_size > 0) text += " g" + std::to_string(scheme.group_size);
    return text;
  };
  switch (scheme.family) {
    case FormatFamily::kPlain:
    case FormatFamily::kGguf:
      if (fp32 || scheme.dtype == DType::kFp32) return "fp32";
      return scheme.dtype == DType::kFp16 ? "fp16" : scheme.dtype == DType::kFp8 ? "fp8" : "bf16";
    case FormatFamily::kFp8:
      return scheme.per_channel ? "fp8 per channel" : "fp8";
    case FormatFamily::kFp8Block:
      return "fp8 " + std::to_string(scheme.block_rows) + "x" + std::to_string(scheme.block_columns);
    case FormatFamily::kInt8:
      return "int8";
    case FormatFamily::kGptq:
    case FormatFamily::kPacked:
    case FormatFamily::kAwq:
      return grouped("int" + std::to_string(scheme.bits));
    case FormatFamily::kScaled:
      return grouped(DecimalText(scheme.value_bits, 2) + " bits");
    case FormatFamily::kNvfp4:
      return "nvfp4";
    case FormatFamily::kMxfp4:
      return "mxfp4";
    case FormatFamily::kBnbNf4:
      return "nf4";
    case FormatFamily::kBnbInt8:
      return "int8";
  }
  return "";
}

std::vector<int32_t> LayersOf(const Architecture& architecture, int32_t group) {
  std::vector<int32_t> layers;
  if (group < 0) return layers;
  for (size_t i = 0; i < architecture.layer_group.size(); ++i) {
    if (architecture.layer_group[i] == group) layers.push_back(static_cast<int32_t>(i));
  }
  return layers;
}

TensorRole GgufRole(const GgufTensor& tensor) {
  const auto has = [&tensor](std::string_view part) { return tensor.name.find(part) != std::string::npos; };
  if (tensor.category == GgufCategory::kTokenEmbedding || has("embed_tokens")) return TensorRole::kEmbedding;
  if (tensor.category == GgufCategory::kOutput || has("shared_head_head")) return TensorRole::kHead;
  if (has("norm")) return TensorRole::kNorm;
  if (tensor.expert) return TensorRole::kExpert;
  if (has("ffn_gate_inp") || has("exp_probs")) return TensorRole::kRouter;
  if (has("_shexp")) return TensorRole::kSharedExpert;
  if (has("indexer")) return TensorRole::kIndexer;
  if (has("ssm_")) return TensorRole::kRecurrent;
  if (has("attn_")) return TensorRole::kAttention;
  if (has("ffn_")) return TensorRole::kMlp;
  return TensorRole::kOther;
}

// One row per tensor and type: a mixture gives some layers another type.
void AppendGgufRows(const Architecture& architecture, const WeightFormat& format, int32_t index,
                    std::vector<InventoryRow>* rows) {
  const GgufTensor& tensor = architecture.gguf[static_cast<size_t>(index)];
  const std::vector<GgmlType> types = GgufTensorTypes(architecture, format, index);
  std::vector<int32_t> layers = LayersOf(architecture, tensor.group);
  if (tensor.mtp) {
    for (size_t i = 0; i < types.size(); ++i)
      layers.push_back(static_cast<int32_t>(architecture.layers) + static_cast<int32_t>(i));
  }
  const size_t first = rows->size();
  for (size_t i = 0; i < types.size(); ++i) {
    const std::string_view name = Info(types[i]).name;
    auto row = std::find_if(rows->begin() + static_cast<std::ptrdiff_t>(first), rows->end(),
                            [name](const InventoryRow& known) { return known.type == name; });
    if (row == rows->end()) {
      InventoryRow fresh;
      fresh.name = tensor.name;
      fresh.role = GgufRole(tensor);
      fresh.part = tensor.mtp ? TensorPart::kMtp : TensorPart::kText;
      fresh.type = std::string(name);
      fresh.rows = SaturatingMultiply(tensor.ne1, tensor.ne2);
      fresh.columns = tensor.ne0;
      rows->push_back(std::move(fresh));
      row = rows->end() - 1;
    }
    ++row->count;
    row->bytes += GgmlBytes(types[i], tensor.ne0, SaturatingMultiply(tensor.ne1, tensor.ne2));
    if (i < layers.size()) row->layers.push_back(layers[i]);
  }
}

// The rows of an average: which tensor has which type is not known, only what all of them take.
void Approximate(const Architecture& architecture, const WeightFormat& format,
                 std::vector<InventoryRow>* rows) {
  const Bytes whole = LayOutGguf(architecture, format).tensors;
  Bytes by_rules, scaled;
  for (const InventoryRow& row : *rows) by_rules += row.bytes;
  if (by_rules <= Bytes(0)) return;
  const double factor = static_cast<double>(whole.count()) / static_cast<double>(by_rules.count());
  InventoryRow* largest = &rows->front();
  for (InventoryRow& row : *rows) {
    if (row.bytes > largest->bytes) largest = &row;
    row.type = "about " + row.type;
    row.bytes = BytesFromDouble(static_cast<double>(row.bytes.count()) * factor);
    scaled += row.bytes;
  }
  largest->bytes += whole - scaled;
}

InventoryRow MakeRow(const Tensor& tensor, const WeightScheme& scheme, int64_t count) {
  InventoryRow row;
  row.name = tensor.name;
  row.role = tensor.role;
  row.part = tensor.part;
  row.type = SchemeName(scheme, tensor.fp32);
  row.rows = tensor.rows;
  row.columns = tensor.columns;
  row.count = count;
  row.bytes = EncodedBytes(scheme, tensor.fp32, tensor.rows, tensor.columns) * count;
  row.sharding = tensor.sharding;
  return row;
}

void AppendRows(const Architecture& architecture, const FormatBinding& binding, size_t index,
                std::vector<InventoryRow>* rows) {
  const Tensor& tensor = architecture.tensors[index];
  const std::vector<int32_t> layers = LayersOf(architecture, tensor.group);
  // Scheme by scheme: the one of most layers first.
  std::vector<uint8_t> schemes = {index < binding.scheme.size() ? binding.scheme[index] : uint8_t{0}};
  std::vector<FormatBinding::Exception> own;
  for (const FormatBinding::Exception& exception : binding.exceptions) {
    if (exception.tensor != static_cast<int32_t>(index)) continue;
    own.push_back(exception);
    if (std::find(schemes.begin(), schemes.end(), exception.scheme) == schemes.end())
      schemes.push_back(exception.scheme);
  }
  for (size_t s = 0; s < schemes.size(); ++s) {
    std::vector<int32_t> here;
    for (const FormatBinding::Exception& exception : own) {
      if (exception.scheme == schemes[s]) here.push_back(exception.layer);
    }
    int64_t count = SaturatingMultiply(static_cast<int64_t>(here.size()), tensor.copies);
    if (s == 0) {
      count = tensor.times - SaturatingMultiply(static_cast<int64_t>(own.size()), tensor.copies);
      here.clear();
      std::copy_if(layers.begin(), layers.end(), std::back_inserter(here), [&own](int32_t layer) {
        return std::none_of(own.begin(), own.end(),
                            [layer](const auto& other) { return other.layer == layer; });
      });
    }
    if (count <= 0) continue;
    InventoryRow row =
        MakeRow(tensor, binding.schemes[std::min<size_t>(schemes[s], binding.schemes.size() - 1)], count);
    row.layers = std::move(here);
    rows->push_back(std::move(row));
  }
}

}  // namespace

Bytes WeightsBand(const StoredWeights& stored, Bytes held) {
  if (!stored.approximate || stored.checkpoint <= Bytes(0)) return Bytes(0);
  const Bytes off = std::max(stored.high - stored.checkpoint, stored.checkpoint - stored.low);
  return BytesFromDouble(static_cast<double>(held.count()) * static_cast<double>(off.count()) /
                         static_cast<double>(stored.checkpoint.count()));
}

StoredWeights StoreWeights(const Architecture& architecture, const WeightFormat& format,
                           const FormatBinding& binding) {
  if (format.family == FormatFamily::kGguf) return StoreGguf(architecture, format);
  StoredWeights stored;
  int64_t elements = 0;
  for (size_t i = 0; i < architecture.tensors.size(); ++i) {
    const Tensor& tensor = architecture.tensors[i];
    stored.checkpoint +=
        EncodedBytes(SchemeOf(binding, i), tensor.fp32, tensor.rows, tensor.columns) * tensor.times;
    elements = SaturatingAdd(
        elements, SaturatingMultiply(SaturatingMultiply(tensor.rows, tensor.columns), tensor.times));
  }
  for (const FormatBinding::Exception& exception : binding.exceptions) {
    const auto index = static_cast<size_t>(exception.tensor);
    const Tensor& tensor = architecture.tensors[index];
    const WeightScheme& scheme = binding.schemes[exception.scheme];
    stored.checkpoint += (EncodedBytes(scheme, tensor.fp32, tensor.rows, tensor.columns) -
                          EncodedBytes(SchemeOf(binding, index), tensor.fp32, tensor.rows, tensor.columns)) *
                         tensor.copies;
  }
  if (format.stores_tied_head && architecture.tied_embeddings) {
    stored.checkpoint += Bytes(2) * SaturatingMultiply(architecture.vocab, architecture.hidden);
  }
  stored.held = stored.file = stored.low = stored.high = stored.checkpoint;
  if (elements > 0) {
    stored.bits_per_weight =
        8.0 * static_cast<double>(stored.checkpoint.count()) / static_cast<double>(elements);
  }
  return stored;
}

std::vector<InventoryRow> ListInventory(const Architecture& architecture, const WeightFormat& format,
                                        const FormatBinding& binding) {
  std::vector<InventoryRow> rows;
  if (format.family == FormatFamily::kGguf) {
    for (size_t i = 0; i < architecture.gguf.size(); ++i) {
      AppendGgufRows(architecture, format, static_cast<int32_t>(i), &rows);
    }
    if (format.approximate()) Approximate(architecture, format, &rows);
    return rows;
  }
  for (size_t i = 0; i < architecture.tensors.size(); ++i) AppendRows(architecture, binding, i, &rows);
  return rows;
}

}  // namespace plimsoll
