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
  const bool fp8_cache = IsFp8(resolved.kv_cache_dtype.k);
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

// #44443: the model runner V2 is the default for dense models.
bool UsesRunnerV2(const Resolved& resolved) {
  return resolved.version.number >= VllmNumber(0, 25) && !IsRecurrent(*resolved.architecture) &&
         !HasExperts(*resolved.architecture);
}

// Asynchronous scheduling is the default from 0.14 on (vllm/config/vllm.py, "Asynchronous scheduling is enabled");
// not with a draft model, which it does not support, and not with pipeline stages, which have their own batch queue.
bool SchedulesAhead(const Resolved& resolved) {
  const bool drafts =
      resolved.speculative.num_tokens > 0 && resolved.speculative.method == SpeculativeMethod::kDraft;
  return resolved.version.number >= VllmNumber(0, 14) && !drafts && resolved.pp <= 1;
}

// What the profile run's sampler keeps alive. Which sampler runs: sorting until 0.15; Triton's kernel
// (#33538) or FlashInfer's (default on CUDA since #40376), which keep as much; in the model runner V2 none,
// because the dummy requests ask for no sampling parameters (#57926).
Measure SamplerOf(const Resolved& resolved) {
  if (resolved.version.number < VllmNumber(0, 16)) return Measure::kVllmSamplerSort;
  return UsesRunnerV2(resolved) ? Measure::kVllmSamplerV2 : Measure::kVllmSamplerRecent;
}

// torch.compile, while it compiles for the first time, benchmarks the combined kernels (combo_kernels and
// benchmark_combo_kernel in every log's inductor_compile_config since 0.12) on made-up arguments, one of them
// as large as the embedding; that is within the profile run (#54122, #54383). Models that take images look up
// their embeddings before the compiled part.
bool CompileCopiesEmbedding(const Resolved& resolved) {
  const Gpu* gpu = resolved.cards.empty() ? nullptr : resolved.cards[0].gpu;
  const bool triton = gpu == nullptr || gpu->vendor != Vendor::kNvidia || gpu->compute_capability >= 75;
  return resolved.version.number >= VllmNumber(0, 12) && !resolved.enforce_eager && triton &&
         !resolved.multimodal;
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
  // #30515 estimates them; the estimate counts since 0.20.0. The runner V2 estimates nothing (#49224).
  rules.runner_v2 = UsesRunnerV2(resolved);
  rules.graphs_inside = since(20) && !rules.runner_v2;
  rules.free_memory_checked = rules.v1 && since(9);
  // FULL_AND_PIECEWISE became the default in 0.11; models with recurrent layers had it one release earlier.
  rules.full_graphs = rules.v1 && (since(11) || (since(10, 2) && IsRecurrent(*resolved.architecture)));
  rules.spread_graph_sizes = since(12);
  rules.large_graphs = since(27);  // vllm-project/vllm#49390, after the branch of 0.26
  rules.flashinfer_workspace = since(12);
  rules.lora_graphs = since(11, 1);
  // vllm/config/vllm.py turns it off beside a connector that does not support it (#41847; before, beside any that was
  // named, and a start without a name has to turn it off itself): LMCacheConnectorV1 never has, OffloadingConnector has
  // since #41445.
  const bool unsupported = resolved.lmcache || (resolved.kv_offloading > Bytes(0) && !since(21));
  rules.hybrid_manager = rules.v1 && since(9, 2) && !unsupported;
  rules.concurrency_by_pages = rules.v1 && since(9, 1);
  rules.tokens = !rules.v1 || !since(9, 2) ? CacheTokens::kBlocks
                 : !since(20, 2)           ? CacheTokens::kBlocksPerGroup
                                           : CacheTokens::kConcurrency;
  // vllm/v1/kv_cache_interface.py: tokens in flight are counted per concurrent batch, of which asynchronous
  // scheduling has two, since #47728.
  rules.batches_in_flight = since(26) ? 2 : 1;
  rules.scheduled_ahead = SchedulesAhead(resolved);
  // #38270 refuses; #34094 is the assertion before it.
  rules.state_per_sequence = since(19);
  rules.states_asserted = since(11) && !since(18);
  // Aligned states are the default since 0.25 and to be had by --enable-prefix-caching before.
  const bool asked = resolved.config != nullptr && resolved.config->enable_prefix_caching == true;
  rules.align_recurrent = since(25) || (since(14) && asked);
  rules.sampler_on_one_rank = !rules.v1;
  rules.sampler_bytes = Value(SamplerOf(resolved));
  // The wheels are built with CUDA 13 since 0.20. (A log of 0.13 on an RTX 5070 Ti shows nothing of it, those
  // of 0.20 and 0.28 on an RTX 5090 1.6 GiB.)
  rules.kernels_spill = since(20);
  rules.compile_copies_embedding = CompileCopiesEmbedding(resolved);
  rules.residual_copies = rules.runner_v2 ? 2 : since(7) ? 4 : 3;
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
