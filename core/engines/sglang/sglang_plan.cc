#include "core/engines/sglang/sglang_plan.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "core/arch/kv_cache.h"
#include "core/arch/parallelism.h"
#include "core/base/text.h"
#include "core/engines/host_tier.h"
#include "core/engines/measured_constants.h"
#include "core/engines/sglang/sglang_rules.h"
#include "core/engines/sglang/sglang_setup.h"
#include "core/engines/sglang/sglang_version.h"
#include "core/engines/vllm/vllm_activation.h"
#include "core/engines/vllm/vllm_runtime.h"
#include "core/resolve/memory_parts.h"

namespace plimsoll {
namespace {

using internal::SaturatingMultiply;

// From 0.5.14 on the draft is loaded before the pools are sized, so the share holds it.
bool DraftInShare(const Resolved& resolved) { return resolved.version.number >= SglangNumber(0, 5, 14); }

// kv_cache_configurator.py, 0.5.18: SGLANG_VLM_CACHE_SIZE_MB for features of images.
Bytes ImageReserve(const Resolved& resolved) {
  const bool keeps = resolved.multimodal && resolved.version.number >= SglangNumber(0, 5, 18);
  return keeps ? MiB(100) : Bytes(0);
}

// layers/attention/flashinfer_backend.py SGLANG_FLASHINFER_WORKSPACE_SIZE: part of what is measured by default;
// kernels without a workspace leave it out.
constexpr Bytes kFlashInferWorkspace = MiB(384);

Bytes Workspace(const Resolved& resolved) {
  const Bytes usual = GiBFromDouble(Value(Measure::kSglangWorkspace));
  for (const std::string_view name : {"triton", "torch_native", "flex_attention", "fa3", "fa4"}) {
    if (resolved.attention_backend == name) return usual - kFlashInferWorkspace;
  }
  return usual;
}

// Driver, context and communicators: what is gone before "Load weight begin".
Bytes Before(const Resolved& resolved, const Gpu& gpu) {
  return DriverContext(gpu) + SglangCommunicators(resolved, gpu);
}

// The buffers of a chunk of prompts, as in the engine whose layers SGLang's descend from, and the logits of the
// requests that decode. Images come on top and are not known.
Bytes Activation(const Resolved& resolved, int64_t rows) {
  VllmRules rules;
  rules.first_start = false;
  const VllmActivation buffers = VllmActivationPeak(resolved, rules, {false, false});
  const Bytes logits = Bytes(SaturatingMultiply(rows, resolved.architecture->vocab)) * 4;
  return std::max({buffers.mlp, buffers.moe, buffers.context, logits});
}

Bytes Graphs(const Resolved& resolved, int64_t decode, int64_t layers) {
  const SglangSetup& setup = SetupOf(resolved);
  if (setup.graph_batch <= 0) return Bytes(0);
  const double deep = static_cast<double>(layers);
  const double mib = deep * (static_cast<double>(decode) * Value(Measure::kSglangGraphDecode) +
                             static_cast<double>(setup.prefill_graphs) * Value(Measure::kSglangGraphPrefill));
  return GiBFromDouble(Value(Measure::kSglangGraphBase)) + MiBFromDouble(mib);
}

class Planner {
 public:
  explicit Planner(const Resolved& resolved) : resolved_(resolved), setup_(SetupOf(resolved)) {}

  const SglangPlan& plan() const { return plan_; }

  // Pools and what lies beside them for a context; the weights stay as they are.
  void At(int64_t context) {
    plan_.context = context;
    if (plan_.ranks.empty()) LoadRanks();
    SizePools();
    for (size_t i = 0; i < plan_.ranks.size(); ++i) Fill(i);
  }

 private:
  void LoadRanks() {
    const int64_t replicas = resolved_.dp_attention ? 1 : resolved_.dp;
    const int64_t ranks = std::min<int64_t>(resolved_.tp * resolved_.pp * replicas,
                                            static_cast<int64_t>(resolved_.cards.size()));
    plan_.ranks.resize(static_cast<size_t>(std::max<int64_t>(0, ranks)));
    LoadWeights();
  }

  LayerRange Layers(int64_t rank) const {
    return PipelineStage(resolved_.architecture->layers, resolved_.pp, StageOfRank(resolved_, rank));
  }
  bool IsLast(int64_t rank) const { return StageOfRank(resolved_, rank) == resolved_.pp - 1; }

