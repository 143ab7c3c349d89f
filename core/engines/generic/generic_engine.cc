#include "core/engines/generic/generic_engine.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "core/arch/kv_cache.h"
#include "core/arch/parallelism.h"
#include "core/base/text.h"
#include "core/config/version_text.h"
#include "core/engines/host_tier.h"
#include "core/engines/measured_constants.h"
#include "core/engines/system_memory.h"
#include "core/engines/tensorrt/tensorrt_commands.h"
#include "core/engines/tensorrt/tensorrt_log_reader.h"
#include "core/engines/vllm/vllm_activation.h"
#include "core/engines/vllm/vllm_levers.h"
#include "core/engines/vllm/vllm_runtime.h"
#include "core/engines/vllm/vllm_server.h"
#include "core/resolve/memory_parts.h"

namespace plimsoll {
namespace {

// When the cache is FP8 although nobody asked for it.
enum class Fp8Cache : uint8_t {
  kNever,
  kOfFp8AndNvfp4,  // with every checkpoint in these formats
};

// Makers of cards that an engine runs on; Gaudi counts as none's.
enum Makers : uint8_t { kNvidiaCards = 1, kAmdCards = 2, kIntelCards = 4, kAppleCards = 8 };

// An engine whose budget is not modelled: what its users still ask for.
struct GenericTraits {
  EngineTraits engine;
  const EngineLanguage* (*language)();  // nullptr: not known to us
  int64_t sequences;                    // that it runs at once by default; 0: as many as are asked for
  int64_t batched_tokens;               // of a step's prompt tokens by default; 0: a whole prompt
  Fp8Cache fp8_cache;
  // Shares of a card that weights and pages may take together (0: no such limit), and that pages may take of
  // what the weights leave.
  double static_share, free_share;
  bool ahead;                        // the next step is launched before the last one's tokens are known
  bool reserves_answers;             // a request is admitted when its whole answer has room
  bool half_sums;                    // products of prompts sum in 16 bits
  std::vector<LogPattern> (*log)();  // nullptr: its logs are not read
  uint8_t makers;
  int least_fp8, least_nvfp4;  // compute capability that these formats need; 0: any
};

constexpr GenericTraits Make(std::string_view id, std::string_view name, uint8_t makers,
                             std::string_view casts_fp32_to, int64_t sequences, int64_t batched_tokens,
                             Fp8Cache fp8_cache = Fp8Cache::kNever,
                             const EngineLanguage* (*language)() = nullptr, double static_share = 0,
                             double free_share = 0.9, bool ahead = false) {
  GenericTraits traits{};
  traits.language = language;
  traits.engine.id = id;
  traits.engine.name = name;
  traits.engine.casts_fp32_to = casts_fp32_to;
  traits.sequences = sequences;
  traits.batched_tokens = batched_tokens;
  traits.fp8_cache = fp8_cache;
  traits.static_share = static_share;
  traits.free_share = free_share;
  traits.ahead = ahead;
  traits.makers = makers;
  return traits;
}

constexpr GenericTraits WithLog(GenericTraits traits, std::vector<LogPattern> (*log)()) {
  traits.log = log;
  return traits;
}

// The cache takes a share of what is free once weights, activations and what lies outside PyTorch have been at their
// peak; `free_share` is the default.
constexpr GenericTraits SharingThePeaksRest(GenericTraits traits) {
  traits.engine.share = KeyOwner::kPeakShare;
  return traits;
}

// TensorRT-LLM's scheduler policy GUARANTEED_NO_EVICT, the default (llmapi/llm_args.py CapacitySchedulerPolicy).
constexpr GenericTraits ReservingAnswers(GenericTraits traits) {
  traits.reserves_answers = true;
  return traits;
}

// Prompts are unpacked to 16 bits and multiplied by cublasHgemm, which sums in 16 bits (exllama's
// cuda_func/q4_matmul.cu, exllamav2's cuda/q_gemm.cu).
constexpr GenericTraits SummingInHalf(GenericTraits traits) {
  traits.half_sums = true;
  return traits;
}

// docs/source/reference/support-matrix.md: FP8 from Ada on, NVFP4 from Blackwell on.
constexpr GenericTraits WithLeast(GenericTraits traits, int fp8, int nvfp4) {
  traits.least_fp8 = fp8;
  traits.least_nvfp4 = nvfp4;
  return traits;
}

// TensorRT-LLM: max_batch_size 2048, max_num_tokens 8192 (tensorrt_llm/llmapi/llm_args.py); ModelOpt's FP8
// and NVFP4 checkpoints ask for an FP8 cache (tensorrt_llm/models/modeling_utils.py, kv_cache_quant_algo).
// float32 becomes float16 in TensorRT-LLM (models/convert_utils.py infer_dtype) and all that run in half
// precision only; MLX and Transformers keep it.
// TensorRT-LLM's free_gpu_memory_fraction 0.9 and LMDeploy's cache_max_entry_count 0.8 are of what the weights
// leave (kv_cache_config, messages.py). TensorRT-LLM's scheduler overlaps (_torch/pyexecutor/py_executor.py
// _executor_loop_overlap), by default.
// LMDeploy: max_batch_size 256 on data-centre cards, max_prefill_token_num 8192 (lmdeploy/messages.py).
// MLX runs on Metal and, since 0.28, CUDA; the ExLlamas and AutoAWQ have CUDA and HIP kernels, LMDeploy's
// TurboMind CUDA alone; MLC compiles for Vulkan too.
constexpr uint8_t kEveryCard = kNvidiaCards | kAmdCards | kIntelCards | kAppleCards;
constexpr GenericTraits kGeneric[] = {
    WithLog(WithLeast(SharingThePeaksRest(ReservingAnswers(Make(
                          "tensorrt-llm", "TensorRT-LLM", kNvidiaCards, "fp16", 2048, 8192,
                          Fp8Cache::kOfFp8AndNvfp4, [] { return &TensorrtLanguage(); }, 0, 0.9, true))),
                      89, 100),
            TensorrtLogPatterns),
    Make("mlx", "MLX", kAppleCards | kNvidiaCards, "", 0, 2048),
    Make("mlc-llm", "MLC LLM", kEveryCard, "fp16", 0, 2048),
    SummingInHalf(Make("exllama", "ExLlama", kNvidiaCards | kAmdCards, "fp16", 0, 0)),
    SummingInHalf(Make("exllamav2", "ExLlamaV2", kNvidiaCards | kAmdCards, "fp16", 0, 2048)),
    Make("autoawq", "AutoAWQ", kNvidiaCards | kAmdCards, "fp16", 0, 0),
    Make("lmdeploy", "LMDeploy", kNvidiaCards, "fp16", 256, 8192, Fp8Cache::kNever, nullptr, 0, 0.8),
    Make("transformers", "Transformers", kEveryCard, "", 0, 0),
};

uint8_t MakerOf(const Gpu& gpu) {
  if (gpu.target == "hpu") return 0;
  switch (gpu.vendor) {
    case Vendor::kNvidia:
      return kNvidiaCards;
    case Vendor::kAmd:
      return kAmdCards;
    case Vendor::kIntel:
      return kIntelCards;
    case Vendor::kApple:
      return kAppleCards;
    default:
      return 0;
  }
}

constexpr int64_t kPage = 64;  // tokens

struct Share {
  Bytes weights, kv_cache, recurrent_state;
  Bytes activation, communicators;  // of engines whose cache is a share of what the peak leaves
};

bool SharesThePeaksRest(const Resolved& r) { return r.engine->share == KeyOwner::kPeakShare; }

// tensorrt_llm/_torch/pyexecutor/_util.py: a dry run of max_num_tokens finds the peak. Its buffers are those of a chunk
// of prompts in any engine on PyTorch; logits are of the last tokens alone.
Bytes PeakActivation(const Resolved& r) {
  VllmRules rules;
  rules.first_start = false;
  const VllmActivation buffers = VllmActivationPeak(r, rules, {false, false});
  return std::max({buffers.mlp, buffers.moe, buffers.context});
}

// NCCL's buffers, as other engines on PyTorch were seen to have them.
Bytes Communicators(const Resolved& r) {
  if (r.tp * r.pp <= 1 || r.cards.empty()) return Bytes(0);
  const bool link = HasNvlink(*r.cards[0].gpu);
  return GiBFromDouble(Value(link ? Measure::kVllmNcclNvlink : Measure::kVllmNcclPcie));
}

int64_t AskedLength(const Resolved& r) {
  return std::max<int64_t>(1, std::min(r.max_model_len, r.prompt_tokens + r.output_tokens));
}

// Sequences of one replica that are asked for at once.
int64_t AskedSequences(const Resolved& r) {
  return CeilDiv(std::max<int64_t>(1, r.concurrency), std::max<int64_t>(1, r.dp));
}

// Bytes of the cache on one rank for `sequences` of `length`: heads are divided, a latent is not.
Bytes KvOnRank(const Resolved& r, int64_t length, int64_t sequences) {
  Bytes total;
  for (const LayerGroup& group : r.architecture->groups) {
    const Attention& at = group.shape.attention;
    if (at.kind == AttentionKind::kNone) continue;
    const Bytes token =
        KvTypeBytes(r.kv_cache_dtype.k, KeyElements(at)) + KvTypeBytes(r.kv_cache_dtype.v, ValueElements(at));
    Bytes layer = token * CachedTokens(at, length);
    if (at.kind != AttentionKind::kLatent && at.kv_heads > 0) {
      layer = layer * KvHeadsPerRank(at.kv_heads, r.tp) / at.kv_heads;
    }
    total += layer * group.count;
  }
  return total / std::max<int64_t>(1, r.pp) * sequences;
}

Bytes StateOnRank(const Resolved& r, int64_t sequences) {
  Bytes total;
  for (const LayerGroup& group : r.architecture->groups) {
    const Recurrent& rec = group.shape.recurrent;
    if (rec.kind == RecurrentKind::kNone) continue;
    const Bytes state = Bytes(StateElements(rec)) * (rec.state_fp32 ? 4 : 2);
    total += (state + Bytes(ConvolutionElements(rec)) * 2) * group.count;
  }
  return total / std::max<int64_t>(1, r.tp * r.pp) * sequences;
}

// What a rank must hold with this max_model_len: the sequences that are asked for, or one as long as it may
// be, whichever is more.
Bytes CacheNeeded(const Resolved& r, int64_t max_model_len) {
  const int64_t asked = std::max<int64_t>(1, std::min(max_model_len, r.prompt_tokens + r.output_tokens));
  return std::max(KvOnRank(r, asked, AskedSequences(r)), KvOnRank(r, max_model_len, 1));
}

Share OnRank(const Resolved& r) {
  const int64_t ranks = std::max<int64_t>(1, r.tp * r.pp);
  Share share;
  share.weights = r.stored.held / ranks;
  // A length that nobody named is what has room, and is not charged.
  share.kv_cache = r.config != nullptr && r.config->max_model_len
                       ? CacheNeeded(r, r.max_model_len)
                       : KvOnRank(r, AskedLength(r), AskedSequences(r));
  share.recurrent_state = StateOnRank(r, AskedSequences(r));
  if (SharesThePeaksRest(r)) {
    share.activation = PeakActivation(r);
    share.communicators = Communicators(r);
  }
  return share;
}

// The driver's part of a card, where all that is not the cache is counted.
Bytes DriverOn(const Resolved& r, const Card& card) {
  return SharesThePeaksRest(r) ? DriverContext(*card.gpu) : Bytes(0);
}

// What a card leaves beside the weights and states, or the cache's share of what it leaves at the peak.
Bytes RoomOnCard(const Resolved& r, const Share& share, const Card& card) {
  const Bytes left = card.capacity - card.others - share.weights - share.recurrent_state - share.activation -
                     share.communicators - DriverOn(r, card);
  if (!SharesThePeaksRest(r) || left <= Bytes(0)) return left;
  const Bytes pool = BytesFromDouble(static_cast<double>(left.count()) * r.free_gpu_memory_fraction);
  return r.kv_cache_memory > Bytes(0) ? std::min(pool, r.kv_cache_memory) : pool;
}

Bytes RoomForCache(const Resolved& r, const Share& share) {
  Bytes room;
  for (size_t i = 0; i < r.cards.size(); ++i) {
    const Bytes left = RoomOnCard(r, share, r.cards[i]);
    if (i == 0 || left < room) room = left;
  }
  return room;
}

// The longest max_model_len, up to `limit`, whose need has room; 0: none.
int64_t LongestIn(const Resolved& r, Bytes room, int64_t limit) {
  if (CacheNeeded(r, limit) <= room) return limit;
  int64_t fits = 0, fails = limit;
  while (fails - fits > 1) {
    const int64_t middle = fits + (fails - fits) / 2;
    (CacheNeeded(r, middle) <= room ? fits : fails) = middle;
  }
  return fits;
}

class Generic final : public Engine {
 public:
  explicit Generic(const GenericTraits& traits) : traits_(traits) {}

