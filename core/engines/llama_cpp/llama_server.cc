#include "core/engines/llama_cpp/llama_server.h"

#include <algorithm>

#include "core/engines/llama_cpp/llama_data.h"
#include "core/engines/llama_cpp/llama_overrides.h"
#include "core/engines/measured_constants.h"

namespace plimsoll {
namespace {

// Layers below n_gpu_layers and the experts of the first n_cpu_moe layers stay in RAM.
void CountHostShares(const Resolved& r, StepStyle* style) {
  const Architecture& a = *r.architecture;
  if (r.n_gpu_layers < a.layers) {
    const double kept = static_cast<double>(a.layers - std::max<int64_t>(0, r.n_gpu_layers));
    style->host_dense = style->host_experts = kept / std::max(1.0, static_cast<double>(a.layers));
  }
  const TensorOverrides& overrides = OverridesOf(r);
  style->host_dense = std::max(style->host_dense, overrides.host_dense);
  style->host_experts = std::max(style->host_experts, overrides.host_experts);
  if (r.n_cpu_moe <= 0) return;
  double first = 0, all = 0;
  const auto up_to = static_cast<int32_t>(std::min<int64_t>(r.n_cpu_moe, a.layers));
  for (size_t g = 0; g < a.groups.size(); ++g) {
    if (a.groups[g].shape.mlp.kind != MlpKind::kMoe) continue;
    first += a.LayersBefore(static_cast<int32_t>(g), up_to);
    all += a.groups[g].count;
  }
  if (all > 0) style->host_experts = std::max(style->host_experts, first / all);
}

// ggml-rpc.cpp: a step's hidden states go to the first server, from each to the next through the machine that asks, and
// from the last to its own cards, whose layers are the last (llama.cpp's list of devices begins with the servers').
void CountNodeTraffic(const Resolved& r, StepStyle* style) {
  if (r.nodes <= 1 || !style->layer_split) return;
  style->node_transfers = 2 * (r.nodes - 1);
  style->node_link = GbPerSecond(NodeLinkOf(r) / 8);
  style->node_latency = Seconds(Value(Measure::kLlamaRpcRoundTrip) * 1e-3);
}

// Builds without CUDA graphs and fused operations.
constexpr int32_t kGraphsSince = 20250101;

}  // namespace

double NodeLinkOf(const Resolved& resolved) {
  constexpr double kGigabitEthernet = 1;
  return resolved.node_link_gbit_per_s > 0 ? resolved.node_link_gbit_per_s : kGigabitEthernet;
}

StepStyle LlamaStyle(const Resolved& resolved) {
  StepStyle style;
  style.engine = SpeedsOf(*resolved.engine);
  style.kernels = resolved.engine->kernels;
  style.layer_split = resolved.split_mode == SplitMode::kLayer;
  style.ranks = style.layer_split ? 1 : static_cast<int64_t>(resolved.cards.size());
  style.slow_attention = !resolved.flash_attention;
  style.wide_states = true;
  style.plain_launches = BuildOf(resolved).date > 0 && BuildOf(resolved).date < kGraphsSince;
  style.chunk = std::max<int64_t>(1, resolved.n_ubatch);
  CountHostShares(resolved, &style);
  CountNodeTraffic(resolved, &style);
  style.host_dense_rate = resolved.ram.bandwidth * Value(Measure::kLlamaHostDense);
  style.host_expert_rate = resolved.ram.bandwidth * Value(Measure::kLlamaHostExperts);
  return style;
}

// Slots instead of pages; a slot is sized for a whole request, and batches are n_batch (2048) long.
void SetUpLlamaServer(const Resolved& resolved, const Report& report, SchedulerSetup* setup) {
  constexpr int64_t kBatch = 2048;
  setup->block_size = 1;
  setup->blocks = report.kv.capacity_tokens;
  setup->max_num_batched_tokens = kBatch;
  setup->chunked_prefill = true;
  setup->prefix_caching = true;  // --cache-reuse within a slot, --cache-ram between them
  setup->reserve_output = true;
  if (!resolved.kv_unified)
    setup->max_model_len = ContextOf(resolved) / std::max<int64_t>(resolved.max_num_seqs, 1);
}

// tools/server/server.cpp, handle_metrics.
const MetricNames& LlamaMetrics() {
  static const MetricNames names = {
      {Signal::kRunning, "llamacpp:requests_processing", "all slots taken: the next request waits"},
      {Signal::kWaiting, "llamacpp:requests_deferred",
       "for a minute: requests come faster than slots are freed"},
      {Signal::kCacheUsage, "llamacpp:kv_cache_usage_ratio",
       "builds of early 2025 and before: later ones count by slot"},
  };
  return names;
}

}  // namespace plimsoll
