#include "core/engines/vllm/vllm_engine.h"

#include <algorithm>
#include <cmath>

#include "core/arch/kv_cache.h"
#include "core/arch/parallelism.h"
#include "core/base/text.h"
#include "core/engines/measured_constants.h"
#include "core/engines/vllm/vllm_activation.h"
#include "core/engines/vllm/vllm_commands.h"
#include "core/engines/vllm/vllm_cuda_graphs.h"
#include "core/engines/vllm/vllm_explain.h"
#include "core/engines/vllm/vllm_gates.h"
#include "core/engines/vllm/vllm_kv_cache.h"
#include "core/engines/vllm/vllm_levers.h"
#include "core/engines/vllm/vllm_rules.h"
#include "core/engines/vllm/vllm_runtime.h"
#include "core/engines/vllm/vllm_server.h"
#include "core/engines/vllm/vllm_version.h"
#include "core/engines/vllm/vllm_weights.h"
#include "core/resolve/memory_parts.h"

namespace plimsoll {
namespace {

// ---- defaults ----

constexpr int64_t kUnchunkedUpTo = 32768;  // V0 cuts longer prompts into chunks
constexpr int64_t kLargestBudget = 16384;  // the largest default of max_num_batched_tokens below

bool NameHas(const Gpu& gpu, std::string_view part) { return gpu.id.find(part) != std::string::npos; }

// Cards for which V1 takes larger batches. vllm/engine/arg_utils.py get_batch_defaults: by name in 0.8, by
// memory (70 GiB, but not an A100) from 0.9.
bool TakesLargeBatches(const Resolved& resolved) {
  if (resolved.cards.empty()) return false;
  const Card& card = resolved.cards[0];
  if (resolved.version.number < VllmNumber(0, 9)) {
    return NameHas(*card.gpu, "h100") || NameHas(*card.gpu, "h200");
  }
  return card.capacity >= GiB(70) && !NameHas(*card.gpu, "a100");
}

// #51726 (2026-08-11): cards of at least 160 GiB.
bool TakesHugeBatches(const Resolved& resolved) {
  return resolved.version.number >= VllmNumber(0, 28) && !resolved.cards.empty() &&
         resolved.cards[0].capacity >= GiB(160);
}

bool HasRecurrent(const Architecture& architecture) {
  return std::any_of(architecture.groups.begin(), architecture.groups.end(), [](const LayerGroup& group) {
    return group.shape.recurrent.kind != RecurrentKind::kNone;
  });
}

// "auto" follows what the checkpoint asks for: ModelOpt's word (vllm/utils/torch_utils.py
// resolve_kv_cache_dtype_string) since vllm-project/vllm#30785 of December 2025, compressed-tensors' scheme
// (vllm/model_executor/layers/attention/attention.py Attention.__init__) since #30141 of January 2026.
bool AsksForFp8(const Resolved& resolved) {
  switch (resolved.format->cache_wish) {
    case CacheWish::kModelOptFp8:
      return resolved.version.number >= VllmNumber(0, 14);
    case CacheWish::kCompressedTensorsFp8:
      return resolved.version.number >= VllmNumber(0, 15);
    case CacheWish::kNone:
      break;
  }
  return false;
}

class Defaults {
 public:
  Defaults(const Config& config, Resolved* resolved) : config_(config), resolved_(*resolved) {}

  std::optional<Error> Take() {
    Resolved& r = resolved_;
    if (std::optional<Error> error = TakeStateOptions()) return error;
    r.max_cudagraph_capture_size = config_.max_cudagraph_capture_size.value_or(0);
    r.kv_offloading = GiBFromDouble(config_.kv_offloading_gib.value_or(0));
    r.media_per_prompt = config_.limit_mm_per_prompt.value_or(0);
    // A limit of zero leaves the tower out (vllm/multimodal/registry.py supports_multimodal_inputs).
    r.multimodal =
        config_.multimodal.value_or(r.architecture->has_vision && config_.limit_mm_per_prompt != 0);
    r.max_model_len = config_.max_model_len.value_or(r.architecture->scaled_positions);
    if (r.max_model_len <= 0) r.max_model_len = std::max<int64_t>(1, r.architecture->scaled_positions);
    if (!config_.kv_cache_dtype || r.kv_cache_dtype.k == KvType::kAuto) TakeCacheType();
    if (!config_.enable_chunked_prefill) TakeChunkedPrefill();
    const VllmRules rules = RulesFor(r);
    r.gpu_memory_utilization = config_.gpu_memory_utilization.value_or(rules.default_utilization);
    TakePrefixCaching(rules);
    TakeBatches(rules);
    r.block_size = config_.block_size.value_or(DefaultBlockSize(r, rules));
    return std::nullopt;
  }

