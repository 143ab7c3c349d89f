#include "core/engines/vllm/vllm_weights.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "core/engines/measured_constants.h"
#include "core/engines/vllm/vllm_draft_head.h"
#include "core/engines/vllm/vllm_version.h"
#include "core/weights/format_binding.h"
#include "core/weights/gguf_recipe.h"

namespace plimsoll {
namespace {

// What is the same for every tensor of a model on a rank.
struct Loading {
  const Architecture* architecture = nullptr;
  const WeightFormat* format = nullptr;
  const FormatBinding* binding = nullptr;
  int64_t tp = 1;
  int64_t ep = 0;  // 0: experts are cut, not dealt
  int64_t ep_rank = 0;
  bool marlin = false;       // repacked at load: zero points of symmetric weights and group indices go
  bool expands_nf4 = false;  // the scales of bitsandbytes' scales are multiplied out at load
  Mxfp4Padding mxfp4;
  int64_t expert_width = 0;  // to tell a fused gate_up from a single projection
  int64_t expert_group =
      0;  // quantisation groups of experts on this rank, where they are smaller than the file's
};

// vllm/model_executor/layers/quantization/kernels/mixed_precision/marlin.py: what remains of a GPTQ or packed
// weight. With desc_act, two int32 indices per input.
Bytes MarlinBytes(const WeightScheme& scheme, int64_t rows, int64_t columns) {
  const int64_t groups = scheme.group_size > 0 ? CeilDiv(columns, scheme.group_size) : 1;
  Bytes bytes = Bytes(rows) * columns * scheme.bits / 8 + Bytes(rows) * groups * 2;
  if (!scheme.symmetric) bytes += Bytes(rows) * groups * scheme.bits / 8;
  if (scheme.desc_act) bytes += Bytes(columns) * 8;
  return bytes;
}

Bytes SchemeBytes(const Loading& loading, const WeightScheme& given, const Tensor& tensor,
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
Shard PadMxfp4(const Loading& loading, const Tensor& tensor, Shard shard) {
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

struct TensorBytes {
  Bytes bytes;
  Bytes padding;  // of it
  Bytes values;   // of it: what is stored as a tensor of its own beside the scales
};

bool IsIntegerGrouped(FormatFamily family) {
  return family == FormatFamily::kGptq || family == FormatFamily::kAwq || family == FormatFamily::kPacked;
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

// What PyTorch's allocator adds to a stored tensor: a block of 10 MiB or more is a multiple of 2 MiB, and the
// rest of it is kept with it up to 1 MiB (c10/cuda/CUDACachingAllocator.cpp round_size, should_split).
Bytes RoundingSlack(Bytes stored) {
  if (stored < MiB(10)) return Bytes(0);
  const Bytes rest = Bytes(RoundUp(stored.count(), MiB(2).count())) - stored;
  return rest <= MiB(1) ? rest : Bytes(0);
}

// Repacking for Marlin takes blocks that others gave back, which are somewhat too large.
Bytes AllocatorSlack(const TensorBytes& parameter, FormatFamily family, bool repacks) {
  const Bytes rounding = RoundingSlack(parameter.values) + RoundingSlack(parameter.bytes - parameter.values);
  const bool repacked = repacks && IsIntegerGrouped(family) && parameter.bytes >= MiB(10);
  return rounding + (repacked ? MiBFromDouble(Value(Measure::kVllmRepackSlack)) : Bytes(0));
}

TensorBytes OneLayer(const Loading& loading, const Tensor& tensor, uint8_t scheme_index) {
  const WeightScheme& scheme = loading.binding->schemes[scheme_index];
  const Shard shard = ShardTensor(tensor, loading.tp, loading.ep, loading.ep_rank);
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

int64_t LayersIn(const Architecture& architecture, int32_t group, const LayerRange& range) {
  return architecture.LayersBefore(group, static_cast<int32_t>(range.last)) -
         architecture.LayersBefore(group, static_cast<int32_t>(range.first));
}

// Which part of a model a rank holds.
struct Holding {
  LayerRange range;
  bool first, last, vision, mtp;
};

// Goes over what a rank holds. What is alike is weighed once.
class Weigher {
 public:
  Weigher(const Loading& loading, const Holding& holding)
      : loading_(loading),
        holding_(holding),
        tensors_(loading.binding->tensors),
        known_(tensors_.shapes.size()),
        layers_(loading.architecture->groups.size()) {
    for (size_t g = 0; g < layers_.size(); ++g) {
      layers_[g] = LayersIn(*loading.architecture, static_cast<int32_t>(g), holding.range);
    }
  }

  // Calls visit(role, part, bytes, slack) with all layers' bytes and what the allocator adds to them.
  template <typename Visit>
  void Weigh(Visit visit) {
    for (const BoundParameter& parameter : tensors_.parameters) {
      const int64_t layers = Layers(parameter);
      if (layers == 0) continue;
      TensorBytes one;
      for (uint32_t i = 0; i < parameter.pieces; ++i) {
        const TensorBytes& piece = OneLayerLike(tensors_.pieces[parameter.first_piece + i]);
        one.bytes += piece.bytes;
        one.padding += piece.padding;
        one.values += piece.values;
      }
      const FormatFamily family = loading_.binding->schemes[parameter.scheme].family;
      const bool text = parameter.part == TensorPart::kText;
      const Bytes slack = text ? AllocatorSlack(one, family, loading_.marlin) : Bytes(0);
      visit(parameter.role, parameter.part,
            TensorBytes{one.bytes * layers, one.padding * layers, one.values * layers}, slack * layers);
    }
    WeighExceptions(visit);
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

  const TensorBytes& OneLayerLike(uint32_t shape) {
    Known& known = known_[shape];
    if (!known.weighed) {
      const uint32_t tensor = tensors_.shapes[shape];
      known.one =
          OneLayer(loading_, loading_.architecture->tensors[tensor], loading_.binding->scheme[tensor]);
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
  template <typename Visit>
  void WeighExceptions(Visit visit) {
    const FormatBinding::Exception* before = nullptr;
    TensorBytes more;  // than in the tensor's own scheme
    for (const FormatBinding::Exception& exception : loading_.binding->exceptions) {
      const auto index = static_cast<size_t>(exception.tensor);
      const Tensor& tensor = loading_.architecture->tensors[index];
      if (!Holds(tensor, exception.layer)) continue;
      if (before == nullptr || before->tensor != exception.tensor || before->scheme != exception.scheme) {
        const TensorBytes one = OneLayer(loading_, tensor, loading_.binding->scheme[index]);
        const TensorBytes other = OneLayer(loading_, tensor, exception.scheme);
        more = {other.bytes - one.bytes, other.padding - one.padding, other.values - one.values};
        before = &exception;
      }
      visit(tensor.role, tensor.part, more, Bytes(0));
    }
  }

  struct Known {
    TensorBytes one;
    bool weighed = false;
  };
  const Loading& loading_;
  const Holding& holding_;
  const BoundTensors& tensors_;
  std::vector<Known> known_;     // of each shape
  std::vector<int64_t> layers_;  // of each group
};

// vllm/model_executor/layers/rotary_embedding: cos and sin side by side, in the model's dtype.
Bytes RopeTables(const Architecture& architecture, const WeightFormat& format) {
  const bool wide = format.dtype == DType::kFp32 || architecture.rope_table_fp32;
  return Bytes(architecture.rope_table_elements) * (wide ? 4 : 2);
}

// vllm/model_executor/layers/mla_attention.py process_weights_after_loading: W_UK_T and W_UV in 16 bits. 0.7
// kept whole products instead (VLLM_MLA_PERFORM_MATRIX_ABSORPTION): W_Q_UK, W_UV_O and W_QR, in fp8 for fp8
// models.
Bytes AbsorbedBytes(const Architecture& architecture, const VllmRules& rules, const WeightFormat& format,
                    const Attention& attention, int64_t tp) {
  const int64_t heads = CeilDiv(attention.heads, tp);
  if (!rules.latent_absorbed) {
    return Bytes(2) * heads * attention.kv_lora_rank * (attention.nope_dim + attention.value_dim);
  }
  const int64_t query_inputs = attention.q_lora_rank > 0 ? attention.q_lora_rank : architecture.hidden;
  const bool fp8 = format.family == FormatFamily::kFp8 || format.family == FormatFamily::kFp8Block;
  return Bytes(fp8 ? 1 : 2) * heads *
         (query_inputs * (attention.kv_lora_rank + attention.rope_dim) +
          attention.kv_lora_rank * architecture.hidden);
}

// vllm/lora/layers: an A and a B buffer per slot and projection. A is whole for column-parallel layers, B for
// row-parallel ones. Embedding and head had adapters until the vocabulary could no longer be extended.
Bytes LoraBuffers(const Resolved& resolved, const VllmRules& rules, const LayerRange& range, bool first,
                  bool last) {
  const Architecture& architecture = *resolved.architecture;
  const int64_t slot = 2 * resolved.lora.max_loras * resolved.lora.max_rank;
  int64_t width = 0;
  for (const Tensor& tensor : architecture.tensors) {
    if (!tensor.linear || tensor.part != TensorPart::kText || tensor.group < 0) continue;
    if (tensor.role != TensorRole::kAttention && tensor.role != TensorRole::kMlp) continue;
    const Shard shard = ShardTensor(tensor, resolved.tp, 0, 0);
    width += (shard.rows + shard.columns) * LayersIn(architecture, tensor.group, range);
  }
  if (rules.lora_vocabulary) {
    const int64_t both = architecture.vocab + architecture.hidden;
    if (first) width += both;
    if (last) width += both;
  }
  return Bytes(slot) * width;
}

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

int64_t ExpertWidth(const Architecture& architecture) {
  int64_t width = 0;
  for (const LayerGroup& group : architecture.groups) {
    width = std::max(width, group.shape.mlp.expert_intermediate);
  }
  return width;
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

// vllm/model_executor/model_loader/bitsandbytes_loader.py _dequantize_dq, since the spring of 2025: double
// quantisation saves no memory. (Unsloth's patched vLLM leaves it out.)
bool ExpandsNf4(const Resolved& resolved) { return resolved.version.number >= VllmNumber(0, 9); }

Bytes DraftWeights(const Resolved& resolved, const VllmRules& rules) {
  const Architecture& draft = resolved.draft->architecture;
  Loading loading;
  loading.architecture = &draft;
  loading.format = resolved.draft_format;
  loading.binding = resolved.draft_binding;
  loading.tp = resolved.tp;
  loading.marlin = RepacksForMarlin(resolved);
  loading.expands_nf4 = ExpandsNf4(resolved);
  loading.expert_width = ExpertWidth(draft);
  if (!resolved.cards.empty()) loading.mxfp4 = Mxfp4PaddingFor(*resolved.cards[0].gpu, rules);
  const Holding whole{{0, draft.layers}, true, true, false, false};
  Bytes sum = RopeTables(draft, *resolved.draft_format);
  Weigher(loading, whole).Weigh([&](TensorRole, TensorPart, const TensorBytes& held, Bytes) {
    sum += held.bytes;
  });
  return sum;
}

}  // namespace

int64_t ExpertGroupSize(int64_t group_size, int64_t width, int64_t hidden) {
  int64_t group = group_size;
  while (group >= 32 && (width % group != 0 || hidden % group != 0)) group /= 2;
  return group >= 32 ? group : 0;
}

Mxfp4Padding Mxfp4PaddingFor(const Gpu& gpu, const VllmRules& rules) {
  // mxfp4_round_up_hidden_size_and_intermediate_size, and for Hopper the layout of the triton kernels, which
  // holds the input's values in multiples of 256 and swizzles the scales as they are (logs of 0.11 and 0.14).
  if (gpu.vendor == Vendor::kAmd) return {256, 256, true};
  if (gpu.vendor != Vendor::kNvidia) return {1, 1, true};
  const int capability = gpu.compute_capability;
  if (capability >= 100 && capability < 120) return {256, 256, true};
  if (capability == 90 && rules.mxfp4_triton_on_hopper) return {1, 256, false};
  return {128, 256, true};
}

Bytes VllmLoadedWeights(const Resolved& resolved, const VllmRules& rules, const VllmRank& rank,
                        VllmWeightParts* parts) {
  const Architecture& architecture = *resolved.architecture;
  const LayerRange range = PipelineStage(architecture.layers, resolved.pp, rank.stage);
  const bool first = rank.stage == 0;
  const bool last = rank.stage == resolved.pp - 1;
  const bool mtp =
      resolved.speculative.num_tokens > 0 && resolved.speculative.method == SpeculativeMethod::kMtp;

  Loading loading;
  loading.architecture = &architecture;
  loading.format = resolved.format;
  loading.binding = resolved.binding;
  loading.tp = resolved.tp;
  loading.ep = resolved.expert_parallel ? resolved.tp * resolved.dp : 0;
  loading.ep_rank = rank.ep_rank;
  loading.marlin = RepacksForMarlin(resolved);
  loading.expands_nf4 = ExpandsNf4(resolved);
  loading.expert_width = ExpertWidth(architecture);
  loading.expert_group = SmallerExpertGroup(resolved, loading.expert_width, loading.ep > 0);
  if (!resolved.cards.empty()) loading.mxfp4 = Mxfp4PaddingFor(*resolved.cards[0].gpu, rules);

  VllmWeightParts local;
  VllmWeightParts& sum = parts != nullptr ? *parts : local;
  sum = VllmWeightParts{};
  Bytes total;
  const Holding holding{range, first, last, resolved.multimodal, mtp};
  Weigher(loading, holding)
      .Weigh([&](TensorRole role, TensorPart part, const TensorBytes& held, Bytes slack) {
        total += held.bytes;
        sum.padding += held.padding;
        sum.slack += slack;
        Bytes& row = part == TensorPart::kMtp ? sum.draft : sum.by_role[static_cast<size_t>(role)];
        row += part == TensorPart::kMtp ? held.bytes : held.bytes - held.padding;
      });
  if (resolved.format->family == FormatFamily::kGguf) {
    total = GgufShare(resolved, total);
    sum.by_role = {};
    sum.by_role[static_cast<size_t>(TensorRole::kOther)] = total;
  }
  if (!resolved.cards.empty() && resolved.cards[0].gpu->vendor == Vendor::kAmd) {
    sum.slack += GiBFromDouble(Value(Measure::kVllmLoadRocm));
  }
  sum.rope_tables = RopeTables(architecture, *resolved.format);
  if (resolved.multimodal && first && architecture.vision.deepstack_layers > 0) {
    // vllm/model_executor/models/qwen3_vl.py deepstack_input_embeds: a row per batched token and level.
    sum.deepstack = Bytes(2) * resolved.max_num_batched_tokens * architecture.hidden *
                    architecture.vision.deepstack_layers;
  }
  if (rules.latent_attention) {
    for (size_t g = 0; g < architecture.groups.size(); ++g) {
      const Attention& attention = architecture.groups[g].shape.attention;
      if (attention.kind != AttentionKind::kLatent) continue;
      sum.absorbed += AbsorbedBytes(architecture, rules, *resolved.format, attention, resolved.tp) *
                      LayersIn(architecture, static_cast<int32_t>(g), range);
    }
  }
  if (resolved.lora.max_loras > 0) sum.lora = LoraBuffers(resolved, rules, range, first, last);
  if (resolved.speculative.num_tokens > 0 && resolved.draft != nullptr && last) {
    const Bytes draft = DraftWeights(resolved, rules);
    sum.draft += draft;
    total += draft;
  } else if (resolved.speculative.num_tokens > 0 && last) {
    const Bytes head = VllmDraftHeadBytes(architecture, resolved.speculative.method, resolved.tp);
    sum.draft += head;
    total += head;
  }
  return total + sum.rope_tables + sum.absorbed + sum.lora + sum.deepstack + sum.slack;
}

}  // namespace plimsoll
