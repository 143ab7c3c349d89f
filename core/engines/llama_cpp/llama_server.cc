#include "core/engines/llama_cpp/llama_server.h"

#include <algorithm>

#include "core/engines/llama_cpp/llama_data.h"
#include "core/engines/llama_cpp/llama_kv_cache.h"
#include "core/engines/llama_cpp/llama_overrides.h"
#include "core/engines/llama_cpp/llama_rules.h"
#include "core/engines/measured_constants.h"
#include "core/formats/gguf_types.h"
#include "core/speed/measured_speeds.h"

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

constexpr int kBf16File = static_cast<int>(GgufFileType::kBf16);

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

// Metal's products of a matrix and a vector, written anew (ggml-org/llama.cpp#12569).
constexpr int32_t kMetalProductsSince = 20250326;

// Bytes per second at which llama-server copies a prompt between its slot and RAM: layer after layer, to memory that the
// system has yet to give. Logs: 67 MiB in 49 ms (ggml-org/llama.cpp#23269), 1,375 MiB out and about 490 back in 1,973 ms
// (mostlygeek/llama-swap#560); others from 0.7e9 to 3.5e9.
constexpr double kPromptCopy = 1.5e9;

// What the state of a prompt takes (llama_state_seq_get_data): its cells and its recurrent states. Windows keep what a
// slot's share of their cells holds. What a draft's context keeps is left out.
void CountPromptBytes(const Resolved& resolved, const LlamaCache& cache, SlotRules* rules) {
  LlamaCache one = cache;
  one.sequences = one.snapshots = one.state_copies = 1;
  for (const LayerGroup& group : resolved.architecture->groups) {
    const Attention& attention = group.shape.attention;
    const Bytes cells = CellBytes(cache, attention) * group.count;
    (HasWindow(cache, attention) ? rules->window_token : rules->token) += cells;
    if (attention.kind == AttentionKind::kCompressed && attention.compress_ratio > 0)
      rules->token += cells / attention.compress_ratio;
    rules->sequence += LayerStateBytes(one, group.shape.recurrent) * group.count;
  }
  rules->window = cache.window_cells / (cache.streams == 1 ? cache.sequences : 1);
}

// tools/server/server-context.cpp, common/common.h. KoboldCpp has a server of its own, which keeps nothing in RAM.
SlotRules LlamaSlots(const Resolved& resolved) {
  constexpr int64_t kDefaultMib = 8192, kBeforeTheEnd = 64;
  constexpr int64_t kNowhere = int64_t{1} << 40;
  const EngineVersion& build = BuildOf(resolved);
  const LlamaCache cache = ShapeLlamaCache(resolved, std::max<int64_t>(1, ContextOf(resolved)));
  const bool newer = Has(build, LlamaChange::kPromptsInRam);
  SlotRules rules;
  rules.on = true;
  rules.similarity = newer ? 0.1 : 0.5;
  rules.one_pool = cache.streams == 1;
  CountPromptBytes(resolved, cache, &rules);
  // Windows and states were given checkpoints at about that time (ggml-org/llama.cpp#15293, #16382).
  const bool cannot_rewind = cache.windowed || rules.sequence > Bytes(0);
  if (cannot_rewind) rules.checkpoint = newer ? kBeforeTheEnd : kNowhere;
  const int64_t unset = resolved.engine->id == "koboldcpp" ? 0 : kDefaultMib;
  const int64_t mib = OptionsOf(resolved).cache_ram_mib.value_or(unset);
  rules.ram = newer && mib != 0;
  rules.limit = MiB(std::max<int64_t>(0, mib));
  rules.limit_tokens = cache.context;
  rules.ram_for_idle = Has(build, rules.one_pool ? LlamaChange::kIdleSlotsToRam : LlamaChange::kAllIdleToRam);
  rules.seconds_per_byte = 1 / kPromptCopy;
  return rules;
}

// The backend that is asked for: of llama.cpp there are builds with either, and ollama brings both.
RadeonKernels KernelsOnRadeon(const Resolved& resolved) {
  const std::optional<LlamaBackend> asked = OptionsOf(resolved).backend;
  if (asked == LlamaBackend::kHip) return RadeonKernels::kHip;
  if (asked == LlamaBackend::kVulkan) return RadeonKernels::kVulkan;
  return RadeonKernels::kUnsaid;
}

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
  const int32_t built = BuildOf(resolved).date;
  style.plain_launches = built > 0 && built < kGraphsSince;
  style.old_unpacking =
      BackendOf(resolved) == LlamaBackend::kMetal && built > 0 && built < kMetalProductsSince;
  style.radeon = KernelsOnRadeon(resolved);
  // RADV offers matrix units for BF16 from RDNA4 on ("bf16: 0" in ggml_vulkan's line of RDNA2 to 3.5, llama.cpp#27952);
  // without them ggml-vulkan multiplies in 32 bits (llama.cpp#12554). Two multiply-adds issued at once are not counted.
  const bool bf16 = resolved.format != nullptr && resolved.format->gguf_type == kBf16File;
  if (bf16 && BackendOf(resolved) == LlamaBackend::kVulkan && !resolved.cards.empty()) {
    const CardClass card = ClassOf(*resolved.cards.front().gpu);
    style.plain_bf16 = card == CardClass::kRdna || card == CardClass::kStrix;
  }
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
  setup->prefix_caching = false;  // no two slots share a cell
  setup->reserve_output = true;
  if (!resolved.kv_unified)
    setup->max_model_len = ContextOf(resolved) / std::max<int64_t>(resolved.max_num_seqs, 1);
  setup->slots = LlamaSlots(resolved);
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
