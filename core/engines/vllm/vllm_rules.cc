#include "core/engines/vllm/vllm_rules.h"

#include "core/engines/measured_constants.h"
#include "core/engines/vllm/vllm_version.h"

namespace plimsoll {
namespace {

bool IsRecurrent(const Architecture& architecture) {
  for (const LayerGroup& group : architecture.groups) {
    if (group.shape.recurrent.kind != RecurrentKind::kNone) return true;
  }
  return false;
}

// vllm/engine/arg_utils.py _is_v1_supported_oracle (0.8 to 0.10): which configurations fell back to V0.
bool UsesV1(const Resolved& resolved) {
  const int64_t number = resolved.version.number;
  if (number < VllmNumber(0, 8)) return false;
  if (number >= VllmNumber(0, 11)) return true;  // V0 was removed
  const Gpu* gpu = resolved.cards.empty() ? nullptr : resolved.cards[0].gpu;
  if (gpu != nullptr && gpu->vendor == Vendor::kNvidia && gpu->compute_capability < 80) return false;
  if (number < VllmNumber(0, 10) && resolved.architecture != nullptr && IsRecurrent(*resolved.architecture)) {
    return false;
  }
  const bool fp8_cache = resolved.kv_cache_dtype.k == KvType::kFp8;
  const bool hopper = gpu != nullptr && gpu->compute_capability == 90;
  if (number >= VllmNumber(0, 9)) {
    // Draft models never came to V1 before V0 went; an fp8 cache needed FlashAttention 3 or Blackwell.
    const bool drafts =
        resolved.speculative.num_tokens > 0 && resolved.speculative.method == SpeculativeMethod::kDraft;
    const bool blackwell = gpu != nullptr && gpu->compute_capability >= 100;
    return number >= VllmNumber(0, 10) || (!drafts && (!fp8_cache || hopper || blackwell));
  }
  return resolved.lora.max_loras == 0 && resolved.pp == 1 && resolved.speculative.num_tokens == 0 &&
         resolved.enable_chunked_prefill && (!fp8_cache || hopper);
}

bool HasExperts(const Architecture& architecture) {
  for (const LayerGroup& group : architecture.groups) {
    if (group.shape.mlp.kind == MlpKind::kMoe) return true;
  }
  return false;
}

// What the profile run's sampler keeps alive. Which sampler runs: sorting until 0.14; Triton's kernel
// (#33538); FlashInfer by default on CUDA (#40376); in the model runner V2, default for dense models since
// #44443, none.
Measure SamplerOf(const Resolved& resolved) {
  const int64_t n = resolved.version.number;
  const Gpu* gpu = resolved.cards.empty() ? nullptr : resolved.cards[0].gpu;
  const bool flashinfer = gpu == nullptr || gpu->compute_capability >= 75;
  if (n < VllmNumber(0, 15)) return Measure::kVllmSamplerSort;
  const bool plain = !IsRecurrent(*resolved.architecture) && !HasExperts(*resolved.architecture);
  if (n >= VllmNumber(0, 25) && plain) return Measure::kVllmSamplerV2;
  return n >= VllmNumber(0, 21) && flashinfer ? Measure::kVllmSamplerFlashInfer : Measure::kVllmSamplerRecent;
}

}  // namespace

VllmRules RulesFor(const Resolved& resolved) {
  const int64_t n = resolved.version.number;
  const auto since = [n](int minor, int patch = 0) { return n >= VllmNumber(0, minor, patch); };
  VllmRules rules;
  rules.v1 = UsesV1(resolved);
  // vllm/config/cache.py: 0.92 since the commit of 2026-04-21.
  rules.default_utilization = since(21) ? 0.92 : 0.9;
  // vllm/worker/worker.py up to 0.6.4 took everything outside torch; vllm/v1/worker/gpu_worker.py did so
  // again in 0.8. vllm/utils memory_profiling (0.6.5) counts the increase since a snapshot.
  rules.driver_inside = rules.v1 ? !since(9) : !since(6, 5);
  // #25359 (2025-09-23) takes the snapshot after NCCL is up.
  rules.communicators_inside = !since(11);
  rules.graphs_inside = since(21);
  rules.free_memory_checked = rules.v1 && since(9);
  // FULL_AND_PIECEWISE became the default in 0.11; models with recurrent layers had it one release earlier.
  rules.full_graphs = rules.v1 && (since(11) || (since(10, 2) && IsRecurrent(*resolved.architecture)));
  rules.spread_graph_sizes = since(12);
  rules.lora_graphs = since(11, 1);
  rules.hybrid_manager = rules.v1 && since(9, 2);
  rules.concurrency_by_pages = rules.v1 && since(9, 1);
  rules.tokens = !rules.v1 || !since(9, 2) ? CacheTokens::kBlocks
                 : !since(21)              ? CacheTokens::kBlocksPerGroup
                                           : CacheTokens::kConcurrency;
  // vllm/v1/kv_cache_interface.py: tokens in flight are counted per concurrent batch since asynchronous
  // scheduling became the default.
  rules.batches_in_flight = since(21) ? 2 : 1;
  // #38270 refuses; #34094 is the assertion before it.
  rules.state_per_sequence = since(19);
  rules.states_asserted = since(11) && !since(18);
  // Aligned states are the default since 0.25 and to be had by --enable-prefix-caching before.
  const bool asked = resolved.config != nullptr && resolved.config->enable_prefix_caching == true;
  rules.align_recurrent = since(25) || (since(14) && asked);
  rules.sampler_on_one_rank = !rules.v1;
  rules.sampler_bytes = Value(SamplerOf(resolved));
  if (SamplerOf(resolved) == Measure::kVllmSamplerV2)
    rules.unattributed_gib = Value(Measure::kVllmUnattributed);
  rules.residual_copies = since(7) ? 4 : 3;
  // vllm/model_executor/layers/fused_moe/fused_moe.py VLLM_FUSED_MOE_CHUNK_SIZE; removed by #34086.
  rules.moe_chunk = since(17) ? 0 : since(12) ? 16384 : since(8) ? 32768 : 65536;
  rules.moe_shares_buffers = since(9);
  rules.latent_attention = since(7, 1);
  rules.latent_padded = !rules.v1 && since(7, 1);
  rules.latent_absorbed = since(7, 1) && !since(8);
  // vllm/attention/backends/mla/common.py (#12639) and v1/attention/backends/mla/common.py: the profile run
  // takes room for the keys and values of a cached prefix, as many tokens as the chunk's workspace holds.
  rules.latent_context_rows = rules.v1 ? (since(10, 2) ? 65536 : 0) : since(7, 3) ? 131072 : 0;
  rules.latent_workspace = !rules.v1;
  rules.lora_vocabulary = !since(12);
  // With adapters Marlin again (#30598).
  rules.mxfp4_triton_on_hopper = since(10, 2) && !(since(13) && resolved.lora.max_loras > 0);
  return rules;
}

}  // namespace plimsoll