  // What of this depends on max_model_len, for another one.
  void TakeLength(int64_t length) {
    resolved_.max_model_len = length;
    if (!config_.enable_chunked_prefill) TakeChunkedPrefill();
    TakeBatches(RulesFor(resolved_));
  }

 private:
  // Bytes of one element; nothing for what is no type.
  static std::optional<int64_t> ElementBytes(std::string_view dtype) {
    if (dtype.empty() || dtype == "auto") return 0;
    if (dtype == "float16" || dtype == "bfloat16") return 2;
    if (dtype == "float32") return 4;
    return std::nullopt;
  }

  std::optional<Error> TakeStateOptions() {
    constexpr std::string_view kTypes = "auto, float16, bfloat16 or float32";
    const std::optional<int64_t> both = ElementBytes(config_.mamba_cache_dtype);
    if (!both) return Error{"mamba_cache_dtype", Quoted(config_.mamba_cache_dtype), std::string(kTypes)};
    const std::optional<int64_t> state = ElementBytes(config_.mamba_ssm_cache_dtype);
    if (!state)
      return Error{"mamba_ssm_cache_dtype", Quoted(config_.mamba_ssm_cache_dtype), std::string(kTypes)};
    resolved_.convolution_element = *both;
    resolved_.state_element = *state;
    const std::string& mode = config_.mamba_cache_mode;
    if (mode == "none") {
      resolved_.state_mode = StateCacheMode::kNone;
    } else if (mode == "align") {
      resolved_.state_mode = StateCacheMode::kAlign;
    } else if (mode == "all") {
      resolved_.state_mode = StateCacheMode::kAll;
    } else if (!mode.empty()) {
      return Error{"mamba_cache_mode", Quoted(mode), "none, align or all"};
    }
    return std::nullopt;
  }

  void TakeCacheType() {
    // vllm/models/deepseek_v4 has kernels for its fp8 layout only; else the model's own 16 bits.
    bool compressed = false;
    for (const LayerGroup& group : resolved_.architecture->groups) {
      compressed = compressed || group.shape.attention.kind == AttentionKind::kCompressed;
    }
    const KvType own = resolved_.format->dtype == DType::kFp32   ? KvType::kFp32
                       : resolved_.format->dtype == DType::kFp16 ? KvType::kFp16
                                                                 : KvType::kBf16;
    const KvType type = compressed || AsksForFp8(resolved_) ? KvType::kFp8 : own;
    if (resolved_.kv_cache_dtype.k == KvType::kAuto) resolved_.kv_cache_dtype.k = type;
    if (resolved_.kv_cache_dtype.v == KvType::kAuto) resolved_.kv_cache_dtype.v = type;
  }

  // V1 always cuts prompts into chunks; V0 did so only beyond 32k, and not for models with images or windows.
  void TakeChunkedPrefill() {
    Resolved& r = resolved_;
    r.enable_chunked_prefill = true;
    if (RulesFor(r).v1) return;
    bool windows = false, latent = false;
    for (const LayerGroup& group : r.architecture->groups) {
      windows = windows || group.shape.attention.window > 0;
      latent = latent || group.shape.attention.kind == AttentionKind::kLatent;
    }
    const bool images = r.multimodal;
    const bool latent_refuses = latent && r.version.number < VllmNumber(0, 7, 2);
    r.enable_chunked_prefill = r.max_model_len > kUnchunkedUpTo && !images && !windows && !latent_refuses &&
                               r.speculative.num_tokens == 0;
  }

  void TakePrefixCaching(const VllmRules& rules) {
    // On by default in V1; for models with recurrent layers only since the aligned states.
    const bool fallback = rules.v1 && (!HasRecurrent(*resolved_.architecture) || rules.align_recurrent);
    resolved_.enable_prefix_caching = config_.enable_prefix_caching.value_or(fallback);
  }

  // vllm/engine/arg_utils.py: defaults for an API server.
  void TakeBatches(const VllmRules& rules) {
    Resolved& r = resolved_;
    int64_t tokens = 0, sequences = 0;
    if (!rules.v1) {
      sequences = 256;
      const int64_t chunk = r.version.number < VllmNumber(0, 6, 4) ? 512 : 2048;
      tokens = r.enable_chunked_prefill ? chunk : std::max<int64_t>(r.max_model_len, 2048);
    } else if (TakesHugeBatches(r)) {
      sequences = 1024;
      tokens = kLargestBudget;
    } else {
      const bool large = TakesLargeBatches(r);
      // Before 0.8.5 every card took 1024 sequences.
      sequences = large || r.version.number < VllmNumber(0, 8, 5) ? 1024 : 256;
      tokens = large ? 8192 : 2048;
    }
    if (config_.max_num_batched_tokens) {
      r.max_num_batched_tokens = *config_.max_num_batched_tokens;
      r.max_num_seqs = config_.max_num_seqs.value_or(std::min(sequences, r.max_num_batched_tokens));
      return;
    }
    r.max_num_seqs = config_.max_num_seqs.value_or(sequences);
    if (!r.enable_chunked_prefill) tokens = std::max(tokens, r.max_model_len);
    if (rules.v1) {
      tokens = std::min(tokens, internal::SaturatingMultiply(r.max_num_seqs, r.max_model_len));
    }
    r.max_num_batched_tokens = std::max(tokens, r.max_num_seqs);
    if (!config_.max_num_seqs) r.max_num_seqs = std::min(r.max_num_seqs, r.max_num_batched_tokens);
  }

