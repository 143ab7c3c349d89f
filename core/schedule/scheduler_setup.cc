#include <algorithm>

#include "core/arch/parallelism.h"
#include "core/engines/vllm/vllm_kv_cache.h"
#include "core/engines/vllm/vllm_rules.h"
#include "core/schedule/scheduler.h"

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

void TakeVllm(const Resolved& resolved, const Report& report, SchedulerSetup* setup) {
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
}

// llama-server: slots instead of pages; a slot is sized for a whole request, and batches are n_batch (2048)
// long.
void TakeSlots(const Resolved& resolved, const Report& report, SchedulerSetup* setup) {
  constexpr int64_t kBatch = 2048;
  setup->block_size = 1;
  setup->blocks = report.kv.capacity_tokens;
  setup->max_num_batched_tokens = kBatch;
  setup->chunked_prefill = true;
  setup->prefix_caching = true;  // --cache-reuse within a slot, --cache-ram between them
  setup->reserve_output = true;
  if (!resolved.kv_unified)
    setup->max_model_len = resolved.max_model_len / std::max<int64_t>(resolved.max_num_seqs, 1);
}

// Engines whose own budget is not modelled page their cache too (sglang, TensorRT-LLM): nine tenths of the
// cards, less the weights, in pages of 64 tokens.
void TakePaged(const Resolved& resolved, const Report& report, SchedulerSetup* setup) {
  constexpr int64_t kPage = 64;
  Bytes room;
  for (const GpuReport& gpu : report.per_gpu) room += gpu.capacity / 10 * 9 - gpu.weights;
  setup->block_size = kPage;
  const Bytes page = report.kv.per_token * kPage;
  // dp replicas share the load; one of them is simulated.
  setup->blocks = page > Bytes(0) ? std::max<int64_t>(0, room / std::max<int64_t>(resolved.dp, 1) / page) : 0;
  setup->max_num_seqs = std::max<int64_t>(resolved.max_num_seqs, 1024);
  setup->max_num_batched_tokens = std::max<int64_t>(resolved.max_num_batched_tokens, 8192);
}

}  // namespace

SchedulerSetup MakeSchedulerSetup(const Resolved& resolved, const Report& report) {
  SchedulerSetup setup;
  setup.model = StepModel::Make(resolved);
  setup.max_model_len = resolved.max_model_len;
  setup.max_num_seqs = resolved.max_num_seqs;
  if (resolved.engine == EngineKind::kVllm) {
    TakeVllm(resolved, report, &setup);
  } else if (resolved.engine == EngineKind::kLlamaCpp) {
    TakeSlots(resolved, report, &setup);
  } else {
    TakePaged(resolved, report, &setup);
  }
  return setup;
}

}  // namespace plimsoll