  const EngineTraits& traits() const override { return traits_.engine; }
  const EngineLanguage* language() const override {
    return traits_.language != nullptr ? traits_.language() : nullptr;
  }

  // No rule of ours depends on these engines' releases: whatever names one is kept as it stands.
  std::vector<LogPattern> LogPatterns() const override {
    return traits_.log != nullptr ? traits_.log() : std::vector<LogPattern>();
  }

  Result<EngineVersion> ReadVersion(std::string_view text, std::string_view where) const override {
    for (const char c : text) {
      if (c < ' ' || c > '~') return RefuseVersion(where, text, "printable text");
    }
    if (text.size() > 64) return RefuseVersion(where, text, "at most 64 characters");
    return EngineVersion{std::string(text), 0, 0};
  }

  std::optional<Error> TakeDefaults(const Config& config, Resolved* resolved) const override {
    Resolved& r = *resolved;
    const FormatFamily family = r.format->family;
    const bool implied = traits_.fp8_cache == Fp8Cache::kOfFp8AndNvfp4 &&
                         (family == FormatFamily::kFp8 || family == FormatFamily::kNvfp4);
    if (!config.kv_cache_dtype && implied) r.kv_cache_dtype = {KvType::kFp8, KvType::kFp8};
    r.free_gpu_memory_fraction = config.free_gpu_memory_fraction.value_or(traits_.free_share);
    if (SharesThePeaksRest(r)) r.kv_offloading = GiBFromDouble(config.kv_offloading_gib.value_or(0));
    if (r.max_num_batched_tokens <= 0) r.max_num_batched_tokens = traits_.batched_tokens;
    if (r.max_model_len <= 0) r.max_model_len = std::max<int64_t>(1, r.architecture->max_positions);
    if (!config.max_model_len) r.max_model_len = DefaultLength(r);
    if (r.max_num_seqs <= 0) {
      r.max_num_seqs = traits_.sequences > 0 ? traits_.sequences : std::max<int64_t>(1, r.concurrency);
    }
    if (r.gpu_memory_utilization <= 0) r.gpu_memory_utilization = 1;
    return std::nullopt;
  }