  void LoadWeights() {
    plan_.least_free = Bytes(internal::kInt64Max);
    for (size_t i = 0; i < plan_.ranks.size(); ++i) {
      const int64_t index = static_cast<int64_t>(i);
      SglangRankPlan& rank = plan_.ranks[i];
      const int64_t stage = StageOfRank(resolved_, index);
      // The last expert-parallel rank may hold fewer experts; the others are alike.
      const bool least = setup_.ranks_of_experts > 0 && index % resolved_.tp == resolved_.tp - 1;
      const size_t like = static_cast<size_t>(index - index % resolved_.tp);
      if (i == like || least) {
        rank.weights = SglangLoadedWeights(resolved_, {stage, least ? setup_.ranks_of_experts - 1 : 0});
        rank.cell = CellOf(resolved_, Layers(index), IsLast(index));
      } else {
        rank.weights = plan_.ranks[like].weights;
        rank.cell = plan_.ranks[like].cell;
      }
      const Card& card = resolved_.cards[i];
      rank.free = card.capacity - Before(resolved_, *card.gpu) - card.others;
      plan_.least_free = std::min(plan_.least_free, rank.free);
    }
    if (plan_.ranks.empty()) plan_.least_free = Bytes(0);
  }

  void SizePools() {
    const double free = static_cast<double>(std::max(Bytes(0), plan_.least_free).count());
    plan_.slack = BytesFromDouble(free * (1 - SglangFraction(resolved_, plan_.context)));
    plan_.tokens = plan_.ranks.empty() ? 0 : internal::kInt64Max;
    for (SglangRankPlan& rank : plan_.ranks) {
      rank.rest = rank.free - rank.weights.target - plan_.slack - ImageReserve(resolved_);
      if (DraftInShare(resolved_)) rank.rest -= rank.weights.draft;
      rank.pools = DividePool(resolved_, rank.cell, rank.rest);
      plan_.tokens = std::min(plan_.tokens, rank.pools.tokens);
    }
    if (plan_.ranks.empty()) return;
    const SglangRankPlan& first = plan_.ranks.front();
    plan_.window_tokens = WindowTokens(resolved_, first.cell, plan_.tokens);
    plan_.running = RunningOf(resolved_, first.pools, plan_.tokens, plan_.context);
    const int64_t batch = std::min(setup_.graph_batch, plan_.running);
    plan_.decode_graphs = CountDecodeGraphs(resolved_.version.number, batch, setup_.drafts > 0);
  }

  void Fill(size_t i) {
    SglangRankPlan& rank = plan_.ranks[i];
    const Card& card = resolved_.cards[i];
    rank.gpu = GpuReport();
    GpuReport& gpu = rank.gpu;
    gpu.gpu = card.gpu->id;
    gpu.rank = static_cast<int32_t>(i);
    gpu.capacity = card.capacity;
    gpu.others = card.others;
    gpu.reserved = card.reserved;
    gpu.driver = Before(resolved_, *card.gpu);
    gpu.budget = std::max(Bytes(0), plan_.least_free - plan_.slack);
    gpu.weights = rank.weights.target + rank.weights.draft;
    gpu.kv_cache = rank.cell.token * plan_.tokens + rank.cell.window_token * plan_.window_tokens;
    gpu.recurrent_state = rank.pools.states;
    rank.beside = Beside(rank);
    gpu.non_torch = rank.beside.sum();
    const int64_t rows = std::min(plan_.running, std::max<int64_t>(setup_.graph_batch, 64));
    gpu.activation = Activation(resolved_, IsLast(static_cast<int64_t>(i)) ? rows : 0);
    gpu.cuda_graph = Graphs(resolved_, plan_.decode_graphs, Layers(static_cast<int64_t>(i)).count());
    gpu.total = SumOfParts(gpu);
    const bool fails = rank.pools.shortage == SglangShortage::kPool;
    gpu.headroom = fails ? std::min(rank.rest, rank.pools.room) : gpu.capacity - gpu.total;
  }

  SglangBeside Beside(const SglangRankPlan& rank) const {
    SglangBeside beside;
    beside.table = RequestTable(resolved_, plan_.running, plan_.context);
    beside.workspace = Workspace(resolved_);
    // Each tensor of the pool is a block of its own, half a step of 2 MiB too large on average.
    beside.rounding = MiB(1) * rank.cell.buffers;
    beside.draft_cache = rank.cell.draft_token * plan_.tokens;
    beside.draft_states = rank.pools.draft_states;
    return beside;
  }

