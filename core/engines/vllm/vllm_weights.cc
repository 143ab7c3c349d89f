#include "core/engines/vllm/vllm_weights.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>

#include "core/engines/draft_head.h"
#include "core/engines/measured_constants.h"
#include "core/engines/vllm/vllm_version.h"
#include "core/weights/format_binding.h"

namespace plimsoll {
namespace {

// What PyTorch's allocator adds to a stored tensor: a block of 10 MiB or more is a multiple of 2 MiB, and the
// rest of it is kept with it up to 1 MiB (c10/cuda/CUDACachingAllocator.cpp round_size, should_split).
Bytes RoundingSlack(Bytes stored) {
  if (stored < MiB(10)) return Bytes(0);
  const Bytes rest = Bytes(RoundUp(stored.count(), MiB(2).count())) - stored;
  return rest <= MiB(1) ? rest : Bytes(0);
}

// Repacking for Marlin takes blocks that others gave back, which are somewhat too large.
Bytes AllocatorSlack(const HeldParameter& held, bool repacks) {
  if (held.part != TensorPart::kText || held.correction) return Bytes(0);
  const TensorBytes& parameter = held.one;
  const Bytes rounding = RoundingSlack(parameter.values) + RoundingSlack(parameter.bytes - parameter.values);
  const bool repacked = repacks && IsIntegerGrouped(held.family) && parameter.bytes >= MiB(10);
  return rounding + (repacked ? MiBFromDouble(Value(Measure::kVllmRepackSlack)) : Bytes(0));
}

// vllm/model_executor/layers/rotary_embedding: cos and sin side by side, in the model's dtype.
Bytes RopeTables(const Architecture& architecture, const WeightFormat& format, int64_t elements) {
  const bool wide = format.dtype == DType::kFp32 || architecture.rope_table_fp32;
  return Bytes(elements) * (wide ? 4 : 2);
}

// 0.7 kept whole products instead (VLLM_MLA_PERFORM_MATRIX_ABSORPTION): W_Q_UK, W_UV_O and W_QR, in fp8 for fp8
// models.
Bytes AbsorbedBytes(const Architecture& architecture, const VllmRules& rules, const WeightFormat& format,
                    const Attention& attention, int64_t tp) {
  if (!rules.latent_absorbed) return AbsorbedLatent(attention, tp);
  const int64_t heads = CeilDiv(attention.heads, tp);
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

// vllm/model_executor/model_loader/bitsandbytes_loader.py _dequantize_dq, since the spring of 2025: double
// quantisation saves no memory. (Unsloth's patched vLLM leaves it out.)
bool ExpandsNf4(const Resolved& resolved) { return resolved.version.number >= VllmNumber(0, 9); }

// vllm/model_executor/layers/quantization/mxfp4.py: what the kernels that somebody asks for are padded to.
std::optional<Mxfp4Padding> PaddingOfKernels(std::string_view experts) {
  if (experts == "marlin") return Mxfp4Padding{128, 256, true};
  if (experts == "flashinfer_cutlass") return Mxfp4Padding{128, 128, true};
  if (experts == "flashinfer_trtllm" || experts == "aiter") return Mxfp4Padding{256, 256, true};
  if (experts == "triton") return Mxfp4Padding{1, 256, false};
  return std::nullopt;
}

Mxfp4Padding PaddingOf(const Resolved& resolved, const VllmRules& rules) {
  if (const auto asked = PaddingOfKernels(resolved.moe_backend)) return *asked;
  return resolved.cards.empty() ? Mxfp4Padding{} : Mxfp4PaddingFor(*resolved.cards[0].gpu, rules);
}

Bytes DraftWeights(const Resolved& resolved, const VllmRules& rules) {
  const RankLoading loading = DraftLoadingOf(resolved, PaddingOf(resolved, rules), ExpandsNf4(resolved));
  const RankHolding whole{{0, loading.architecture->layers}, true, true, false, false};
  Bytes sum = RopeTables(*loading.architecture, *loading.format, loading.architecture->rope_table_elements);
  for (const HeldParameter& held : HeldOnRank(loading, whole)) sum += held.one.bytes * held.layers;
  return sum;
}

}  // namespace

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

  const int64_t ep = resolved.expert_parallel ? resolved.tp * resolved.dp : 0;
  const RankLoading loading =
      LoadingOf(resolved, PaddingOf(resolved, rules), ExpandsNf4(resolved), ep, rank.ep_rank);

  VllmWeightParts local;
  VllmWeightParts& sum = parts != nullptr ? *parts : local;
  sum = VllmWeightParts{};
  Bytes total;
  const RankHolding holding{range, first, last, resolved.multimodal, mtp};
  std::vector<HeldParameter> own;
  for (const HeldParameter& held : SharedHeldOnRank(resolved, loading, holding, &own)) {
    const Bytes bytes = held.one.bytes * held.layers, padding = held.one.padding * held.layers;
    total += bytes;
    sum.padding += padding;
    sum.slack += AllocatorSlack(held, loading.marlin) * held.layers;
    Bytes& row = held.part == TensorPart::kMtp ? sum.draft : sum.by_role[static_cast<size_t>(held.role)];
    row += bytes - padding;
  }
  if (resolved.format->family == FormatFamily::kGguf) {
    total = GgufShare(resolved, total);
    sum.by_role = {};
    sum.by_role[static_cast<size_t>(TensorRole::kOther)] = total;
  }
  if (!resolved.cards.empty() && resolved.cards[0].gpu->vendor == Vendor::kAmd) {
    sum.slack += GiBFromDouble(Value(Measure::kVllmLoadRocm));
  }
  sum.rope_tables = RopeTables(architecture, *resolved.format, resolved.rope.table_elements);
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
    const Bytes head = DraftHeadBytes(architecture, resolved.speculative.method, resolved.tp);
    sum.draft += head;
    total += head;
  }
  return total + sum.rope_tables + sum.absorbed + sum.lora + sum.deepstack + sum.slack;
}

}  // namespace plimsoll