  void Plan(const Resolved& r, Report* report) const override {
    const Share share = OnRank(r);
    bool fits = true;
    for (size_t i = 0; i < r.cards.size(); ++i) {
      const Card& card = r.cards[i];
      GpuReport gpu;
      gpu.gpu = card.gpu->id;
      gpu.rank = static_cast<int32_t>(i);
      gpu.capacity = card.capacity;
      gpu.budget = card.capacity;
      gpu.weights = share.weights;
      gpu.kv_cache = share.kv_cache;
      gpu.recurrent_state = share.recurrent_state;
      gpu.activation = share.activation;
      gpu.non_torch = share.communicators;
      gpu.driver = DriverOn(r, card);
      gpu.others = card.others;
      Calibrate(report->calibration, &gpu);
      gpu.total = SumOfParts(gpu);
      gpu.headroom = card.capacity - gpu.total;
      if (SharesThePeaksRest(r)) {
        gpu.headroom = std::min(gpu.headroom, RoomOnCard(r, share, card) - gpu.kv_cache);
      }
      if (gpu.headroom < Bytes(0)) fits = false;
      report->per_gpu.push_back(gpu);
    }
    FillCache(r, share, fits, report);
    report->verdict = fits ? Verdict::kFits : Verdict::kDoesNotFit;
    if (!fits) report->failure = FailureStage::kLoading;
    if (r.kv_offloading > Bytes(0)) {
      report->host.kv_cache = HostCacheRam(r);
      JudgeHostMemory(r, Bytes(0), report);
    }
    if (!RunsOnCards(r, report)) {
      report->verdict = Verdict::kInvalid;
      report->failure = FailureStage::kInvalid;
      report->kv.max_concurrency = 0;
      report->kv.max_model_len_that_fits = 0;
    }
    const bool peak = SharesThePeaksRest(r);
    report->diagnostics.push_back(
        {"engine_budget_not_modelled", Severity::kInfo,
         peak ? "The cache takes " + DecimalText(r.free_gpu_memory_fraction, 2) +
                    " of what weights, activations, NCCL and the driver leave (free_gpu_memory_fraction); "
                    "CUDA graphs "
                    "and other workspaces are not counted, and no public log holds this budget to account."
              : "Counted are the weights and the cache of the sequences asked for; what this engine reserves "
                "beside "
                "them is not modelled.",
         "Leave room, or ask for vllm, llama.cpp or sglang, whose budgets are modelled in full."});
  }

