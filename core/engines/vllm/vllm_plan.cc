#include "core/engines/vllm/vllm_plan.h"

#include <algorithm>
#include <cmath>

#include "core/arch/kv_cache.h"
#include "core/arch/parallelism.h"
#include "core/base/text.h"
#include "core/engines/host_tier.h"
#include "core/engines/measured_constants.h"
#include "core/engines/vllm/vllm_activation.h"
#include "core/engines/vllm/vllm_cuda_graphs.h"
#include "core/engines/vllm/vllm_kv_cache.h"
#include "core/engines/vllm/vllm_runtime.h"
#include "core/engines/vllm/vllm_version.h"
#include "core/engines/vllm/vllm_weights.h"
#include "core/resolve/memory_parts.h"

namespace plimsoll {
namespace {

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

// The same as the log's "Maximum concurrency" counts them.
int64_t BlocksForConcurrency(const Resolved& resolved, const std::vector<Stage>& stages) {
  int64_t blocks = 0;
  for (const Stage& stage : stages) {
    const CacheLayout& layout = stage.layout;
    if (layout.block_bytes > 0)
      blocks = std::max(blocks, layout.BlocksForConcurrency(resolved.max_model_len));
  }
  return blocks;
}

void FillCache(const Resolved& resolved, const VllmRules& rules, const Stage& stage, const Tightest& tightest,
               int64_t per_sequence, int64_t for_concurrency, Report* report) {
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
  switch (rules.tokens) {
    case CacheTokens::kBlocks:
      kv.capacity_tokens = kv.num_blocks * kv.block_size;
      break;
    case CacheTokens::kBlocksPerGroup:
      kv.capacity_tokens = kv.num_blocks / layout.groups * kv.block_size;
      break;
    case CacheTokens::kConcurrency:
      kv.capacity_tokens = BytesFromDouble(VllmLoggedConcurrency(resolved, rules, kv, for_concurrency) *
                                           static_cast<double>(resolved.max_model_len))
                               .count();
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

// What may come on top of the prediction once graphs are captured and the sampler is warmed up.
Bytes MoreAfterCapture(const Resolved& resolved, const VllmRules& rules, const GpuReport& gpu,
                       const Card& card) {
  return BytesFromDouble(static_cast<double>(gpu.cuda_graph.count()) * Value(Measure::kVllmTightGraphs)) +
         VllmSpillsOnCapture(resolved, rules, *card.gpu);
}

// A card's graphs without NCCL's part, which few logs tell: it makes an answer tight, and fails none.
Bytes CertainGraphs(const Resolved& resolved, const VllmRules& rules, const GpuReport& gpu,
                    const Card& card) {
  const VllmGraphs all = VllmCudaGraphs(resolved, rules, resolved.architecture->layers, *card.gpu);
  if (all.bytes <= Bytes(0)) return gpu.cuda_graph;
  return BytesFromDouble(static_cast<double>(gpu.cuda_graph.count()) *
                         (1 - all.collectives.gib() / all.bytes.gib()));
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
      !VllmHasStates(*resolved.architecture)) {
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
  bool tight = false, overloaded = false, crowded = false;
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
                                          : "One sequence of full length does not fit in the KV cache.",
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
    const Card& card = resolved.cards[static_cast<size_t>(gpu.rank)];
    if (held + gpu.cuda_graph > most && held + CertainGraphs(resolved, rules, gpu, card) > most) {
      return Fail(FailureStage::kGraphCapture, "out_of_memory_capturing_graphs",
                  "CUDA graph capture ends out of memory: the share leaves too little beside it.",
                  "Lower gpu_memory_utilization, or set enforce_eager.", report);
    }
    band = std::max(band, ErrorBand(resolved, rules, gpu));
    tight = tight || tightest.headroom < band;
    crowded = crowded || gpu.total + MoreAfterCapture(resolved, rules, gpu, card) > gpu.capacity;
  }
  const States states = CountStates(resolved, rules, band, report);
  if (states == States::kTooFew) return;
  const bool close = tight || overloaded || crowded || states == States::kClose;
  report->verdict = close ? Verdict::kTight : Verdict::kFits;
  if (overloaded) {
    report->diagnostics.push_back(
        {"card_full_under_load", Severity::kWarning,
         "With activations and CUDA graphs at their peak the card is fuller than it is "
         "large; vLLM may run out of memory under load.",
         "Lower gpu_memory_utilization a little."});
  } else if (crowded) {
    report->diagnostics.push_back({"card_may_fill_after_capture", Severity::kWarning,
                                   "CUDA graphs are known to a factor only: if they take what the largest in "
                                   "logs did, too little of the card "
                                   "is left to warm up the sampler.",
                                   "Lower gpu_memory_utilization a little, or max_num_seqs."});
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
    FillCache(resolved_, rules_, stages_[tightest_stage_], tightest_, per_sequence_,
              BlocksForConcurrency(resolved_, stages_), &report_);
    report_.host.weights = offloaded_;
    report_.host.kv_cache += HostCacheRam(resolved_);
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
          Calibrate(report_.calibration, &gpu);
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
    int64_t longest = std::max(resolved_.max_model_len, resolved_.rope.scaled);
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

}  // namespace

void PlanVllmStart(const Resolved& resolved, const VllmRules& rules, Report* report) {
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

int64_t LongestInLaterVllmPool(const Resolved& resolved, const VllmRules& rules, const Report& report) {
  if (!LaterStartsTakeLess(resolved, rules)) return 0;
  Report later;
  later.calibration = report.calibration;
  const VllmRules later_rules = OfLaterStart(rules);
  RankPlanner planner(resolved, later_rules, &later);
  planner.PlanRanks();
  return planner.longest();
}

}  // namespace plimsoll
