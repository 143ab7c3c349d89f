#include "core/engines/llama_cpp/llama_engine.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/arch/kv_cache.h"
#include "core/base/text.h"
#include "core/engines/llama_cpp/llama_commands.h"
#include "core/engines/llama_cpp/llama_data.h"
#include "core/engines/llama_cpp/llama_gates.h"
#include "core/engines/llama_cpp/llama_levers.h"
#include "core/engines/llama_cpp/llama_log.h"
#include "core/engines/llama_cpp/llama_log_reader.h"
#include "core/engines/llama_cpp/llama_options.h"
#include "core/engines/llama_cpp/llama_overrides.h"
#include "core/engines/llama_cpp/llama_plan.h"
#include "core/engines/llama_cpp/llama_rules.h"
#include "core/engines/llama_cpp/llama_server.h"
#include "core/engines/llama_cpp/llama_verdict.h"
#include "core/engines/llama_cpp/llama_version.h"
#include "core/engines/measured_constants.h"
#include "core/formats/gguf_types.h"

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

// llama.cpp under the name of a program that has it inside, with that program's defaults. Zero: llama-server's.
struct LlamaProgram {
  EngineTraits traits;
  int64_t context = 0, slots = 0, batch = 0;
  int64_t extra_context = 0;
  bool whole_windows = false;  // windows keep the whole context unless asked otherwise
  bool reads_file = false;     // instead of mapping it
  std::string_view said = {};  // of defaults that no public source of the program settles
};

constexpr EngineTraits Named(std::string_view id, std::string_view alias, std::string_view name) {
  return {
      .id = id,
      .alias = alias,
      .name = name,
      .speeds = "llama.cpp",
      .kernels = KernelGroup::kGgml,
      .layout = CardLayout::kSplit,
      .reads_gguf = true,
      .half_cache = true,
      .budget_modelled = true,
      .runs_without_card = true,
      .shares_context = true,
      .keys = KeyOwner::kGgml,
  };
}

constexpr LlamaProgram kServer = {Named("llama.cpp", "llama-cpp", "llama.cpp")};
// Load settings of a model and the server's "Max Concurrent Predictions" with one cache for all: 4 by the
// documentation (lmstudio.ai/docs/app/advanced/parallel-requests). Context and batch are those that its loader
// shows; the program is closed.
constexpr LlamaProgram kLmStudio = {
    Named("lm-studio", "lmstudio", "LM Studio"),
    4096,
    4,
    512,
    0,
    false,
    false,
    "Taken are LM Studio's 4,096 tokens of context, 4 predictions at once (since 0.4.0) and a batch of 512, "
    "as "
    "its loader shows them; newer releases may offer more context where there is room."};
// koboldcpp.py: --contextsize, --batchsize, --useswa, --usemmap; gpttype_adapter.cpp
// extra_context_handle_fragmentation.
constexpr LlamaProgram kKobold = {Named("koboldcpp", "kobold", "KoboldCpp"), 8192, 1, 512, 128, true, true};

class LlamaCpp final : public Engine {
 public:
  explicit LlamaCpp(const LlamaProgram& program) : program_(program) {}

  const EngineTraits& traits() const override { return program_.traits; }
  const EngineLanguage* language() const override { return &LlamaCppLanguage(); }

  Result<EngineVersion> ReadVersion(std::string_view text, std::string_view where) const override {
    return ReadLlamaVersion(text, where);
  }

  std::optional<Error> TakeDefaults(const Config& config, Resolved* resolved) const override {
    auto data = std::make_shared<LlamaData>();
    if (std::optional<Error> error = ReadLlamaKeys(config, resolved, data.get())) return error;
    if (!config.swa_full && program_.whole_windows) data->options.swa_full = true;
    if (!config.mmap && program_.reads_file) data->options.mmap = false;
    data->extra_context = program_.extra_context;
    resolved->engine_data = std::move(data);
    const EngineVersion& version = resolved->version;
    resolved->n_ubatch = std::max<int64_t>(resolved->n_ubatch, 1);
    if (!config.max_num_batched_tokens) {
      resolved->max_num_batched_tokens = program_.batch > 0 ? program_.batch : kDefaultBatch;
    }
    if (!config.flash_attention) {
      resolved->flash_attention = Has(version, LlamaChange::kFlashAttentionAuto);
    }
    KvTypes& types = resolved->kv_cache_dtype;
    if (types.k == KvType::kAuto) types.k = KvType::kFp16;
    if (types.v == KvType::kAuto) types.v = KvType::kFp16;

    const bool automatic = program_.slots > 0 || Has(version, LlamaChange::kAutomaticSlots);
    const int64_t slots = program_.slots > 0 ? program_.slots : automatic ? kAutomaticSlots : 1;
    if (!config.max_num_seqs) {
      resolved->max_num_seqs = slots;
    }
    if (!config.kv_unified) {
      // An explicit number of slots divides the context unless -kvu; the automatic number shares it. A number
      // that is the automatic one means the same as leaving it out, because links leave defaults out.
      resolved->kv_unified = !Has(version, LlamaChange::kStreams) || resolved->max_num_seqs == 1 ||
                             (automatic && resolved->max_num_seqs == slots);
    }
    if (!config.n_gpu_layers || resolved->ram_alone) {
      resolved->n_gpu_layers = LayersOf(*resolved) + 1;
    }
    CheckLlamaConfiguration(config, resolved);
    RemarkOnRam(resolved);
    RemarkOnNodes(resolved);
    if (!program_.said.empty() && !config.max_model_len) {
      resolved->diagnostics.push_back({"program_defaults", Severity::kInfo, std::string(program_.said),
                                       "Set max_model_len, max_num_seqs and max_num_batched_tokens."});
    }
    if (!config.max_model_len) resolved->max_model_len = DefaultContext(*resolved);
    return std::nullopt;
  }

  void Plan(const Resolved& resolved, Report* report) const override {
    LlamaPlan plan(resolved);
    FillLlamaReport(resolved, &plan, report);
    if (report->failure != FailureStage::kNone) RemarkOnFit(resolved, report);
  }

  std::vector<Term> Explain(const Resolved& resolved, const Report& report) const override {
    return ExplainLlama(resolved, report);
  }

  std::vector<LogPattern> LogPatterns() const override { return LlamaLogPatterns(true); }
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
  int64_t DefaultContext(const Resolved& resolved) const {
    const int64_t own = std::max<int64_t>(resolved.architecture->max_positions, 1);
    if (program_.context > 0) return std::min(own, program_.context);
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
                                       SizeText(MiB(OptionsOf(resolved).fit_target_mib), resolved.units) +
                                       " of each card is free.",
                                   "Set n_gpu_layers or n_cpu_moe to choose yourself what stays in RAM."});
  }

  const LlamaProgram& program_;
};

}  // namespace

const Engine& LlamaCppEngine() {
  static const LlamaCpp engine(kServer);
  return engine;
}

const std::vector<const Engine*>& LlamaPrograms() {
  static const LlamaCpp lm_studio(kLmStudio), kobold(kKobold);
  static const std::vector<const Engine*> programs = {&lm_studio, &kobold};
  return programs;
}

}  // namespace plimsoll
