#include "core/engines/rank_weights.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "core/weights/gguf_recipe.h"

namespace plimsoll {
namespace {

// vllm/model_executor/layers/quantization/kernels/mixed_precision/marlin.py: what remains of a GPTQ or packed
// weight. With desc_act, two int32 indices per input.
Bytes MarlinBytes(const WeightScheme& scheme, int64_t rows, int64_t columns) {
  const int64_t groups = scheme.group_size > 0 ? CeilDiv(columns, scheme.group_size) : 1;
  Bytes bytes = Bytes(rows) * columns * scheme.bits / 8 + Bytes(rows) * groups * 2;
  if (!scheme.symmetric) bytes += Bytes(rows) * groups * scheme.bits / 8;
  if (scheme.desc_act) bytes += Bytes(columns) * 8;
  return bytes;
}

Bytes SchemeBytes(const RankLoading& loading, const WeightScheme& given, const Tensor& tensor,
                  const Shard& shard) {
  WeightScheme scheme = given;
  if (tensor.sharding == Sharding::kExpert && loading.expert_group > 0 &&
      scheme.group_size > loading.expert_group) {
    scheme.group_size = loading.expert_group;
  }
  if (loading.expands_nf4) scheme.double_quant = false;
  const bool grouped = scheme.family == FormatFamily::kGptq || scheme.family == FormatFamily::kPacked;
  if (grouped && loading.marlin && shard.columns > 1) return MarlinBytes(scheme, shard.rows, shard.columns);
  return EncodedBytes(scheme, tensor.fp32, shard.rows, shard.columns);
}

// vllm/model_executor/layers/quantization/mxfp4.py pads each expert before it allocates: the partition's
// width and the hidden size. A fused gate_up tensor is padded by halves.
Shard PadMxfp4(const RankLoading& loading, const Tensor& tensor, Shard shard) {
  const Mxfp4Padding& pad = loading.mxfp4;
  if (tensor.columns <= 1) return shard;
  if (tensor.expert_by_columns) {
    shard.columns = RoundUp(shard.columns, pad.intermediate);
    shard.rows = RoundUp(shard.rows, pad.hidden);
    return shard;
  }
  const bool fused = loading.expert_width > 0 && tensor.rows == 2 * loading.expert_width;
  shard.rows = RoundUp(shard.rows, fused ? 2 * pad.intermediate : pad.intermediate);
  shard.columns = RoundUp(shard.columns, pad.hidden);
  return shard;
}

// Values and scales are tensors of their own.
Bytes ValueBytes(const WeightScheme& scheme, const Shard& shard, Bytes whole) {
  const Bytes elements = Bytes(shard.rows) * shard.columns;
  switch (scheme.family) {
    case FormatFamily::kGptq:
    case FormatFamily::kAwq:
    case FormatFamily::kPacked:
      return std::min(whole, elements * scheme.bits / 8);
    case FormatFamily::kNvfp4:
      return std::min(whole, elements / 2);
    case FormatFamily::kFp8:
    case FormatFamily::kFp8Block:
    case FormatFamily::kInt8:
      return std::min(whole, elements);
    default:
      return whole;
  }
}

// With data-parallel attention the ranks of a replica share attention and embedding, all ranks the rest.
bool GoesByAttention(TensorRole role) {
  return role == TensorRole::kAttention || role == TensorRole::kIndexer || role == TensorRole::kRecurrent ||
         role == TensorRole::kEmbedding;
}

int64_t DegreeOf(const RankLoading& loading, TensorRole role) {
  return loading.attention_tp > 0 && GoesByAttention(role) ? loading.attention_tp : loading.tp;
}

TensorBytes OneLayer(const RankLoading& loading, const Tensor& tensor, TensorRole role,
                     uint8_t scheme_index) {
  const WeightScheme& scheme = loading.binding->schemes[scheme_index];
  const Shard shard = ShardTensor(tensor, DegreeOf(loading, role), loading.ep, loading.ep_rank);
  TensorBytes result;
  result.bytes = SchemeBytes(loading, scheme, tensor, shard) * shard.copies;
  result.values = ValueBytes(scheme, shard, result.bytes) * shard.copies;
  if (scheme.family == FormatFamily::kMxfp4 && tensor.sharding == Sharding::kExpert) {
    const Bytes padded =
        SchemeBytes(loading, scheme, tensor, PadMxfp4(loading, tensor, shard)) * shard.copies;
    result.padding = padded - result.bytes;
    // A value takes 4 bits, its share of a scale a quarter of one.
    if (!loading.mxfp4.scales) result.padding = result.padding * 16 / 17;
    result.bytes += result.padding;
    result.values = result.bytes;
  }
  return result;
}

// Goes over what a rank holds. What is alike is weighed once.
class Weigher {
 public:
  Weigher(const RankLoading& loading, const RankHolding& holding)
      : loading_(loading),
        holding_(holding),
        tensors_(loading.binding->tensors),
        known_(2 * tensors_.shapes.size()),
        layers_(loading.architecture->groups.size()) {
    for (size_t g = 0; g < layers_.size(); ++g) {
      layers_[g] = LayersIn(*loading.architecture, static_cast<int32_t>(g), holding.range);
    }
  }

