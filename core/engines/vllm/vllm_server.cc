#include "core/engines/vllm/vllm_server.h"

#include <algorithm>
#include <cmath>

#include "core/arch/parallelism.h"
#include "core/engines/host_tier.h"
#include "core/engines/vllm/vllm_cuda_graphs.h"
#include "core/engines/vllm/vllm_kv_cache.h"
#include "core/engines/vllm/vllm_rules.h"

namespace plimsoll {
namespace {

// Blocks of `block` tokens counted in units of `size` tokens: how many of them one unit takes.
int64_t PerUnit(int64_t size, int64_t block) { return block <= 0 ? 1 : std::max<int64_t>(1, size / block); }

void TakeGroups(const CacheLayout& layout, SchedulerSetup* setup) {
  setup->block_size = std::max<int64_t>(layout.block_size, 1);
  setup->full_groups = 0;
  for (int i = 0; i < layout.count; ++i) {
    const CacheSpec& spec = layout.specs[static_cast<size_t>(i)];
    const int64_t blocks = spec.groups * PerUnit(setup->block_size, spec.block);
    switch (spec.kind) {
      case CacheKind::kFull:
        setup->full_groups += blocks;
        break;
      case CacheKind::kState:
        setup->state_blocks += spec.groups * layout.states_per_sequence;
        break;
      case CacheKind::kCross:
        // As much for every sequence, whatever its text.
        setup->state_blocks += spec.groups * CeilDiv(spec.window, std::max<int64_t>(1, spec.block));
        break;
      case CacheKind::kSliding:
      case CacheKind::kChunked:
        // The window, and the block that it has begun to leave.
        for (int64_t group = 0; group < blocks && setup->window_groups < kMaxWindowGroups; ++group) {
          setup->windows[static_cast<size_t>(setup->window_groups++)].most_blocks =
              CeilDiv(spec.window, setup->block_size) + 1;
        }
        break;
    }
  }
}

// vLLM's FP8 products on Blackwell's consumer cards had one tile, 128 by 128, for any number of tokens
// (csrc/quantization/w8a8/cutlass/c3x/scaled_mm_sm120_fp8_dispatch.cuh) until vllm#34424 of February 2026 gave few tokens
// smaller ones: a decode step then keeps as many units busy as a matrix has tiles of rows. Units: the stated FP32 rate
// over 128 lanes of 2.5 GHz (GB202 to GB206 boost to 2.4 to 2.6). NVFP4's had the same tile in both libraries that vLLM
// takes them from (its own csrc/quantization/fp4/nvfp4_scaled_mm_sm120_kernels.cu, and FlashInfer's, which divides a
// matrix by its columns, too, since flashinfer#2460 of February 2026: 5120 x 25600 for 32 tokens 0.124 ms before).
double TileUnits(const Resolved& r) {
  constexpr double kOfOneUnit = 128 * 2 * 2.5e9;
  if (r.cards.empty() || r.cards.front().gpu->compute_capability / 10 != 12) return 0;
  if (r.version.date >= 20260301) return 0;
  return std::round(r.cards.front().gpu->fp32.value() / kOfOneUnit);
}

// LMCacheConnectorV1: chunks of 256 tokens of prompts (chunk_size, save_decode_cache, save_unfull_chunk of
// lmcache/v1/config.py). A step waits for what it loads and for what it writes (start_load_kv and wait_for_save of
// lmcache/integration/vllm/vllm_v1_adapter.py; VLLMPagedMemGPUConnectorV2 synchronizes both of its streams).
void TakeLmcache(int64_t block_size, HostTier* tier) {
  constexpr int64_t kChunk = 256;
  tier->chunk = std::max<int64_t>(1, kChunk / std::max<int64_t>(1, block_size));
  tier->prompts_only = true;
  tier->write = tier->load;
}

}  // namespace

StepStyle VllmStyle(const Resolved& resolved) {
  StepStyle style;
  style.engine = resolved.engine->id;
  style.kernels = resolved.engine->kernels;
  style.ranks = std::max<int64_t>(1, resolved.tp);
  style.stages = std::max<int64_t>(1, resolved.pp);
  style.sent_weights = resolved.cpu_offload;
  style.fp8_tile_units = style.nvfp4_tile_units = TileUnits(resolved);
  // With the next step scheduled already an arrival waits for the end of the running step and for that one
  // (vllm/v1/engine/core.py step_with_batch_queue), and a step's tokens leave while the next one runs. In 89 stages of
  // public serving runs (vLLM 0.15 on H100, A100, L40S with cached prompts) the first token comes after 3.5 ms and 2.85
  // steps: half of one, the scheduled one, its own, and a third of another for the way out.
  const VllmRules rules = RulesFor(resolved);
  style.scheduled_ahead = rules.scheduled_ahead;
  // vllm/v1/cudagraph_dispatcher.py: a step with prompts replays its layers' graphs up to the largest captured size,
  // with attention launched between them; beyond it every kernel is launched by itself.
  if (!resolved.cards.empty()) {
    style.graph_tokens =
        VllmCudaGraphs(resolved, rules, resolved.architecture->layers, *resolved.cards.front().gpu).tokens;
  }
  return style;
}

void SetUpVllmServer(const Resolved& resolved, const Report& report, SchedulerSetup* setup) {
  const VllmRules rules = RulesFor(resolved);
  const LayerRange range = PipelineStage(resolved.architecture->layers, resolved.pp, resolved.pp - 1);
  TakeGroups(LayOutCache(resolved, rules, range, true), setup);
  setup->blocks = std::max<int64_t>(report.kv.num_blocks - 1, 0);  // block 0 is the null block
  setup->max_num_batched_tokens = resolved.max_num_batched_tokens;
  setup->chunked_prefill = resolved.enable_chunked_prefill;
  setup->prefix_caching = resolved.enable_prefix_caching;
  // scheduler_reserve_full_isl, since March 2026.
  setup->reserve_prompt = resolved.version.date >= 20260301;
  setup->lookahead = resolved.speculative.num_tokens;
  // vllm/distributed/kv_transfer/kv_connector/v1/offloading_connector.py: loads are asynchronous, and work without a
  // prefix cache on the cards, too.
  if (!rules.v1) return;
  const double units = static_cast<double>(report.kv.num_blocks) /
                       static_cast<double>(std::max<int64_t>(1, setup->full_groups));
  setup->host = HostTierOf(resolved, PoolOnCards(report, units), HostCacheRam(resolved));
  setup->host.waits = !resolved.lmcache;
  if (resolved.lmcache) TakeLmcache(setup->block_size, &setup->host);
}

// vllm/v1/metrics/loggers.py.
const MetricNames& VllmMetrics() {
  static const MetricNames names = {
      {Signal::kCacheUsage, "vllm:kv_cache_usage_perc",
       "for a minute: the pool is about to run out and sequences will be preempted"},
      {Signal::kWaiting, "vllm:num_requests_waiting",
       "for a minute: requests come faster than they are admitted"},
      {Signal::kRunning, "vllm:num_requests_running",
       "at max_num_seqs the queue grows although blocks may be free"},
      {Signal::kPreemptions, "vllm:num_preemptions_total",
       "each one computes its tokens again; a rising counter is thrash"},
      {Signal::kFirstToken, "vllm:time_to_first_token_seconds", "95th percentile"},
      {Signal::kPerToken, "vllm:time_per_output_token_seconds", "95th percentile"},
  };
  return names;
}

}  // namespace plimsoll