  const Config& config_;
  Resolved& resolved_;
};

// ---- plan ----

// What all ranks of a pipeline stage share.
struct Stage {
  Bytes weights_first;  // the expert-parallel rank that holds most
  Bytes weights_last;   // the one that holds least
  Bytes recurrent;      // V0: states outside the pool
  Bytes activation_sampling, activation;
  CacheLayout layout;
  int64_t layers = 0;
};

Stage PlanStage(const Resolved& resolved, const VllmRules& rules, int64_t index) {
  Stage stage;
  const bool last = index == resolved.pp - 1;
  const LayerRange range = PipelineStage(resolved.architecture->layers, resolved.pp, index);
  stage.layers = range.count();
  stage.weights_first = VllmLoadedWeights(resolved, rules, {index, 0}, nullptr);
  stage.weights_last = stage.weights_first;
  if (resolved.expert_parallel) {
    stage.weights_last = VllmLoadedWeights(resolved, rules, {index, resolved.tp * resolved.dp - 1}, nullptr);
  }
  if (!rules.v1) {
    stage.recurrent = RecurrentStateBytes(resolved, range) * std::max<int64_t>(1, resolved.max_num_seqs);
  }
  const bool embeds = index == 0;
  stage.activation = VllmActivationPeak(resolved, rules, {false, embeds}).peak;
  stage.activation_sampling =
      last ? VllmActivationPeak(resolved, rules, {true, embeds}).peak : stage.activation;
  stage.layout = LayOutCache(resolved, rules, range, last);
  return stage;
}

// Weights of a rank before some are kept in RAM.
Bytes LoadedOn(const Resolved& resolved, const Stage& stage, int64_t rank) {
  const int64_t ep_rank = rank % resolved.tp + resolved.tp * (rank / (resolved.tp * resolved.pp));
  const bool holds_least = resolved.expert_parallel && ep_rank == resolved.tp * resolved.dp - 1;
  return holds_least ? stage.weights_last : stage.weights_first;
}

Bytes Offloaded(const Resolved& resolved, Bytes weights) { return std::min(resolved.cpu_offload, weights); }

// One card's budget before the pool is cut to whole blocks.
GpuReport PlanCard(const Resolved& resolved, const VllmRules& rules, const Stage& stage, const Card& card,
                   int32_t rank, bool last_stage) {
  GpuReport gpu;
  gpu.gpu = card.gpu->id;
  gpu.rank = rank;
  gpu.capacity = card.capacity;
  gpu.budget = BytesFromDouble(
      std::ceil(static_cast<double>(card.capacity.count()) * resolved.gpu_memory_utilization));
  const int64_t tp_rank = rank % resolved.tp;
  gpu.weights = LoadedOn(resolved, stage, rank);
  // vllm/model_executor/models/utils.py maybe_offload_to_cpu: whole parameters until the given size is
  // reached.
  gpu.weights -= Offloaded(resolved, gpu.weights);
  gpu.recurrent_state = stage.recurrent;
  gpu.activation = VllmSamples(rules, last_stage, tp_rank) ? stage.activation_sampling : stage.activation;
  const VllmRuntime runtime = VllmRuntimeMemory(resolved, rules, *card.gpu);
  gpu.non_torch = runtime.non_torch;
  gpu.others = card.others;
  gpu.reserved = card.reserved;
  gpu.driver = runtime.driver;
  gpu.cuda_graph = VllmCudaGraphs(resolved, rules, stage.layers, *card.gpu).bytes;
  return gpu;
}

// Bytes that the share leaves for the pool.
// REQUIRES: gpu.kv_cache is still zero.
Bytes PoolOf(const Resolved& resolved, const VllmRules& rules, const GpuReport& gpu) {
  if (resolved.kv_cache_memory > Bytes(0)) return resolved.kv_cache_memory;
  Bytes pool = gpu.budget - SumInShare(gpu);
  if (!rules.graphs_inside) pool += gpu.cuda_graph;
  // Where the CUDA context counts, so does whatever else is on the card.
  if (rules.driver_inside) pool -= gpu.others;
  return pool;
}

struct Tightest {
  int64_t blocks = internal::kInt64Max;
  Bytes headroom = Bytes(internal::kInt64Max);  // pool less what one sequence of max_model_len takes
  Bytes pool;
  int64_t longest = 0;  // in this pool
};

// Block ids that one sequence takes; every stage gets as many, so the stage that needs most decides.
int64_t SequenceBlocks(const Resolved& resolved, const std::vector<Stage>& stages) {
  int64_t blocks = 0;
  for (const Stage& stage : stages) {
    blocks = std::max(blocks, stage.layout.BlocksPerSequence(resolved.max_model_len));
  }
  return blocks;
}

void FillCache(const Resolved& resolved, const VllmRules& rules, const Stage& stage, const Tightest& tightest,
               int64_t per_sequence, Report* report) {
  KvReport& kv = report->kv;
  const CacheLayout& layout = stage.layout;
  kv.per_token = KvBytesPerToken(*resolved.architecture, resolved.kv_cache_dtype);
  kv.per_sequence =
      KvBytesPerSequence(*resolved.architecture, resolved.kv_cache_dtype, resolved.max_model_len);
  kv.available = std::max(Bytes(0), tightest.pool);
  kv.block_size = layout.block_size;
  kv.num_blocks = layout.block_bytes > 0 ? tightest.blocks : 0;
  kv.max_model_len_that_fits = tightest.longest;
  if (layout.block_bytes <= 0 || per_sequence <= 0) {
    // States outside the pool are there for every sequence (V0).
    kv.max_concurrency =
        tightest.headroom >= Bytes(0) ? static_cast<double>(std::max<int64_t>(1, resolved.max_num_seqs)) : 0;
    return;
  }
  kv.max_concurrency = static_cast<double>(kv.num_blocks) / static_cast<double>(per_sequence);
  const double logged = VllmLoggedConcurrency(resolved, rules, kv);
  switch (rules.tokens) {
    case CacheTokens::kBlocks:
      kv.capacity_tokens = kv.num_blocks * kv.block_size;
      break;
    case CacheTokens::kBlocksPerGroup:
      kv.capacity_tokens = kv.num_blocks / layout.groups * kv.block_size;
      break;
    case CacheTokens::kConcurrency:
      kv.capacity_tokens = BytesFromDouble(logged * static_cast<double>(resolved.max_model_len)).count();
      break;
  }
}

// How far off the sum of what is measured rather than derived may be.
Bytes MeasuredBand(const VllmRules& rules, const GpuReport& gpu) {
  const double measured = static_cast<double>((gpu.activation + gpu.non_torch).count());
  const double graphs = rules.graphs_inside ? static_cast<double>(gpu.cuda_graph.count()) : 0;
  return BytesFromDouble(measured * Value(Measure::kVllmTightActivation) +
                         graphs * Value(Measure::kVllmTightGraphs)) +
         GiBFromDouble(Value(Measure::kVllmTightBase));
}

Bytes ErrorBand(const Resolved& resolved, const VllmRules& rules, const GpuReport& gpu) {
  return MeasuredBand(rules, gpu) + WeightsBand(resolved.stored, gpu.weights);
}

void Fail(FailureStage failure, std::string_view code, std::string_view message, std::string_view fix,
          Report* report) {
  report->verdict = Verdict::kDoesNotFit;
  report->failure = failure;
  report->diagnostics.push_back(
      {std::string(code), Severity::kError, std::string(message), std::string(fix)});
}

enum class States : uint8_t { kEnough, kClose, kTooFew };

// Decode graphs of models with recurrent layers take a block per sequence (vllm/config/compilation.py).
// `band`: how much smaller the pool may turn out.
States CountStates(const Resolved& resolved, const VllmRules& rules, Bytes band, Report* report) {
  if (!(rules.state_per_sequence || rules.states_asserted) || !rules.full_graphs || resolved.enforce_eager ||
      !HasRecurrent(*resolved.architecture)) {
    return States::kEnough;
  }
  const KvReport& kv = report->kv;
  const int64_t blocks = kv.num_blocks;
  const int64_t needed =
      rules.state_per_sequence ? resolved.max_num_seqs : std::min<int64_t>(resolved.max_num_seqs, 512);
  if (blocks <= 0) return States::kEnough;
  const int64_t missing =
      std::max(BytesFromDouble(static_cast<double>(blocks) * Value(Measure::kVllmTightStates)).count(),
               band / (kv.available / blocks));
  if (needed <= blocks - missing) return States::kEnough;
  const std::string fix = "Set max_num_seqs to at most " + CountText(std::min(blocks, needed) * 9 / 10) + ".";
  if (needed <= blocks) {
    report->diagnostics.push_back({"few_states", Severity::kWarning,
                                   "max_num_seqs " + CountText(resolved.max_num_seqs) +
                                       " comes close to the " + CountText(blocks) +
                                       " blocks that can hold recurrent states.",
                                   fix});
    return States::kClose;
  }
  Fail(FailureStage::kGraphCapture, "more_sequences_than_states",
       "max_num_seqs " + CountText(resolved.max_num_seqs) + " exceeds the " + CountText(blocks) +
           " blocks that can hold recurrent states: graph capture ends.",
       "Set max_num_seqs to at most " + CountText(blocks) + ".", report);
  return States::kTooFew;
}

// What stays on the card from loading on: before graphs are captured, and once the profile run's activations
// are free again.
Bytes AtRest(const GpuReport& gpu) { return SumOfParts(gpu) - gpu.activation - gpu.cuda_graph; }

// In the order in which the engine would stumble.
void Judge(const Resolved& resolved, const VllmRules& rules, const Tightest& tightest, Report* report) {
  bool tight = false, overloaded = false;
  Bytes band;
  for (const GpuReport& gpu : report->per_gpu) {
    const Bytes resting = AtRest(gpu) - gpu.kv_cache;
    if (resting > gpu.capacity) {
      return Fail(FailureStage::kLoading, "out_of_memory_loading",
                  "The weights do not fit on the card: loading ends with CUDA out of memory.",
                  "Use a smaller format, more GPUs, or cpu_offload_gb.", report);
    }
    if (rules.free_memory_checked && resolved.kv_cache_memory == Bytes(0) &&
        gpu.capacity - gpu.driver - gpu.others < gpu.budget) {
      return Fail(FailureStage::kLoading, "share_exceeds_free_memory",
                  "Less memory is free at start than gpu_memory_utilization asks for.",
                  "Lower gpu_memory_utilization.", report);
    }
    if (resting + gpu.activation > gpu.capacity) {
      return Fail(FailureStage::kProfiling, "out_of_memory_profiling",
                  "The profile run ends with CUDA out of memory.",
                  "Lower max_num_batched_tokens or max_num_seqs.", report);
    }
    overloaded = overloaded || gpu.total > gpu.capacity;
  }
  if (tightest.headroom < Bytes(0)) {
    return Fail(FailureStage::kCacheTooSmall, "kv_cache_too_small",
                tightest.pool <= Bytes(0) ? "No memory is left for KV cache blocks."
                                          : "One sequence of max_model_len does not fit in the KV cache.",
                tightest.pool <= Bytes(0)
                    ? "Use a smaller format or more GPUs, or raise gpu_memory_utilization."
                    : "Lower max_model_len, or use a smaller kv_cache_dtype or format.",
                report);
  }
  for (const GpuReport& gpu : report->per_gpu) {
    // The profile run's activations are free again while graphs are captured.
    const Bytes held = AtRest(gpu);
    const Bytes most = gpu.capacity + MeasuredBand(rules, gpu);
    if (held > most) {
      return Fail(FailureStage::kCacheTooSmall, "out_of_memory_allocating_cache",
                  "The cards cannot hold the KV cache that was asked for.", "Lower kv_cache_memory_bytes.",
                  report);
    }
    if (held + gpu.cuda_graph > most) {
      return Fail(FailureStage::kGraphCapture, "out_of_memory_capturing_graphs",
                  "CUDA graph capture ends out of memory: the share leaves too little beside it.",
                  "Lower gpu_memory_utilization, or set enforce_eager.", report);
    }
    band = std::max(band, ErrorBand(resolved, rules, gpu));
    tight = tight || tightest.headroom < band;
  }
  const States states = CountStates(resolved, rules, band, report);
  if (states == States::kTooFew) return;
  report->verdict = tight || overloaded || states == States::kClose ? Verdict::kTight : Verdict::kFits;
  if (overloaded) {
    report->diagnostics.push_back(
        {"card_full_under_load", Severity::kWarning,
         "With activations and CUDA graphs at their peak the card is fuller than it is "
         "large; vLLM may run out of memory under load.",
         "Lower gpu_memory_utilization a little."});
  }
}

// Walks over the ranks of a stage: tensor-parallel ranks of each data-parallel replica.
class RankPlanner {
 public:
  RankPlanner(const Resolved& resolved, const VllmRules& rules, Report* report)
      : resolved_(resolved), rules_(rules), report_(*report) {
    ranks_ = std::min<int64_t>(resolved.tp * resolved.pp * resolved.dp,
                               static_cast<int64_t>(resolved.cards.size()));
    report_.per_gpu.clear();
    report_.per_gpu.resize(static_cast<size_t>(ranks_));
  }

