#include "core/engines/llama_cpp/llama_engine.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/arch/kv_cache.h"
#include "core/base/text.h"
#include "core/engines/llama_cpp/llama_commands.h"
#include "core/engines/llama_cpp/llama_data.h"
#include "core/engines/llama_cpp/llama_gates.h"
#include "core/engines/llama_cpp/llama_levers.h"
#include "core/engines/llama_cpp/llama_log.h"
#include "core/engines/llama_cpp/llama_options.h"
#include "core/engines/llama_cpp/llama_overrides.h"
#include "core/engines/llama_cpp/llama_plan.h"
#include "core/engines/llama_cpp/llama_rules.h"
#include "core/engines/llama_cpp/llama_server.h"
#include "core/engines/llama_cpp/llama_version.h"
#include "core/engines/measured_constants.h"
#include "core/formats/gguf_types.h"
#include "core/resolve/inquiry.h"

namespace plimsoll {

namespace {

// llama-server's own defaults (common/arg.cpp).
constexpr int64_t kAutomaticSlots = 4;
constexpr int64_t kDefaultBatch = 2048;
constexpr int64_t kContextBeforeFit = 4096;
constexpr int64_t kSmallestFittedContext = 4096;  // --fit-ctx

int64_t LayersOf(const Resolved& resolved) {
  // Layers that the file holds and -ngl counts, the output layer being one more.
  const Architecture& architecture = *resolved.architecture;
  return architecture.layers + architecture.mtp_layers;
}

// Buffers are allocated in this order; the first that has no room is where loading ends.
FailureStage StageOf(const GpuReport& use, Bytes capacity) {
  Bytes held = use.non_torch + use.others + use.weights;
  if (held > capacity) return FailureStage::kLoading;
  held += use.kv_cache + use.recurrent_state;
  if (held > capacity) return FailureStage::kCacheTooSmall;
  return FailureStage::kProfiling;  // "failed to allocate compute pp buffers"
}

// What the driver gives in one piece. Vulkan's limits on AMD are 4 GiB with RADV, 2 GiB with AMD's own
// drivers (GPUOpen-Drivers/AMDVLK#413; ollama/ollama#13029 on Windows); NVIDIA's driver gives more.
Bytes LargestAllocation(const Resolved& resolved, size_t card) {
  const bool limited =
      BackendOf(resolved) == LlamaBackend::kVulkan && resolved.cards[card].gpu->vendor == Vendor::kAmd;
  return limited ? GiB(4) : Bytes(internal::kInt64Max);
}

void RemarkOnAllocation(const Resolved& resolved, size_t card, Bytes largest, Report* report) {
  std::string fix = resolved.flash_attention ? "Set n_ubatch lower, or backend to hip."
                                             : "Set flash_attention to true, or n_ubatch lower.";
  report->diagnostics.push_back({"allocation_too_large", Severity::kError,
                                 "Vulkan gives at most 4 GiB at once on " + resolved.cards[card].gpu->name +
                                     " (2 GiB with AMD's own driver); " + SizeText(largest) +
                                     " of compute buffer are needed in one piece.",
                                 std::move(fix)});
}

constexpr EngineTraits kTraits = {
    .id = "llama.cpp",
    .alias = "ollama",
    .name = "llama.cpp",
    .kernels = KernelGroup::kGgml,
    .layout = CardLayout::kSplit,
    .reads_gguf = true,
    .half_cache = true,
    .budget_modelled = true,
    .runs_without_card = true,
    .shares_context = true,
    .keys = KeyOwner::kGgml,
};

std::optional<Error> ReadOwnKeys(const Config& config, Resolved* resolved) {
  auto owned = std::make_shared<LlamaData>();
  LlamaData* data = owned.get();
  const Result<LlamaOptions> options = ReadLlamaOptions(config);
  if (!options.ok()) return options.error();
  data->options = *options;
  resolved->engine_data = std::move(owned);
  if (config.override_tensor.empty()) return std::nullopt;
  Inquiry& inquiry = *resolved->inquiry;
  data->overrides =
      std::static_pointer_cast<const TensorOverrides>(inquiry.FindData(config.override_tensor, *resolved));
  if (data->overrides == nullptr) {
    Result<TensorOverrides> overrides =
        ReadTensorOverrides(config.override_tensor, *resolved->architecture,
                            static_cast<int64_t>(resolved->cards.size()), &inquiry.patterns());
    if (!overrides.ok()) return overrides.error();
    data->overrides = std::make_shared<const TensorOverrides>(std::move(*overrides));
    inquiry.KeepData(config.override_tensor, *resolved, data->overrides);
  }
  std::string patterns;
  for (const std::string& pattern : data->overrides->unmatched) {
    patterns += (patterns.empty() ? "" : ", ") + Quoted(pattern);
  }
  if (patterns.empty()) return std::nullopt;
  resolved->diagnostics.push_back(
      {"override_matches_nothing", Severity::kWarning,
       "override_tensor: no tensor of this model has " + patterns +
           " in its name, so nothing is moved by it.",
       "Names are such as blk.0.ffn_up_exps.weight; plimsoll inventory lists them."});
  return std::nullopt;
}

// What the program holds in RAM against what there is, where its size is known. What a card maps of memory
// that it shares with the processor counts once.
Bytes HeldInRam(const Resolved& resolved, const Report& report) {
  Bytes held =
      report.host.weights + report.host.kv_cache + report.host.recurrent_state + report.host.compute_buffer;
  if (!resolved.cards[0].gpu->unified_memory) return held;
  for (const GpuReport& gpu : report.per_gpu) held += gpu.total;
  if (BackendOf(resolved) == LlamaBackend::kMetal && OptionsOf(resolved).mmap) held -= report.host.weights;
  return held;
}

// Says what is short; true: next to nothing is left for the system. A file mapped into too little RAM still
// loads, but is read from the disk again for every token: that is no way to run, so it does not fit.
bool JudgeRam(const Resolved& resolved, Report* report) {
  constexpr Bytes kSystem = GiB(2);  // an idle desktop or server without one
  const Bytes size = resolved.ram.size;
  if (size <= Bytes(0) || resolved.ram_alone) return false;
  const Bytes held = HeldInRam(resolved, *report);
  if (held <= size) return held + kSystem > size;
  if (report->failure == FailureStage::kNone) report->failure = FailureStage::kLoading;
  report->diagnostics.push_back(
      {"ram_short", Severity::kError,
       "Weights, cache and buffers in RAM take " + SizeText(held) + " of its " + SizeText(size) + ".",
       "Keep more layers or experts on the cards, or take a smaller format."});
  return true;
}

// What cards and RAM hold with a context of this length, and whether that fits.
void FillAndJudge(const Resolved& resolved, int64_t length, LlamaPlan* plan, Report* report) {
  report->per_gpu = plan->Fill(length);
  if (!resolved.ram_alone) report->host = plan->Host();
  bool tight = false;
  report->failure = FailureStage::kNone;
  for (size_t i = 0; i < report->per_gpu.size(); ++i) {
    const Bytes capacity = resolved.cards[i].capacity;
    GpuReport& gpu = report->per_gpu[i];
    gpu.gpu = resolved.cards[i].gpu->id;
    gpu.rank = static_cast<int32_t>(i);
    gpu.capacity = capacity;
    gpu.budget = capacity;
    gpu.headroom = capacity - gpu.total;
    if (plan->largest(i) > LargestAllocation(resolved, i) && report->failure == FailureStage::kNone) {
      report->failure = FailureStage::kProfiling;
      RemarkOnAllocation(resolved, i, plan->largest(i), report);
    }
    const Bytes band = LlamaBand(resolved, gpu);
    if (gpu.headroom < band) tight = true;
    if (gpu.headroom + band < Bytes(0) && report->failure == FailureStage::kNone) {
      report->failure = StageOf(gpu, capacity);
    }
  }
  if (JudgeRam(resolved, report)) tight = true;
  report->verdict = report->failure != FailureStage::kNone ? Verdict::kDoesNotFit
                    : tight                                ? Verdict::kTight
                                                           : Verdict::kFits;
}

// By the same rule as the verdict: cards first, then what RAM and single allocations allow.
// `fits`: whether max_model_len does. The plan is left at another length.
int64_t LongestThatFits(const Resolved& resolved, bool fits, LlamaPlan* plan) {
  const auto fits_at = [&](int64_t length) {
    Report report;
    FillAndJudge(resolved, length, plan, &report);
    return report.fits();
  };
  int64_t least = fits ? resolved.max_model_len : 0;
  int64_t longest = std::max(least, plan->LongestThatFits());
  if (longest == least || fits_at(longest)) return longest;
  while (longest - least > 1) {
    const int64_t middle = least + (longest - least) / 2;
    (fits_at(middle) ? least : longest) = middle;
  }
  return least;
}

class LlamaCpp final : public Engine {
 public:
  const EngineTraits& traits() const override { return kTraits; }
  const EngineLanguage* language() const override { return &LlamaCppLanguage(); }

