#include "core/engines/sglang/sglang_server.h"

#include <algorithm>

#include "core/engines/host_tier.h"
#include "core/engines/sglang/sglang_plan.h"
#include "core/engines/sglang/sglang_pool.h"
#include "core/engines/sglang/sglang_setup.h"

namespace plimsoll {

StepStyle SglangStyle(const Resolved& resolved) {
  StepStyle style;
  style.engine = resolved.engine->id;
  style.kernels = resolved.engine->kernels;
  style.ranks = std::max<int64_t>(1, resolved.tp);
  style.stages = std::max<int64_t>(1, resolved.pp);
  style.sent_weights = resolved.cpu_offload;
  style.scheduled_ahead = true;  // event_loop_overlap (managers/scheduler.py), the default since 0.4
  style.graph_tokens = SetupOf(resolved).largest_prompt;  // piecewise_cuda_graph_runner.py
  return style;
}

void SetUpSglangServer(const Resolved& resolved, const Report& report, SchedulerSetup* setup) {
  setup->block_size = std::max<int64_t>(1, resolved.block_size);
  // The pool of windows holds less than the other: where it is the scarcer one, it is what limits.
  const double length = static_cast<double>(std::max<int64_t>(1, resolved.max_model_len));
  const double by_windows = report.kv.max_concurrency * length;
  const bool windows =
      SetupOf(resolved).window_pools && by_windows < static_cast<double>(resolved.max_num_seqs) * length;
  const int64_t tokens = windows ? std::min(report.kv.capacity_tokens, BytesFromDouble(by_windows).count())
                                 : report.kv.capacity_tokens;
  setup->blocks = std::max<int64_t>(0, tokens / setup->block_size);
  setup->max_num_seqs = resolved.max_num_seqs;
  setup->polls = true;
  setup->max_num_batched_tokens = SglangChunk(resolved);
  setup->chunked_prefill = resolved.enable_chunked_prefill;
  setup->prefix_caching = resolved.enable_prefix_caching;
  // managers/schedule_policy.py PrefillAdder.add_one_req: a request is admitted when its whole prompt and part of
  // its answer have room.
  setup->reserve_prompt = true;
  setup->lookahead = SetupOf(resolved).drafts;
  // new_token_ratio: from 0.7 to 0.14 of that over 600 steps of decoding (environ.py), answers counted up to
  // CLIP_MAX_NEW_TOKENS_ESTIMATION; retract_decode (managers/schedule_batch.py).
  constexpr double kShare = 0.7, kLeast = 0.14 * kShare, kSteps = 600;
  setup->answers = {kShare, kLeast, (kShare - kLeast) / kSteps, 4096};
  // mem_cache/hiradix_cache.py: part of the radix tree, written through by default; load_back_threshold.
  if (!setup->prefix_caching) return;
  constexpr int64_t kLeastLoad = 10;
  const double units = static_cast<double>(tokens) / static_cast<double>(setup->block_size);
  setup->host = HostTierOf(resolved, PoolOnCards(report, units), SglangHostCache(resolved, report));
  setup->host.layers = std::max<int64_t>(1, resolved.architecture->layers);
  setup->host.least = kLeastLoad;
}

// metrics/collector.py.
const MetricNames& SglangMetrics() {
  static const MetricNames names = {
      {Signal::kCacheUsage, "sglang:token_usage",
       "for a minute near 1: the pool is about to run out and requests will be retracted"},
      {Signal::kWaiting, "sglang:num_queue_reqs",
       "for a minute: requests come faster than they are admitted"},
      {Signal::kRunning, "sglang:num_running_reqs",
       "at max_running_requests the queue grows although the pool may have room"},
      {Signal::kPreemptions, "sglang:num_retracted_reqs",
       "each one computes its tokens again; raise schedule-conservativeness where it stays above zero"},
      {Signal::kFirstToken, "sglang:time_to_first_token_seconds", "95th percentile"},
      {Signal::kPerToken, "sglang:inter_token_latency_seconds", "95th percentile"},
  };
  return names;
}

}  // namespace plimsoll