  std::vector<Term> Explain(const Resolved& r, const Report& report) const override {
    const Share share = OnRank(r);
    const std::string ranks = CountText(std::max<int64_t>(1, r.tp * r.pp));
    const bool one = share.kv_cache > KvOnRank(r, AskedLength(r), AskedSequences(r));
    const std::string sequences = CountedText(AskedSequences(r), "sequence", "sequences");
    const std::string length = CountText(AskedLength(r));
    std::vector<Term> terms;
    terms.push_back({"Weights", "checkpoint / (tp * pp)", CountText(r.stored.held.count()) + " / " + ranks,
                     share.weights, "bytes of the checkpoint's tensors", 0});
    terms.push_back({"KV cache", "sequences * bytes per sequence on a rank",
                     one ? "one sequence of " + CountText(r.max_model_len) + " tokens"
                         : sequences + " of " + length + " tokens",
                     share.kv_cache, "layer shapes of the model", 0});
    if (share.recurrent_state > Bytes(0)) {
      terms.push_back({"Recurrent state", "sequences * state on a rank", sequences, share.recurrent_state,
                       "layer shapes of the model", 0});
    }
    if (share.activation > Bytes(0)) {
      terms.push_back(
          {"Activation peak", "buffers of a step",
           CountedText(r.max_num_batched_tokens, "token", "tokens") + " in a step", share.activation,
           "TensorRT-LLM _torch/pyexecutor/_util.py: a dry run of max_num_tokens; the buffers are those of "
           "engines on PyTorch",
           0});
    }
    if (share.communicators > Bytes(0)) {
      terms.push_back({"Communicators", "as measured of NCCL", ranks + " ranks", share.communicators,
                       "other engines' logs", 0});
    }
    const auto fullest =
        std::max_element(report.per_gpu.begin(), report.per_gpu.end(),
                         [](const GpuReport& a, const GpuReport& b) { return a.headroom > b.headroom; });
    if (fullest == report.per_gpu.end()) return terms;
    if (fullest->driver > Bytes(0)) {
      terms.push_back({"CUDA context", "what the driver holds of a card for a process", "", fullest->driver,
                       "free memory before a process starts, in other engines' logs", 0});
    }
    AddSystemTerms(r, *fullest, &terms);
    return terms;
  }