  const Resolved& resolved_;
  const SglangSetup& setup_;
  SglangPlan plan_;
};

// Whether a rank has no room for its pools; the others wait for it.
bool IsShort(const SglangPlan& plan) {
  return std::any_of(plan.ranks.begin(), plan.ranks.end(),
                     [](const SglangRankPlan& rank) { return rank.pools.shortage != SglangShortage::kNone; });
}

void FillCache(const Resolved& resolved, const SglangPlan& plan, Report* report) {
  KvReport& kv = report->kv;
  kv.per_token = KvBytesPerToken(*resolved.architecture, resolved.kv_cache_dtype);
  kv.per_sequence =
      KvBytesPerSequence(*resolved.architecture, resolved.kv_cache_dtype, resolved.max_model_len);
  if (plan.ranks.empty()) return;
  kv.available = std::max(resolved.kv_cache_memory, plan.ranks.front().pools.room);
  kv.block_size = std::max<int64_t>(1, resolved.block_size);
  // A pool of a given size holds what it holds, whether there is room for it or not.
  const bool given = resolved.kv_cache_memory > Bytes(0);
  const bool serves = given || !IsShort(plan);
  kv.capacity_tokens = serves ? plan.tokens : 0;
  kv.num_blocks = kv.capacity_tokens / kv.block_size;
  const double length = static_cast<double>(std::max<int64_t>(1, resolved.max_model_len));
  kv.max_concurrency = static_cast<double>(kv.capacity_tokens) / length;
  if (plan.window_tokens > 0) {
    const int64_t held = std::min(resolved.max_model_len, plan.ranks.front().cell.window);
    kv.max_concurrency = std::min(kv.max_concurrency, static_cast<double>(plan.window_tokens) /
                                                          static_cast<double>(std::max<int64_t>(1, held)));
  }
  kv.max_concurrency = std::min(kv.max_concurrency, static_cast<double>(plan.running));
  if (IsShort(plan)) kv.max_concurrency = 0;
}

Bytes BaseBand() { return GiBFromDouble(Value(Measure::kSglangTightBase)); }

// How far off may be what lies outside the share.
Bytes Band(const Resolved& resolved, const SglangRankPlan& rank) {
  const double graphs = static_cast<double>(rank.gpu.cuda_graph.count()) * Value(Measure::kSglangTightGraphs);
  return BytesFromDouble(graphs) + BaseBand() + WeightsBand(resolved.stored, rank.gpu.weights);
}

// Request table, workspaces and graphs have room on this rank.
bool Captures(const Resolved& resolved, const SglangRankPlan& rank) {
  return rank.gpu.headroom + rank.gpu.activation + Band(resolved, rank) >= Bytes(0);
}

// A start that holds a sequence of its whole context.
bool Holds(const Resolved& resolved, const SglangPlan& plan) {
  for (const SglangRankPlan& rank : plan.ranks) {
    if (rank.weights.target > rank.free || rank.pools.shortage != SglangShortage::kNone ||
        !Captures(resolved, rank)) {
      return false;
    }
  }
  return !plan.ranks.empty() && TokensForOne(plan) >= plan.context;
}

// The longest context that starts and has room, from `least` to `most`; 0: none. A longer one has a larger table
// of requests, and on ROCm a smaller share.
int64_t LongestBetween(const Resolved& resolved, Planner* planner, int64_t least, int64_t most) {
  if (most < least) return 0;
  planner->At(least);
  if (!Holds(resolved, planner->plan())) return 0;
  if (planner->plan().ranks.front().cell.priced > Bytes(0)) {
    most = std::min(most, TokensForOne(planner->plan()));
  }
  planner->At(most);
  if (Holds(resolved, planner->plan())) return most;
  while (most - least > 1) {
    const int64_t middle = least + (most - least) / 2;
    planner->At(middle);
    (Holds(resolved, planner->plan()) ? least : most) = middle;
  }
  return least;
}

int64_t LongestContext(const Resolved& resolved, Planner* planner) {
  const int64_t own = std::max<int64_t>(1, resolved.rope.stretched);
  const int64_t most = std::max(resolved.max_model_len, own);
  if (SetupOf(resolved).aiter) {
    const int64_t beyond = LongestBetween(resolved, planner, kAiterContext + 1, most);
    if (beyond > 0) return beyond;
    return LongestBetween(resolved, planner, 1, std::min(most, kAiterContext));
  }
  return LongestBetween(resolved, planner, 1, most);
}

class Judge {
 public:
  Judge(const Resolved& resolved, const SglangPlan& plan, Report* report)
      : resolved_(resolved), plan_(plan), report_(*report) {}