  // The pool of this start: what one sequence leaves of it decides.
  Bytes PlanRanks() {
    stages_.reserve(static_cast<size_t>(resolved_.pp));
    for (int64_t s = 0; s < resolved_.pp; ++s) stages_.push_back(PlanStage(resolved_, rules_, s));
    per_sequence_ = SequenceBlocks(resolved_, stages_);
    for (int64_t s = 0; s < resolved_.pp; ++s) PlanStageRanks(s);
    if (tightest_.blocks == internal::kInt64Max) tightest_.blocks = 0;
    tightest_.longest = LongestIn(tightest_.blocks);
    return tightest_.headroom;
  }

  // REQUIRES, for each: PlanRanks() has been called.
  int64_t longest() const { return tightest_.longest; }
  void Finish() {
    AllocatePools();
    FillCache(resolved_, rules_, stages_[tightest_stage_], tightest_, per_sequence_, &report_);
    report_.host.weights = offloaded_;
    report_.host.kv_cache += resolved_.kv_offloading;
    // V0 reserves swap_space = 4 GiB of RAM per GPU for preempted sequences.
    if (!rules_.v1) report_.host.kv_cache += GiB(4) * ranks_;
    Judge(resolved_, rules_, tightest_, &report_);
  }

 private:
  void PlanStageRanks(int64_t s) {
    const Stage& stage = stages_[static_cast<size_t>(s)];
    const int64_t replica = resolved_.tp * resolved_.pp;
    const GpuReport* previous = nullptr;
    const Card* previous_card = nullptr;
    Bytes offloaded;
    for (int64_t first = s * resolved_.tp; first < ranks_; first += replica) {
      for (int64_t rank = first; rank < std::min(first + resolved_.tp, ranks_); ++rank) {
        const Card& card = resolved_.cards[static_cast<size_t>(rank)];
        GpuReport& gpu = report_.per_gpu[static_cast<size_t>(rank)];
        // Ranks on like cards differ only in whether they sample and in their experts.
        const bool like = previous != nullptr && previous_card->gpu == card.gpu &&
                          previous_card->capacity == card.capacity && previous_card->others == card.others &&
                          rank % resolved_.tp > 1 && !resolved_.expert_parallel;
        if (like) {
          gpu = *previous;
          gpu.rank = static_cast<int32_t>(rank);
        } else {
          gpu = PlanCard(resolved_, rules_, stage, card, static_cast<int32_t>(rank), s == resolved_.pp - 1);
          Consider(static_cast<size_t>(s), &gpu);
          offloaded = Offloaded(resolved_, LoadedOn(resolved_, stage, rank));
        }
        offloaded_ += offloaded;
        previous = &gpu;
        previous_card = &card;
      }
    }
  }