  Result<EngineVersion> ReadVersion(std::string_view text, std::string_view where) const override {
    return ReadLlamaVersion(text, where);
  }

  std::optional<Error> TakeDefaults(const Config& config, Resolved* resolved) const override {
    if (std::optional<Error> error = ReadOwnKeys(config, resolved)) return error;
    const EngineVersion& version = resolved->version;
    resolved->n_ubatch = std::max<int64_t>(resolved->n_ubatch, 1);
    if (!config.max_num_batched_tokens) {
      resolved->max_num_batched_tokens = kDefaultBatch;
    }
    if (!config.flash_attention) {
      resolved->flash_attention = Has(version, LlamaChange::kFlashAttentionAuto);
    }
    KvTypes& types = resolved->kv_cache_dtype;
    if (types.k == KvType::kAuto) types.k = KvType::kFp16;
    if (types.v == KvType::kAuto) types.v = KvType::kFp16;

    const bool automatic = Has(version, LlamaChange::kAutomaticSlots);
    const int64_t slots = automatic ? kAutomaticSlots : 1;
    if (!config.max_num_seqs) {
      resolved->max_num_seqs = slots;
    }
    if (!config.kv_unified) {
      // An explicit number of slots divides the context unless -kvu; the automatic number shares it. A number
      // that is the automatic one means the same as leaving it out, because links leave defaults out.
      resolved->kv_unified = !Has(version, LlamaChange::kStreams) || resolved->max_num_seqs == 1 ||
                             (automatic && resolved->max_num_seqs == slots);
    }
    if (!config.n_gpu_layers) {
      resolved->n_gpu_layers = LayersOf(*resolved) + 1;
    }
    CheckLlamaConfiguration(config, resolved);
    if (!config.max_model_len) resolved->max_model_len = DefaultContext(*resolved);
    return std::nullopt;
  }