  std::vector<std::string> ExpectedLog(const Resolved& r, const Report& report) const override {
    (void)r;
    (void)report;
    return {};
  }

  StepStyle StyleOf(const Resolved& r) const override {
    StepStyle style;
    style.engine = r.engine->id;
    style.kernels = r.engine->kernels;
    style.ranks = std::max<int64_t>(1, r.tp);
    style.stages = std::max<int64_t>(1, r.pp);
    style.scheduled_ahead = traits_.ahead;
    style.half_sums = traits_.half_sums;
    return style;
  }

  // They page their cache too (TensorRT-LLM), in pages of 64 tokens. Every rank keeps its own share of a token,
  // a latent all of it: the rank with the least room decides. With data parallelism one replica is simulated,
  // and the pool of a rank serves its replica alone.
  void SetUpServer(const Resolved& resolved, const Report& report, SchedulerSetup* setup) const override {
    setup->block_size = kPage;
    const int64_t length = AskedLength(resolved);
    const Bytes sequence = KvOnRank(resolved, length, 1) + StateOnRank(resolved, 1);
    setup->blocks = 0;
    if (sequence > Bytes(0) && !report.per_gpu.empty()) {
      Bytes room = RoomForPages(resolved, report.per_gpu.front());
      for (const GpuReport& gpu : report.per_gpu) room = std::min(room, RoomForPages(resolved, gpu));
      const double sequences = static_cast<double>(room.count()) / static_cast<double>(sequence.count());
      const double pages = sequences * static_cast<double>(length) / static_cast<double>(kPage);
      setup->blocks = static_cast<int64_t>(std::clamp(pages, 0.0, 1e12));
    }
    setup->max_num_seqs = std::max<int64_t>(resolved.max_num_seqs, 1024);
    setup->max_num_batched_tokens = std::max<int64_t>(resolved.max_num_batched_tokens, 8192);
    setup->reserve_output = traits_.reserves_answers;
    setup->holds = SharesThePeaksRest(resolved);  // TensorRT-LLM
    setup->prefix_caching = resolved.enable_prefix_caching;
    if (setup->prefix_caching) setup->host = SecondaryPool(resolved, setup->blocks);
  }