  // In the order in which the start would stumble.
  void Decide() {
    for (const SglangRankPlan& rank : plan_.ranks) {
      if (rank.weights.target > rank.free) return FailLoading();
    }
    for (const SglangRankPlan& rank : plan_.ranks) {
      if (rank.pools.shortage == SglangShortage::kPool) return FailPool(rank);
      if (rank.pools.shortage == SglangShortage::kStates) return FailStates();
    }
    for (const SglangRankPlan& rank : plan_.ranks) {
      if (!Captures(resolved_, rank)) return FailCapture();
    }
    if (report_.kv.max_concurrency < 1) return FailLength();
    report_.verdict = Verdict::kFits;
    for (const SglangRankPlan& rank : plan_.ranks) {
      if (rank.gpu.headroom < Bytes(0)) WarnOfLoad();
      if (rank.rest < WeightsBand(resolved_.stored, rank.gpu.weights) + BaseBand()) Tight();
    }
    SayLength();
  }

 private:
  void Fail(FailureStage stage, std::string_view code, std::string message, std::string fix) {
    report_.verdict = Verdict::kDoesNotFit;
    report_.failure = stage;
    report_.diagnostics.push_back({std::string(code), Severity::kError, std::move(message), std::move(fix)});
  }
  void Warn(std::string_view code, std::string message, std::string fix) {
    if (!report_.Has(code)) {
      report_.diagnostics.push_back(
          {std::string(code), Severity::kWarning, std::move(message), std::move(fix)});
    }
  }
  void Tight() { report_.verdict = Verdict::kTight; }

  void FailLoading() {
    Fail(FailureStage::kLoading, "out_of_memory_loading",
         "The weights do not fit on the card: loading ends with CUDA out of memory.",
         "Use a smaller format, more GPUs, or cpu_offload_gb. mem_fraction_static does not help.");
  }

  // The largest share at which what lies outside it still has room; 0: none.
  double LargestShare(const SglangRankPlan& rank) const {
    const Bytes outside = rank.beside.workspace + rank.gpu.cuda_graph + rank.gpu.activation;
    if (plan_.least_free <= outside) return 0;
    return 1 - static_cast<double>(outside.count()) / static_cast<double>(plan_.least_free.count());
  }

  void FailPool(const SglangRankPlan& rank) {
    const double largest = LargestShare(rank);
    const Bytes gained = BytesFromDouble(static_cast<double>(plan_.least_free.count()) *
                                         std::max(0.0, largest - SglangFraction(resolved_, plan_.context)));
    const bool helps = rank.gpu.headroom + gained > MiB(256);
    Fail(FailureStage::kCacheTooSmall, "static_share_too_small",
         "mem_fraction_static " + DecimalText(resolved_.mem_fraction_static, 3) +
             " leaves nothing for the pool beside the weights.",
         helps ? "Raise mem_fraction_static, to at most " + DecimalText(largest, 2) + "."
               : "Use a smaller format or more GPUs: no share that leaves room for activations suffices.");
  }

  void FailStates() {
    Fail(FailureStage::kCacheTooSmall, "states_too_few",
         "The pool of recurrent states is too small to serve a request.",
         "Raise mem_fraction_static or mamba_full_memory_ratio, or turn enable_prefix_caching off.");
  }

  void FailCapture() {
    Fail(FailureStage::kGraphCapture, "out_of_memory_capturing_graphs",
         "What the static share leaves free does not hold the request table, workspaces and CUDA graphs: "
         "capture ends with CUDA out of memory.",
         "Lower mem_fraction_static or max_cudagraph_capture_size, or set enforce_eager.");
  }

  void WarnOfLoad() {
    Tight();
    Warn("out_of_memory_serving",
         "It starts, but what is left beside the static share does not hold the activations of a full prompt "
         "chunk: serving may end with CUDA out of memory.",
         "Lower mem_fraction_static or chunked_prefill_size.");
  }

  // Nothing is reserved for a context: a smaller pool starts all the same, and refuses what it cannot hold.
  void FailLength() {
    Fail(FailureStage::kCacheTooSmall, kPoolBelowContext,
         "The pool holds " + CountText(TokensForOne(plan_)) + " tokens of one sequence, " +
             CountText(resolved_.max_model_len) + " were asked for: it starts, and refuses longer requests.",
         "Use a smaller kv_cache_dtype or format, more GPUs, or a larger mem_fraction_static.");
  }

  void SayLength() {
    if (resolved_.max_model_len >= plan_.context) return;
    report_.diagnostics.push_back({"length_by_pool", Severity::kInfo,
                                   "The pool holds less than the model's " + CountText(plan_.context) +
                                       " tokens: requests of up to " + CountText(resolved_.max_model_len) +
                                       " are served.",
                                   ""});
  }

