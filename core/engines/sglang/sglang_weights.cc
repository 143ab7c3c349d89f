#include "core/engines/sglang/sglang_weights.h"

#include <algorithm>

#include "core/arch/parallelism.h"
#include "core/engines/draft_head.h"
#include "core/engines/sglang/sglang_setup.h"
#include "core/engines/sglang/sglang_version.h"

namespace plimsoll {
namespace {

// layers/quantization/mxfp4.py: what the kernels of a card want an expert's sides to be multiples of.
Mxfp4Padding PaddingOf(const Resolved& resolved) {
  if (resolved.moe_backend == "marlin") return {128, 256, true};
  if (resolved.moe_backend == "triton_kernel") return {64, 1, true};
  const Gpu& gpu = *resolved.cards[0].gpu;
  if (gpu.vendor != Vendor::kNvidia) return {1, 1, true};
  const int capability = gpu.compute_capability;
  if (capability == 100 || capability == 103) {
    const int64_t unit = resolved.version.number >= SglangNumber(0, 5, 10) ? 128 : 256;
    return {unit, unit, true};
  }
  if (capability == 90) return {64, 1, true};
  return {128, 256, true};
}

// Gone through layer by layer, as the model is built; layers of one kind stand together.
Bytes RoundingOf(const std::vector<HeldParameter>& held) {
  Bytes sum;
  std::vector<int64_t> counts;
  for (const HeldParameter& parameter : held) {
    if (parameter.correction || parameter.layers <= 0) continue;
    if (std::find(counts.begin(), counts.end(), parameter.layers) == counts.end()) {
      counts.push_back(parameter.layers);
    }
  }
  for (const int64_t count : counts) {
    std::vector<Bytes> sizes;
    for (const HeldParameter& parameter : held) {
      if (parameter.correction || parameter.layers != count) continue;
      sizes.push_back(parameter.one.values);
      const Bytes scales = parameter.one.bytes - parameter.one.values;
      if (scales > Bytes(0)) sizes.push_back(scales);
    }
    sum += AllocatorRounding(sizes, count);
  }
  return sum;
}

// lora/mem_pool.py: an A and a B buffer per slot and projection, cut as the projections are.
Bytes LoraBuffers(const Resolved& resolved, const LayerRange& range) {
  const Architecture& architecture = *resolved.architecture;
  int64_t width = 0;
  for (const Tensor& tensor : architecture.tensors) {
    if (!tensor.linear || tensor.part != TensorPart::kText || tensor.group < 0) continue;
    if (tensor.role != TensorRole::kAttention && tensor.role != TensorRole::kMlp) continue;
    const Shard shard = ShardTensor(tensor, resolved.tp, 0, 0);
    width += (shard.rows + shard.columns) * LayersIn(architecture, tensor.group, range);
  }
  return Bytes(2 * resolved.lora.max_loras * resolved.lora.max_rank) * width;
}

// The draft shares embedding and head with the target once it is loaded.
Bytes DraftOf(const Resolved& resolved, Bytes mtp) {
  if (resolved.speculative.num_tokens <= 0) return Bytes(0);
  if (resolved.draft == nullptr) {
    return mtp + DraftHeadBytes(*resolved.architecture, resolved.speculative.method, resolved.tp);
  }
  const RankLoading loading = DraftLoadingOf(resolved, PaddingOf(resolved), true);
  Bytes sum = mtp;
  for (const HeldParameter& held :
       HeldOnRank(loading, {{0, loading.architecture->layers}, true, true, false, false})) {
    sum += held.one.bytes * held.layers;
  }
  return sum;
}

}  // namespace

Bytes AllocatorRounding(const std::vector<Bytes>& sizes, int64_t rounds) {
  constexpr Bytes kSegment = MiB(20);
  Bytes rounding, small;
  std::vector<Bytes> middle;
  for (const Bytes size : sizes) {
    if (size <= MiB(1)) {
      small += Bytes(RoundUp(size.count(), 512)) * rounds;
    } else if (size < MiB(10)) {
      middle.push_back(Bytes(RoundUp(size.count(), 512)));
    } else {
      rounding += (Bytes(RoundUp(size.count(), MiB(2).count())) - size) * rounds;
    }
  }
  rounding += Bytes(RoundUp(small.count(), MiB(2).count())) - small;
  // The smallest rest that is large enough is taken; what goes on after some rounds goes on for all.
  constexpr int64_t kMostRounds = 16;
  const int64_t simulated = std::min(rounds, kMostRounds);
  std::vector<Bytes> rests;
  Bytes taken, filled;
  for (int64_t round = 0; round < simulated; ++round) {
    for (const Bytes size : middle) {
      Bytes* best = nullptr;
      for (Bytes& rest : rests) {
        if (rest >= size && (best == nullptr || rest < *best)) best = &rest;
      }
      if (best == nullptr) {
        taken += kSegment;
        rests.push_back(kSegment);
        best = &rests.back();
      }
      *best -= size;
      filled += size;
    }
  }
  if (simulated > 0) {
    const double share = static_cast<double>(rounds) / static_cast<double>(simulated);
    rounding += BytesFromDouble(static_cast<double>((taken - filled).count()) * share);
  }
  return rounding;
}

SglangWeights SglangLoadedWeights(const Resolved& resolved, const SglangRank& rank) {
  const Architecture& architecture = *resolved.architecture;
  const SglangSetup& setup = SetupOf(resolved);
  const LayerRange range = PipelineStage(architecture.layers, resolved.pp, rank.stage);
  const bool first = rank.stage == 0, last = rank.stage == resolved.pp - 1;
  const bool mtp =
      resolved.speculative.num_tokens > 0 && resolved.speculative.method == SpeculativeMethod::kMtp;
  RankLoading loading = LoadingOf(resolved, PaddingOf(resolved), true, setup.ranks_of_experts, rank.ep_rank);
  loading.attention_tp = setup.attention_tp;
  std::vector<HeldParameter> own;
  const std::vector<HeldParameter>& held =
      SharedHeldOnRank(resolved, loading, {range, first, last, resolved.multimodal, mtp}, &own);

  SglangWeights weights;
  Bytes tensors, mtp_layers;
  for (const HeldParameter& parameter : held) {
    const Bytes bytes = parameter.one.bytes * parameter.layers;
    if (parameter.part == TensorPart::kMtp) {
      mtp_layers += bytes;
      continue;
    }
    const Bytes padding = parameter.one.padding * parameter.layers;
    tensors += bytes;
    weights.padding += padding;
    weights.by_role[static_cast<size_t>(parameter.role)] += bytes - padding;
  }
  if (resolved.format->family == FormatFamily::kGguf) {
    tensors = GgufShare(resolved, tensors);
    weights.by_role = {};
    weights.by_role[static_cast<size_t>(TensorRole::kOther)] = tensors;
  } else {
    weights.rounding = RoundingOf(held);
  }
  // layers/rotary_embedding.py: float32 on CUDA, whatever the model's type.
  weights.rope_tables = Bytes(resolved.rope.table_elements) * 4;
  for (size_t g = 0; g < architecture.groups.size(); ++g) {
    const Attention& attention = architecture.groups[g].shape.attention;
    if (attention.kind != AttentionKind::kLatent) continue;
    weights.absorbed += AbsorbedLatent(attention, setup.attention_tp) *
                        LayersIn(architecture, static_cast<int32_t>(g), range);
  }
  if (resolved.lora.max_loras > 0) weights.lora = LoraBuffers(resolved, range);
  // utils/offloader.py: whole parameters in the order of the modules until the budget is spent.
  weights.offloaded = std::min(resolved.cpu_offload, tensors);
  weights.target =
      tensors + weights.rounding + weights.rope_tables + weights.absorbed + weights.lora - weights.offloaded;
  if (last) weights.draft = DraftOf(resolved, mtp_layers);
  return weights;
}

}  // namespace plimsoll