  std::vector<HeldParameter> Weigh() {
    held_.reserve(tensors_.parameters.size());
    for (const BoundParameter& parameter : tensors_.parameters) {
      const int64_t layers = Layers(parameter);
      if (layers == 0) continue;
      TensorBytes one;
      for (uint32_t i = 0; i < parameter.pieces; ++i) {
        const TensorBytes& piece = OneLayerLike(tensors_.pieces[parameter.first_piece + i], parameter.role);
        one.bytes += piece.bytes;
        one.padding += piece.padding;
        one.values += piece.values;
      }
      const FormatFamily family = loading_.binding->schemes[parameter.scheme].family;
      held_.push_back({parameter.role, parameter.part, family, one, layers, false});
    }
    WeighExceptions();
    return std::move(held_);
  }

 private:
  // How many layers' worth of it this rank holds; 0: it is not here.
  int64_t Layers(const BoundParameter& parameter) const {
    switch (parameter.part) {
      case TensorPart::kVision:
        return holding_.vision ? parameter.own_layers : 0;
      case TensorPart::kMtp:
        // vllm/model_executor/models/*_mtp.py: embedding and head are shared with the target.
        if (!holding_.mtp || !holding_.last || parameter.role == TensorRole::kEmbedding ||
            parameter.role == TensorRole::kHead)
          return 0;
        return parameter.own_layers;
      case TensorPart::kText:
        break;
    }
    if (parameter.groups > 0) {
      int64_t layers = 0;
      for (uint32_t i = 0; i < parameter.groups; ++i) {
        layers += layers_[tensors_.groups[parameter.first_group + i]];
      }
      return layers;
    }
    const bool tied = loading_.architecture->tied_embeddings;
    const bool held =
        parameter.role == TensorRole::kEmbedding ? holding_.first || (holding_.last && tied) : holding_.last;
    return held ? parameter.own_layers : 0;
  }

  // Alike are also an embedding and a head, which may be cut differently.
  const TensorBytes& OneLayerLike(uint32_t shape, TensorRole role) {
    Known& known = known_[2 * shape + (GoesByAttention(role) ? 1 : 0)];
    if (!known.weighed) {
      const uint32_t tensor = tensors_.shapes[shape];
      known.one =
          OneLayer(loading_, loading_.architecture->tensors[tensor], role, loading_.binding->scheme[tensor]);
      known.weighed = true;
    }
    return known.one;
  }

  bool Holds(const Tensor& tensor, int32_t layer) const {
    if (tensor.duplicate) return false;
    BoundParameter alone;
    alone.part = tensor.part;
    alone.role = tensor.role;
    alone.own_layers = 1;
    if (tensor.part == TensorPart::kText && tensor.group >= 0) {
      return layer >= holding_.range.first && layer < holding_.range.last;
    }
    return Layers(alone) > 0;
  }

  // Layers in which a tensor has another scheme. They are ordered by tensor.
  void WeighExceptions() {
    const FormatBinding::Exception* before = nullptr;
    TensorBytes more;  // than in the tensor's own scheme
    for (const FormatBinding::Exception& exception : loading_.binding->exceptions) {
      const auto index = static_cast<size_t>(exception.tensor);
      const Tensor& tensor = loading_.architecture->tensors[index];
      if (!Holds(tensor, exception.layer)) continue;
      if (before == nullptr || before->tensor != exception.tensor || before->scheme != exception.scheme) {
        const TensorBytes one = OneLayer(loading_, tensor, tensor.role, loading_.binding->scheme[index]);
        const TensorBytes other = OneLayer(loading_, tensor, tensor.role, exception.scheme);
        more = {other.bytes - one.bytes, other.padding - one.padding, other.values - one.values};
        before = &exception;
      }
      held_.push_back(
          {tensor.role, tensor.part, loading_.binding->schemes[exception.scheme].family, more, 1, true});
    }
  }