  void Consider(size_t index, GpuReport* gpu) {
    const CacheLayout& layout = stages_[index].layout;
    const Bytes needed = Bytes(layout.block_bytes) * per_sequence_;
    gpu->kv_cache = PoolOf(resolved_, rules_, *gpu);
    gpu->headroom = gpu->kv_cache - needed;
    if (gpu->headroom < tightest_.headroom) {
      tightest_.headroom = gpu->headroom;
      tightest_.pool = gpu->kv_cache;
      tightest_stage_ = index;
    }
    if (layout.block_bytes > 0) {
      tightest_.blocks =
          std::min(tightest_.blocks, std::max<int64_t>(0, gpu->kv_cache.count()) / layout.block_bytes);
    }
  }

  int64_t LongestIn(int64_t blocks) const {
    int64_t longest = std::max(resolved_.max_model_len, resolved_.architecture->scaled_positions);
    for (const Stage& stage : stages_) {
      longest =
          std::min(longest, LongestSequence(stage.layout, Bytes(stage.layout.block_bytes) * blocks, longest));
    }
    return longest;
  }

  // The scarcest rank decides how many blocks every rank gets.
  void AllocatePools() {
    for (size_t i = 0; i < report_.per_gpu.size(); ++i) {
      GpuReport& gpu = report_.per_gpu[i];
      const size_t stage = static_cast<size_t>(static_cast<int64_t>(i) / resolved_.tp % resolved_.pp);
      gpu.kv_cache = std::max(Bytes(0), gpu.kv_cache);
      if (tightest_.headroom >= Bytes(0)) {
        gpu.kv_cache = Bytes(stages_[stage].layout.block_bytes) * tightest_.blocks;
      }
      gpu.total = SumOfParts(gpu);
    }
  }