  void Plan(const Resolved& resolved, Report* report) const override {
    LlamaPlan plan(resolved);
    FillAndJudge(resolved, resolved.max_model_len, &plan, report);
    const LlamaCache cache = plan.cache();
    KvReport& kv = report->kv;
    kv.per_token = KvBytesPerToken(*resolved.architecture, resolved.kv_cache_dtype);
    kv.per_sequence =
        KvBytesPerSequence(*resolved.architecture, resolved.kv_cache_dtype, resolved.max_model_len);
    Bytes available;
    for (const GpuReport& gpu : report->per_gpu) available += gpu.capacity - (gpu.total - gpu.kv_cache);
    kv.available = std::max(Bytes(0), available);
    kv.block_size = 1;
    kv.num_blocks = cache.context;
    kv.capacity_tokens = cache.context;
    // Sequences of max_model_len, as for every engine: slots share the context or divide it, they do not
    // multiply it. States alone have no length.
    const double most = kv.per_token > Bytes(0) ? 1 : static_cast<double>(cache.sequences);
    kv.max_model_len_that_fits = LongestThatFits(resolved, report->fits(), &plan);
    kv.max_concurrency = report->fits()
                             ? most
                             : static_cast<double>(kv.max_model_len_that_fits) /
                                   static_cast<double>(std::max<int64_t>(1, resolved.max_model_len));
    if (report->failure != FailureStage::kNone) RemarkOnFit(resolved, report);
  }