  struct Known {
    TensorBytes one;
    bool weighed = false;
  };
  const RankLoading& loading_;
  const RankHolding& holding_;
  const BoundTensors& tensors_;
  std::vector<Known> known_;     // of each shape, and by whether it goes by attention
  std::vector<int64_t> layers_;  // of each group
  std::vector<HeldParameter> held_;
};

bool RepacksForMarlin(const Resolved& resolved) {
  const Gpu* gpu = resolved.cards.empty() ? nullptr : resolved.cards[0].gpu;
  return gpu != nullptr && gpu->vendor == Vendor::kNvidia && gpu->compute_capability >= 80;
}

// 0 where the file's own groups do.
int64_t SmallerExpertGroup(const Resolved& resolved, int64_t expert_width, bool dealt) {
  const WeightScheme* scheme = resolved.format->main_scheme();
  if (dealt || expert_width <= 0 || scheme == nullptr) return 0;
  switch (scheme->family) {
    case FormatFamily::kGptq:
    case FormatFamily::kAwq:
    case FormatFamily::kPacked:
      break;
    default:
      return 0;
  }
  const int64_t group =
      ExpertGroupSize(scheme->group_size, CeilDiv(expert_width, resolved.tp), resolved.architecture->hidden);
  return group < scheme->group_size ? group : 0;
}

}  // namespace

std::vector<HeldParameter> HeldOnRank(const RankLoading& loading, const RankHolding& holding) {
  return Weigher(loading, holding).Weigh();
}

const std::vector<HeldParameter>& RankShelf::Held(const RankLoading& loading, const RankHolding& holding) {
  for (const Kept& kept : kept_) {
    if (kept.loading == loading && kept.holding == holding) return kept.held;
  }
  if (kept_.size() < kMostKept) kept_.emplace_back();
  Kept& kept = kept_[next_];
  next_ = (next_ + 1) % kMostKept;
  kept = {loading, holding, HeldOnRank(loading, holding)};
  return kept.held;
}

const std::vector<HeldParameter>& SharedHeldOnRank(const Resolved& resolved, const RankLoading& loading,
                                                   const RankHolding& holding,
                                                   std::vector<HeldParameter>* own) {
  if (resolved.shelf != nullptr) return resolved.shelf->Held(loading, holding);
  *own = HeldOnRank(loading, holding);
  return *own;
}

bool IsIntegerGrouped(FormatFamily family) {
  return family == FormatFamily::kGptq || family == FormatFamily::kAwq || family == FormatFamily::kPacked;
}

int64_t LayersIn(const Architecture& architecture, int32_t group, const LayerRange& range) {
  return architecture.LayersBefore(group, static_cast<int32_t>(range.last)) -
         architecture.LayersBefore(group, static_cast<int32_t>(range.first));
}

int64_t ExpertWidth(const Architecture& architecture) {
  int64_t width = 0;
  for (const LayerGroup& group : architecture.groups) {
    width = std::max(width, group.shape.mlp.expert_intermediate);
  }
  return width;
}

int64_t ExpertGroupSize(int64_t group_size, int64_t width, int64_t hidden) {
  int64_t group = group_size;
  while (group >= 32 && (width % group != 0 || hidden % group != 0)) group /= 2;
  return group >= 32 ? group : 0;
}

RankLoading LoadingOf(const Resolved& resolved, const Mxfp4Padding& mxfp4, bool expands_nf4, int64_t ep,
                      int64_t ep_rank) {
  RankLoading loading;
  loading.architecture = resolved.architecture;
  loading.format = resolved.format;
  loading.binding = resolved.binding;
  loading.tp = resolved.tp;
  loading.ep = ep;
  loading.ep_rank = ep_rank;
  loading.marlin = RepacksForMarlin(resolved);
  loading.expands_nf4 = expands_nf4;
  loading.expert_width = ExpertWidth(*resolved.architecture);
  loading.expert_group = SmallerExpertGroup(resolved, loading.expert_width, ep > 0);
  loading.mxfp4 = mxfp4;
  return loading;
}

RankLoading DraftLoadingOf(const Resolved& resolved, const Mxfp4Padding& mxfp4, bool expands_nf4) {
  RankLoading loading;
  loading.architecture = &resolved.draft->architecture();
  loading.format = resolved.draft_format;
  loading.binding = resolved.draft_binding;
  loading.tp = resolved.tp;
  loading.marlin = RepacksForMarlin(resolved);
  loading.expands_nf4 = expands_nf4;
  loading.expert_width = ExpertWidth(resolved.draft->architecture());
  loading.mxfp4 = mxfp4;
  return loading;
}

Bytes AbsorbedLatent(const Attention& attention, int64_t tp) {
  return Bytes(2) * CeilDiv(attention.heads, tp) * attention.kv_lora_rank *
         (attention.nope_dim + attention.value_dim);
}

// vllm/model_executor/layers/quantization/gguf.py keeps the file's blocks and cuts them like any other
// tensor: a rank holds the same share of the file as it would of the model in 16 bits.
Bytes GgufShare(const Resolved& resolved, Bytes plain_share) {
  const Architecture& architecture = *resolved.architecture;
  int64_t elements = 0;
  for (const Tensor& tensor : architecture.tensors) {
    if (!tensor.duplicate && tensor.part == TensorPart::kText) {
      elements += internal::SaturatingMultiply(tensor.elements(), tensor.times);
    }
  }
  if (elements <= 0) return Bytes(0);
  const double share = static_cast<double>(plain_share.count()) / (2.0 * static_cast<double>(elements));
  const bool remembered = resolved.bound != nullptr && resolved.bound->format == resolved.format;
  const Bytes file =
      remembered ? resolved.bound->gguf.tensors : LayOutGguf(architecture, *resolved.format).tensors;
  return BytesFromDouble(static_cast<double>(file.count()) * share);
}

}  // namespace plimsoll