  // Their own names of metrics are not known to us; these are the ones that most dashboards know.
  const MetricNames& metric_names() const override { return VllmMetrics(); }

  std::vector<std::string_view> Formats() const override { return VllmFormats(); }
  RamCacheOption CacheInRam(const Resolved& r) const override {
    if (!SharesThePeaksRest(r)) return {};
    return {"host_cache_size", "GiB per GPU", static_cast<double>(RanksOfReplica(r))};
  }

 private:
  // Says on which card it does not run, or not in this format.
  bool RunsOnCards(const Resolved& r, Report* report) const {
    const std::string name(traits_.engine.name);
    for (const Card& card : r.cards) {
      const Gpu& gpu = *card.gpu;
      if ((MakerOf(gpu) & traits_.makers) == 0) {
        report->diagnostics.push_back({"card_not_supported", Severity::kError,
                                       name + " does not run on " + gpu.name + ".",
                                       "Choose another card or engine."});
        return false;
      }
      const FormatFamily family = r.format->family;
      const bool fp8 = family == FormatFamily::kFp8 || family == FormatFamily::kFp8Block;
      const int least = fp8 ? traits_.least_fp8 : family == FormatFamily::kNvfp4 ? traits_.least_nvfp4 : 0;
      if (gpu.vendor != Vendor::kNvidia || gpu.compute_capability >= least) continue;
      report->diagnostics.push_back(
          {"format_needs_newer_card", Severity::kError,
           name + " computes " + r.format->id + " on cards of compute capability " + CountText(least / 10) +
               "." + CountText(least % 10) + " and later; " + gpu.name + " has " +
               CountText(gpu.compute_capability / 10) + "." + CountText(gpu.compute_capability % 10) + ".",
           "Use awq-int4 or gptq-int4, or a newer card."});
      return false;
    }
    return true;
  }