  std::vector<Term> Explain(const Resolved& resolved, const Report& report) const override {
    return ExplainLlama(resolved, report);
  }

  std::vector<std::string> ExpectedLog(const Resolved& resolved, const Report& report) const override {
    return LlamaLog(resolved, report);
  }

  StepStyle StyleOf(const Resolved& resolved) const override { return LlamaStyle(resolved); }
  int64_t PromptChunk(const Resolved& resolved) const override {
    (void)resolved;
    return 0;
  }
  void SetUpServer(const Resolved& resolved, const Report& report, SchedulerSetup* setup) const override {
    SetUpLlamaServer(resolved, report, setup);
  }
  const MetricNames& metric_names() const override { return LlamaMetrics(); }

  std::vector<std::string_view> Formats() const override { return LlamaFormats(); }
  std::string FormatSince(const WeightFormat& format) const override {
    if (format.family != FormatFamily::kGguf || format.approximate() || format.wide_ends) return "";
    const GgufFileTypeInfo& info = Info(static_cast<GgufFileType>(format.gguf_type));
    return info.since_build > 0 ? "b" + std::to_string(info.since_build) + " and later" : "";
  }
  std::string_view UsualFormat(const Model* model) const override {
    return model != nullptr && model->native_format == "mxfp4" ? "gguf-mxfp4_moe" : "gguf-q4_k_m";
  }
  std::vector<Lever> Levers(const LeverStart& start) const override { return LlamaLevers(start); }
  std::vector<HostLever> HostLevers(const LeverStart& start) const override { return LlamaHostLevers(start); }

 private:
  // Nobody named a context: the model's own; since --fit, as much of it as leaves the margin free.
  static int64_t DefaultContext(const Resolved& resolved) {
    const int64_t own = std::max<int64_t>(resolved.architecture->max_positions, 1);
    if (!Has(resolved.version, LlamaChange::kFit)) return std::min(own, kContextBeforeFit);
    if (!OptionsOf(resolved).fit || resolved.ram_alone) return own;  // cards are fitted, RAM is not
    for (const Diagnostic& diagnostic : resolved.diagnostics) {
      if (diagnostic.severity == Severity::kError) return own;
    }
    LlamaPlan plan(resolved);
    const Bytes margin = MiB(OptionsOf(resolved).fit_target_mib);
    const int64_t smallest = std::min(own, kSmallestFittedContext);
    if (plan.RoomAtMost(smallest) < margin) return smallest;
    if (plan.Room(own) >= margin) return own;
    return std::max(plan.LongestContext(margin), smallest);
  }

  static void RemarkOnFit(const Resolved& resolved, Report* report) {
    if (!Has(resolved.version, LlamaChange::kFit) || !OptionsOf(resolved).fit || resolved.ram_alone) return;
    const Config& config = *resolved.config;
    if (config.n_gpu_layers && config.max_model_len) return;
    report->diagnostics.push_back({"fit_would_adjust", Severity::kInfo,
                                   std::string("llama.cpp would not fail here: unless --fit off, it shortens "
                                               "the context ") +
                                       "and keeps layers in RAM until " +
                                       SizeText(MiB(OptionsOf(resolved).fit_target_mib)) +
                                       " of each card is free.",
                                   "Set n_gpu_layers or n_cpu_moe to choose yourself what stays in RAM."});
  }
};

}  // namespace

const Engine& LlamaCppEngine() {
  static const LlamaCpp engine;
  return engine;
}

}  // namespace plimsoll