  const Resolved& resolved_;
  const SglangPlan& plan_;
  Report& report_;
};

bool HasCompressed(const Architecture& architecture) {
  return std::any_of(architecture.groups.begin(), architecture.groups.end(), [](const LayerGroup& group) {
    return group.shape.attention.kind == AttentionKind::kCompressed;
  });
}

void Remark(const Resolved& resolved, const SglangPlan& plan, Report* report) {
  if (HasCompressed(*resolved.architecture)) {
    report->diagnostics.push_back(
        {"pool_not_validated", Severity::kInfo,
         "No public log was seen of this model's compressed pools: tokens and pool are "
         "by its shapes alone.",
         ""});
  }
  if (resolved.kv_cache_memory > Bytes(0)) {
    report->diagnostics.push_back({"pool_given_in_bytes", Severity::kInfo,
                                   "SGLang takes no pool in bytes; max_total_tokens says the same in tokens.",
                                   "Set max_total_tokens to " + CountText(plan.tokens) + "."});
  }
  if (resolved.dp_attention && !resolved.config->enable_dp_attention) {
    report->diagnostics.push_back(
        {"dp_attention_assumed", Severity::kInfo,
         "dp " + CountText(resolved.dp) + " within tp " + CountText(resolved.tp) +
             " is taken as data-parallel attention: the cards allow for nothing else.",
         ""});
  }
}

}  // namespace

Bytes SglangCommunicators(const Resolved& resolved, const Gpu& gpu) {
  if (resolved.tp * resolved.pp <= 1) return Bytes(0);
  const bool rocm = gpu.vendor == Vendor::kAmd;
  return GiBFromDouble(Value(rocm ? Measure::kSglangRccl : Measure::kSglangNccl));
}

int64_t StageOfRank(const Resolved& resolved, int64_t rank) {
  return rank / std::max<int64_t>(1, resolved.tp) % std::max<int64_t>(1, resolved.pp);
}

SglangPlan PlanSglang(const Resolved& resolved) {
  Planner planner(resolved);
  planner.At(SglangContext(resolved));
  return planner.plan();
}

int64_t TokensForOne(const SglangPlan& plan) {
  if (plan.ranks.empty()) return 0;
  // Past the window a sequence takes no more of its layers' pool.
  const bool whole = plan.window_tokens <= 0 || plan.window_tokens >= plan.ranks.front().cell.window;
  return whole ? plan.tokens : std::min(plan.tokens, plan.window_tokens);
}

// mem_cache/pool_host/base.py HostKVCache: a size goes before the ratio.
Bytes SglangHostCache(const Resolved& resolved, const Report& report) {
  if (resolved.kv_offloading > Bytes(0)) return HostCacheRam(resolved);
  double pools = 0;
  for (const GpuReport& gpu : report.per_gpu)
    pools += static_cast<double>(std::max(Bytes(0), gpu.kv_cache).count());
  return BytesFromDouble(pools * resolved.hicache_ratio);
}

void ReportSglang(const Resolved& resolved, Report* report) {
  Planner planner(resolved);
  planner.At(SglangContext(resolved));
  const SglangPlan plan = planner.plan();
  for (const SglangRankPlan& rank : plan.ranks) {
    report->per_gpu.push_back(rank.gpu);
    report->host.weights += rank.weights.offloaded;
  }
  const Bytes host_cache = SglangHostCache(resolved, *report);
  report->host.kv_cache += host_cache;
  FillCache(resolved, plan, report);
  Remark(resolved, plan, report);
  Judge(resolved, plan, report).Decide();
  KvReport& kv = report->kv;
  // What starts holds what it was asked for; what does not has room for nothing that long.
  kv.max_model_len_that_fits = LongestContext(resolved, &planner);
  if (report->fits()) {
    kv.max_model_len_that_fits = std::max(kv.max_model_len_that_fits, resolved.max_model_len);
  } else {
    kv.max_model_len_that_fits = std::min(kv.max_model_len_that_fits, resolved.max_model_len - 1);
    if (report->failure != FailureStage::kCacheTooSmall) kv.max_concurrency = 0;
  }
  constexpr Bytes kKeptFree = GiB(10);  // HICACHE_HOST_MEMORY_RESERVE_BYTES, beside it
  if (host_cache > Bytes(0) || resolved.cpu_offload > Bytes(0))
    JudgeHostMemory(resolved, host_cache > Bytes(0) ? kKeptFree : Bytes(0), report);
}

}  // namespace plimsoll