  // TensorRT-LLM's secondary pool (cpp/tensorrt_llm/batch_manager/kvCacheManager.cpp, getFreeBlock and onboardBlock):
  // what the cards forget moves there, as its priority of 35 is above secondary_offload_min_priority, and changes places
  // with what is forgotten next when it is used again. So both pools together hold what was used last, as RAM does here,
  // which keeps what is on the cards, too, when it is larger by their pool. A step waits for all of its copies, each way
  // on a stream of its own (kvCacheTransferManager.cpp, syncTransfers).
  static HostTier SecondaryPool(const Resolved& r, int64_t blocks) {
    const int64_t length = AskedLength(r);
    const double page = static_cast<double>(KvOnRank(r, length, 1).count()) / static_cast<double>(length) *
                        static_cast<double>(kPage);
    HostTier tier = HostTierOf(r, {1, std::vector<double>(r.cards.size(), page)}, HostCacheRam(r));
    tier.moves = tier.units > 0;
    if (tier.moves) tier.units += blocks;
    return tier;
  }

  Bytes RoomForPages(const Resolved& r, const GpuReport& gpu) const {
    if (SharesThePeaksRest(r)) return std::max(Bytes(0), RoomForCache(r, OnRank(r)));
    const auto whole = static_cast<double>((gpu.capacity - gpu.others).count());
    const auto weights = static_cast<double>(gpu.weights.count());
    const double limit = traits_.static_share > 0 ? traits_.static_share : 1;
    return Bytes(static_cast<int64_t>((whole * limit - weights) * traits_.free_share));
  }

  // Nobody names a length: the model's own, or as much of it as has room, but no less than the workload asks.
  static int64_t DefaultLength(const Resolved& r) {
    const int64_t own = r.max_model_len;
    const int64_t longest = LongestIn(r, RoomForCache(r, OnRank(r)), own);
    return std::max(longest, std::min(own, r.prompt_tokens + r.output_tokens));
  }

  // How many tokens the room beside the weights would hold. One rule for all of it: what fits has room for a
  // sequence of max_model_len; where the sequences asked for do not fit, the share of them that would.
  static void FillCache(const Resolved& r, const Share& share, bool fits, Report* report) {
    const Bytes left = RoomForCache(r, share);
    const Bytes room = std::max(Bytes(0), left);
    KvReport& kv = report->kv;
    kv.available = room;
    kv.per_token = KvBytesPerToken(*r.architecture, r.kv_cache_dtype);
    kv.per_sequence = KvBytesPerSequence(*r.architecture, r.kv_cache_dtype, r.max_model_len);
    kv.block_size = 1;
    const Bytes sequence = KvOnRank(r, r.max_model_len, 1);
    const int64_t own = std::max({int64_t{1}, r.max_model_len, r.architecture->max_positions});
    kv.max_model_len_that_fits = left < Bytes(0) ? 0 : LongestIn(r, left, own);
    if (sequence <= Bytes(0)) {
      // States alone have no length.
      kv.max_concurrency = fits ? static_cast<double>(AskedSequences(r)) : 0;
      return;
    }
    const Bytes needed = fits ? sequence : share.kv_cache;
    kv.max_concurrency = static_cast<double>(room.count()) / static_cast<double>(needed.count());
    const double tokens = static_cast<double>(room.count()) / static_cast<double>(sequence.count()) *
                          static_cast<double>(r.max_model_len);
    kv.capacity_tokens = static_cast<int64_t>(std::min(tokens, 9e15));
    kv.num_blocks = kv.capacity_tokens;
  }

  const GenericTraits& traits_;
};

}  // namespace

std::vector<const Engine*> GenericEngines() {
  static const std::vector<Generic> engines(std::begin(kGeneric), std::end(kGeneric));
  std::vector<const Engine*> list;
  for (const Generic& engine : engines) list.push_back(&engine);
  return list;
}

}  // namespace plimsoll