  const Resolved& resolved_;
  const VllmRules& rules_;
  Report& report_;
  int64_t ranks_ = 0;
  std::vector<Stage> stages_;
  int64_t per_sequence_ = 0;  // block ids that one sequence of max_model_len takes
  Tightest tightest_;
  size_t tightest_stage_ = 0;
  Bytes offloaded_;
};

// A first start takes more than the next ones, because it compiles (vllm_runtime.cc, vllm_activation.cc).
bool LaterStartsTakeLess(const Resolved& resolved, const VllmRules& rules) {
  return !resolved.enforce_eager &&
         (rules.runner_v2 || rules.kernels_spill || rules.compile_copies_embedding);
}

VllmRules OfLaterStart(VllmRules rules) {
  rules.first_start = false;
  return rules;
}

// Where only what a first start takes is too much, the answer is that of a later start, and tight.
void PlanStart(const Resolved& resolved, const VllmRules& rules, Report* report) {
  RankPlanner first(resolved, rules, report);
  const Bytes headroom = first.PlanRanks();
  if (headroom >= Bytes(0) || !LaterStartsTakeLess(resolved, rules)) return first.Finish();
  const VllmRules later_rules = OfLaterStart(rules);
  Report later = *report;
  RankPlanner again(resolved, later_rules, &later);
  if (again.PlanRanks() < Bytes(0)) return first.Finish();
  again.Finish();
  if (!later.fits()) return first.Finish();
  later.verdict = Verdict::kTight;
  later.diagnostics.push_back({std::string(kFirstStartTooSmall), Severity::kWarning,
                               "The first start compiles kernels and leaves too little for the KV cache; "
                               "with the filled compile cache "
                               "it starts.",
                               "Start it again, lower max_model_len, or set enforce_eager."});
  *report = std::move(later);
}

// The longest sequence that fits: what an estimate at that max_model_len says, because the step's token
// budget, and with it the pool, may depend on the length.
class LongestFinder {
 public:
  LongestFinder(const Resolved& resolved, const VllmRules& rules, const Report& report)
      : resolved_(resolved),
        rules_(rules),
        report_(report),
        asked_(resolved.max_model_len),
        limit_(std::max(asked_, resolved.architecture->scaled_positions)) {}

