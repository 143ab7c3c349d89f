#include "core/engines/llama_cpp/llama_engine.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/arch/kv_cache.h"
#include "core/base/text.h"
#include "core/engines/llama_cpp/llama_gates.h"
#include "core/engines/llama_cpp/llama_levers.h"
#include "core/engines/llama_cpp/llama_log.h"
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
constexpr int64_t kFitMarginMib = 1024;           // --fit-target

int64_t LayersOf(const Resolved& resolved) {
  // Layers that the file holds and -ngl counts, the output layer being one more.
  const Architecture& architecture = *resolved.architecture;
  return architecture.layers + architecture.mtp_layers;
}

// Buffers are allocated in this order; the first that has no room is where loading ends.
FailureStage StageOf(const LlamaCardUse& use, Bytes capacity) {
  Bytes held = use.runtime + use.others + use.weights;
  if (held > capacity) return FailureStage::kLoading;
  held += use.kv_cache + use.recurrent_state;
  if (held > capacity) return FailureStage::kCacheTooSmall;
  return FailureStage::kProfiling;  // "failed to allocate compute pp buffers"
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
    .shares_context = true,
    .keys = KeyOwner::kGgml,
};

std::optional<Error> ReadOverrides(const Config& config, Resolved* resolved) {
  if (config.override_tensor.empty()) return std::nullopt;
  Inquiry& inquiry = *resolved->inquiry;
  resolved->engine_data = inquiry.FindData(config.override_tensor, *resolved);
  if (resolved->engine_data == nullptr) {
    Result<TensorOverrides> overrides =
        ReadTensorOverrides(config.override_tensor, *resolved->architecture,
                            static_cast<int64_t>(resolved->cards.size()), &inquiry.patterns());
    if (!overrides.ok()) return overrides.error();
    auto data = std::make_shared<LlamaData>();
    data->overrides = std::move(*overrides);
    for (const std::string& pattern : data->overrides.unmatched) {
      data->unmatched += (data->unmatched.empty() ? "" : ", ") + Quoted(pattern);
    }
    resolved->engine_data = std::move(data);
    inquiry.KeepData(config.override_tensor, *resolved);
  }
  const std::string& patterns = static_cast<const LlamaData*>(resolved->engine_data.get())->unmatched;
  if (patterns.empty()) return std::nullopt;
  resolved->diagnostics.push_back(
      {"override_matches_nothing", Severity::kWarning,
       "override_tensor: no tensor of this model has " + patterns +
           " in its name, so nothing is moved by it.",
       "Names are such as blk.0.ffn_up_exps.weight; plimsoll inventory lists them."});
  return std::nullopt;
}

class LlamaCpp final : public Engine {
 public:
  const EngineTraits& traits() const override { return kTraits; }

  Result<EngineVersion> ReadVersion(std::string_view text, std::string_view where) const override {
    return ReadLlamaVersion(text, where);
  }

  std::optional<Error> TakeDefaults(const Config& config, Resolved* resolved) const override {
    if (std::optional<Error> error = ReadOverrides(config, resolved)) return error;
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
    const std::vector<LlamaCardUse> cards = plan.Fill(resolved.max_model_len);
    report->host = plan.Host();
    const LlamaCache cache = plan.cache();

    Bytes available;
    bool tight = false;
    report->failure = FailureStage::kNone;
    report->per_gpu.resize(cards.size());
    for (size_t i = 0; i < cards.size(); ++i) {
      const LlamaCardUse& use = cards[i];
      const Bytes capacity = resolved.cards[i].capacity;
      GpuReport& gpu = report->per_gpu[i];
      gpu = GpuReport{};
      gpu.gpu = resolved.cards[i].gpu->id;
      gpu.rank = static_cast<int32_t>(i);
      gpu.capacity = capacity;
      gpu.budget = capacity;
      gpu.weights = use.weights;
      gpu.kv_cache = use.kv_cache;
      gpu.recurrent_state = use.recurrent_state;
      gpu.compute_buffer = use.compute_buffer;
      gpu.activation = use.beside;
      gpu.non_torch = use.runtime;
      gpu.others = use.others;
      gpu.reserved = resolved.cards[i].reserved;
      gpu.total = use.total();
      gpu.headroom = capacity - gpu.total;
      available += capacity - (gpu.total - use.kv_cache);
      const Bytes band = LlamaBand(resolved, use);
      if (gpu.headroom < band) tight = true;
      if (gpu.headroom + band < Bytes(0) && report->failure == FailureStage::kNone) {
        report->failure = StageOf(use, capacity);
      }
    }
    report->verdict = report->failure != FailureStage::kNone ? Verdict::kDoesNotFit
                      : tight                                ? Verdict::kTight
                                                             : Verdict::kFits;

    KvReport& kv = report->kv;
    kv.per_token = KvBytesPerToken(*resolved.architecture, resolved.kv_cache_dtype);
    kv.per_sequence =
        KvBytesPerSequence(*resolved.architecture, resolved.kv_cache_dtype, resolved.max_model_len);
    kv.available = std::max(Bytes(0), available);
    kv.block_size = 1;
    kv.num_blocks = cache.context;
    kv.capacity_tokens = cache.context;
    // Sequences of max_model_len, as for every engine: slots share the context or divide it, they do not
    // multiply it. States alone have no length.
    const double most = kv.per_token > Bytes(0) ? 1 : static_cast<double>(cache.sequences);
    kv.max_model_len_that_fits = plan.LongestThatFits();
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
    for (const Diagnostic& diagnostic : resolved.diagnostics) {
      if (diagnostic.severity == Severity::kError) return own;
    }
    LlamaPlan plan(resolved);
    const Bytes margin = MiB(kFitMarginMib);
    const int64_t smallest = std::min(own, kSmallestFittedContext);
    if (plan.RoomAtMost(smallest) < margin) return smallest;
    if (plan.Room(own) >= margin) return own;
    return std::max(plan.LongestContext(margin), smallest);
  }

  static void RemarkOnFit(const Resolved& resolved, Report* report) {
    if (!Has(resolved.version, LlamaChange::kFit)) return;
    const Config& config = *resolved.config;
    if (config.n_gpu_layers && config.max_model_len) return;
    report->diagnostics.push_back({"fit_would_adjust", Severity::kInfo,
                                   "llama.cpp would not fail here: unless --fit off, it shortens the context "
                                   "and keeps layers in RAM until "
                                   "1 GiB of each card is free.",
                                   "Set n_gpu_layers or n_cpu_moe to choose yourself what stays in RAM."});
  }
};

}  // namespace

const Engine& LlamaCppEngine() {
  static const LlamaCpp engine;
  return engine;
}

}  // namespace plimsoll