  int64_t Find() const {
    if (report_.verdict == Verdict::kInvalid) return 0;
    const int64_t in_pool = report_.kv.max_model_len_that_fits;
    // "Auto" sizes the budget for the model's own length and keeps it.
    if (resolved_.max_model_len_auto) {
      if (report_.fits()) return std::max(in_pool, asked_);
      return report_.failure == FailureStage::kCacheTooSmall ? std::min(in_pool, asked_ - 1) : 0;
    }
    return report_.fits() ? Longer(std::max(in_pool, asked_)) : Shorter(std::min(in_pool, asked_ - 1));
  }

 private:
  // What the pool of a later start holds.
  int64_t InLaterPool() const {
    if (!LaterStartsTakeLess(resolved_, rules_)) return 0;
    Report report;
    const VllmRules rules = OfLaterStart(rules_);
    RankPlanner later(resolved_, rules, &report);
    later.PlanRanks();
    return later.longest();
  }

  int64_t Longer(int64_t in_pool) const {
    if (in_pool >= limit_ && Steady(in_pool)) return in_pool;
    const int64_t later = std::min(limit_, InLaterPool());
    if (later > in_pool && Steady(later) && Fits(later)) return later;
    if (in_pool == asked_) return asked_;
    if (Steady(in_pool)) return in_pool;
    if (Fits(limit_)) return limit_;
    return Boundary(asked_, limit_);
  }

  int64_t Shorter(int64_t in_pool) const {
    if (report_.failure == FailureStage::kLoading) return 0;
    int64_t below = asked_;  // lengths from here on fail as the one asked for does
    if (report_.failure == FailureStage::kCacheTooSmall) {
      for (const int64_t length : {std::min(InLaterPool(), asked_ - 1), in_pool}) {
        if (length <= 0 || length >= below || !Steady(length)) continue;
        if (Fits(length)) return length;
        below = length;
      }
    }
    below = FirstSteady(below);
    // Powers of two below it: where one fits, the boundary lies between it and the one before.
    int64_t fails = below;
    for (int64_t length = below - 1; length >= 1; length = length / 2) {
      if (Fits(length)) return Boundary(length, fails);
      fails = length;
    }
    return 0;
  }

  // Of lengths up to `below`, all of which fail from some on: the first with today's budget.
  int64_t FirstSteady(int64_t below) const {
    int64_t other = 0, same = below;
    while (same - other > 1) {
      const int64_t middle = other + (same - other) / 2;
      (Steady(middle) ? same : other) = middle;
    }
    return same;
  }

  int64_t Boundary(int64_t fits, int64_t fails) const {
    while (fails - fits > 1) {
      const int64_t middle = fits + (fails - fits) / 2;
      (Fits(middle) ? fits : fails) = middle;
    }
    return fits;
  }

  Resolved At(int64_t length) const {
    Resolved other = resolved_;
    Defaults(*resolved_.config, &other).TakeLength(length);
    return other;
  }

  // Whether another length leaves the pool as it is.
  bool Steady(int64_t length) const {
    const int64_t least = std::min(length, asked_);
    const bool saturated = internal::SaturatingMultiply(resolved_.max_num_seqs, least) >= kLargestBudget &&
                           internal::SaturatingMultiply(8, least) >= rules_.latent_context_rows;
    if (rules_.v1 && resolved_.enable_chunked_prefill && saturated) return true;
    const Resolved other = At(length);
    return other.enable_chunked_prefill == resolved_.enable_chunked_prefill &&
           (other.enable_chunked_prefill || length <= other.max_num_batched_tokens) &&
           other.max_num_batched_tokens == resolved_.max_num_batched_tokens &&
           other.max_num_seqs == resolved_.max_num_seqs && Peak(other) == Peak(resolved_);
  }

  Bytes Peak(const Resolved& resolved) const {
    return VllmActivationPeak(resolved, rules_, {false, true}).peak;
  }

  bool Fits(int64_t length) const {
    const Resolved other = At(length);
    std::vector<Diagnostic> diagnostics;
    if (!CheckVllmGates(other, &diagnostics)) return false;
    Report report;
    PlanStart(other, RulesFor(other), &report);
    return report.fits();
  }

  const Resolved& resolved_;
  const VllmRules& rules_;
  const Report& report_;
  const int64_t asked_, limit_;
};

// One rule: what fits has room for a sequence of max_model_len, and what does not fit has none.
void AgreeWithVerdict(const Resolved& resolved, const VllmRules& rules, Report* report) {
  KvReport& kv = report->kv;
  kv.max_model_len_that_fits = LongestFinder(resolved, rules, *report).Find();
  if (!report->fits() && kv.max_concurrency >= 1) kv.max_concurrency = 0;
}

constexpr EngineTraits kTraits = {
    .id = "vllm",
    .alias = "",
    .name = "vLLM",
    .kernels = KernelGroup::kTorch,
    .layout = CardLayout::kDegrees,
    // The platform's first type, float16 where a card lacks it and before 0.9 (vllm/config/model.py
    // _resolve_auto_dtype): two bytes either way.
    .casts_fp32_to = "bf16",
    .budget_modelled = true,
    .fills_share = true,
    .keys = KeyOwner::kPagedServer,
};

class Vllm final : public Engine {
 public:
  const EngineTraits& traits() const override { return kTraits; }
  const EngineLanguage* language() const override { return &VllmLanguage(); }

  Result<EngineVersion> ReadVersion(std::string_view text, std::string_view where) const override {
    return ReadVllmVersion(text, where);
  }

  std::optional<Error> TakeDefaults(const Config& config, Resolved* resolved) const override {
    return Defaults(config, resolved).Take();
  }

  void Plan(const Resolved& resolved, Report* report) const override {
    const bool starts = CheckVllmGates(resolved, &report->diagnostics);
    const VllmRules rules = RulesFor(resolved);
    PlanStart(resolved, rules, report);
    if (!starts) {
      report->verdict = Verdict::kInvalid;
      report->failure = FailureStage::kInvalid;
    }
    AgreeWithVerdict(resolved, rules, report);
  }

  std::vector<Term> Explain(const Resolved& resolved, const Report& report) const override {
    return ExplainVllm(resolved, report);
  }

  std::vector<std::string> ExpectedLog(const Resolved& resolved, const Report& report) const override {
    return ExpectedVllmLog(resolved, report);
  }

  // From 0.26 the line of the activation peak has the graphs' estimate in it
  // (vllm/v1/worker/gpu_worker.py determine_available_memory).
  Bytes LoggedActivation(const Resolved& resolved, const GpuReport& gpu) const override {
    const bool with_graphs = resolved.version.number >= VllmNumber(0, 26);
    return gpu.activation + (with_graphs ? gpu.cuda_graph : Bytes(0));
  }

  double LoggedConcurrency(const Resolved& resolved, const Report& report) const override {
    return VllmLoggedConcurrency(resolved, RulesFor(resolved), report.kv);
  }

  StepStyle StyleOf(const Resolved& resolved) const override { return VllmStyle(resolved); }
  int64_t CacheLimit(const Report& report) const override { return report.kv.capacity_tokens; }
  void SetUpServer(const Resolved& resolved, const Report& report, SchedulerSetup* setup) const override {
    SetUpVllmServer(resolved, report, setup);
  }
  const MetricNames& metric_names() const override { return VllmMetrics(); }

  std::vector<int64_t> LengthBreaks() const override { return {kUnchunkedUpTo}; }
  std::vector<std::string_view> Formats() const override { return VllmFormats(); }
  std::string FormatSince(const WeightFormat& format) const override {
    return format.family == FormatFamily::kMxfp4 ? "0.10.1 and later" : "";
  }
  std::vector<Lever> Levers(const LeverStart& start) const override { return VllmLevers(start); }
  std::vector<HostLever> HostLevers(const LeverStart& start) const override {
    (void)start;
    return VllmHostLevers();
  }
};

}  // namespace

const Engine& VllmEngine() {
  static const Vllm engine;
  return engine;
}

}  // namespace plimsoll
