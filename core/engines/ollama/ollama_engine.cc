#include "core/engines/ollama/ollama_engine.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/base/text.h"
#include "core/engines/llama_cpp/llama_engine.h"
#include "core/engines/llama_cpp/llama_gates.h"
#include "core/engines/llama_cpp/llama_levers.h"
#include "core/engines/llama_cpp/llama_log.h"
#include "core/engines/llama_cpp/llama_plan.h"
#include "core/engines/llama_cpp/llama_server.h"
#include "core/engines/llama_cpp/llama_verdict.h"
#include "core/engines/ollama/ollama_commands.h"
#include "core/engines/ollama/ollama_data.h"
#include "core/engines/ollama/ollama_library.h"
#include "core/engines/ollama/ollama_log.h"
#include "core/engines/ollama/ollama_log_reader.h"
#include "core/engines/ollama/ollama_placement.h"
#include "core/engines/ollama/ollama_version.h"

namespace plimsoll {
namespace {

constexpr int64_t kUsualBatch = 512;       // num_batch
constexpr int64_t kLeastForImages = 2048;  // server/sched.go getRunner
constexpr int64_t kKeptWindow = 4096;      // model/models/gptoss, gemma4: cells of sliding layers

constexpr int64_t kStateCheckpoints = 24;  // kvcache/recurrent.go DefaultCheckpointCount, for each slot

constexpr EngineTraits kTraits = {
    .id = "ollama",
    .alias = "",
    .name = "Ollama",
    .speeds = "llama.cpp",
    .kernels = KernelGroup::kGgml,
    .layout = CardLayout::kSplit,
    .reads_gguf = true,
    .half_cache = true,
    .budget_modelled = true,
    .runs_without_card = true,
    .keys = KeyOwner::kGgml,
};

void Remark(Resolved* resolved, std::string_view code, Severity severity, std::string message,
            std::string fix) {
  resolved->diagnostics.push_back({std::string(code), severity, std::move(message), std::move(fix)});
}

bool HasError(const Resolved& resolved) {
  return std::any_of(resolved.diagnostics.begin(), resolved.diagnostics.end(),
                     [](const Diagnostic& diagnostic) { return diagnostic.severity == Severity::kError; });
}

// What the scheduler may see of llama.cpp's options: from 0.30 the server's environment reaches llama-server
// (LLAMA_ARG_N_CPU_MOE and the like), before it does not.
void CheckPassedOptions(const Config& config, Resolved* resolved) {
  if (resolved->version.number >= OllamaRelease(0, 30)) return;
  std::vector<std::string_view> ignored;
  if (config.n_cpu_moe) ignored.push_back("n_cpu_moe");
  if (!config.override_tensor.empty()) ignored.push_back("override_tensor");
  if (!config.tensor_split.empty()) ignored.push_back("tensor_split");
  if (config.kv_unified) ignored.push_back("kv_unified");
  if (config.fit_target_mib) ignored.push_back("fit_target_mib");
  if (ignored.empty()) return;
  Remark(resolved, "option_newer_than_engine", Severity::kWarning,
         "Ollama " + resolved->version.text + " has no way to set " + ListText(ignored, "or") +
             "; from 0.30 the server's LLAMA_ARG_ variables reach llama-server.",
         "Leave it out, or use a newer release.");
}

class Ollama final : public Engine {
 public:
  const EngineTraits& traits() const override { return kTraits; }
  const EngineLanguage* language() const override { return &OllamaLanguage(); }

  Result<EngineVersion> ReadVersion(std::string_view text, std::string_view where) const override {
    return ReadOllamaVersion(text, where);
  }

  std::optional<Error> TakeDefaults(const Config& config, Resolved* resolved) const override {
    auto owned = std::make_shared<OllamaData>();
    OllamaData* data = owned.get();
    if (std::optional<Error> error = ReadLlamaKeys(config, resolved, data)) return error;
    resolved->engine_data = std::move(owned);
    TakeRelease(*resolved, data);
    if (TakeLibraryTypes(data->family, resolved)) {
      data->options.embedding_first = false;  // its writer sorts the blocks first
      Remark(resolved, "library_file", Severity::kInfo,
             "Weights are those of the file in Ollama's own library, whose " + resolved->format->id +
                 " keeps more bits than llama-quantize's does.",
             "For a file from elsewhere set engine to llama.cpp, or give the file.");
    }
    TakeMemory(*resolved, data);
    TakeSwitches(config, *data, resolved);
    TakeContext(config, *data, resolved);
    CheckPassedOptions(config, resolved);
    CheckLlamaConfiguration(config, resolved);
    RemarkOnNodes(resolved);
    const bool asked = config.n_gpu_layers.value_or(-1) >= 0 && !resolved->ram_alone;
    resolved->n_gpu_layers = asked ? *config.n_gpu_layers : AllLayers(*resolved);
    if (HasError(*resolved)) return std::nullopt;
    ReadModel(*resolved, data);
    if (!resolved->ram_alone) Place(config, resolved, data);
    RemarkOnRam(resolved);
    return std::nullopt;
  }

  void Plan(const Resolved& resolved, Report* report) const override {
    LlamaPlan plan(resolved);
    FillLlamaReport(resolved, &plan, report);
    const OllamaListing listing = ListedSize(resolved, *report);
    report->listed = listing.size;
    report->listed_on_cards = listing.vram;
    RemarkOnPlace(resolved, report);
  }

  std::vector<Term> Explain(const Resolved& resolved, const Report& report) const override {
    return ExplainLlama(resolved, report);
  }
  std::vector<LogPattern> LogPatterns() const override { return OllamaLogPatterns(); }
  std::vector<std::string> ExpectedLog(const Resolved& resolved, const Report& report) const override {
    return OllamaLog(resolved, report);
  }

  StepStyle StyleOf(const Resolved& resolved) const override { return LlamaStyle(resolved); }
  int64_t PromptChunk(const Resolved& resolved) const override {
    (void)resolved;
    return 0;
  }
  void SetUpServer(const Resolved& resolved, const Report& report, SchedulerSetup* setup) const override {
    SetUpLlamaServer(resolved, report, setup);
    if (resolved.version.number >= OllamaRelease(0, 30)) return;
    // Its own runner takes the first of the slots that share most, and has none for them in RAM
    // (runner/ollamarunner/cache.go, findLongestCacheSlot).
    setup->slots.similarity = -1;
    setup->slots.one_pool = setup->slots.ram = false;
  }
  const MetricNames& metric_names() const override { return LlamaMetrics(); }

  std::vector<std::string_view> Formats() const override { return LlamaFormats(); }
  std::string_view UsualFormat(const Model* model) const override {
    return LlamaCppEngine().UsualFormat(model);
  }
  std::vector<Lever> Levers(const LeverStart& start) const override { return LlamaLevers(start); }

 private:
  static int64_t AllLayers(const Resolved& resolved) {
    return resolved.architecture->layers + resolved.architecture->mtp_layers + 1;
  }

  static void TakeRelease(const Resolved& resolved, OllamaData* data) {
    data->family = OllamaFamily(*resolved.architecture);
    data->own_engine = RunsOwnEngine(resolved.version, data->family);
    data->model.embeds = IsEncoder(*resolved.architecture);
    data->era = EraOf(resolved.version, data->family);
    data->build = LlamaBuildIn(resolved.version);
    data->length_is_per_slot = true;
    data->options.hides_idle_cards = true;
    // "disabling mmap for llama-server load by default", reason=cpu.
    if (!resolved.config->mmap && resolved.ram_alone) data->options.mmap = false;
    if (!data->own_engine) return;
    // kvcache/recurrent.go reserves every checkpoint beside the state itself.
    data->options.state_copies = 1 + kStateCheckpoints;
    data->options.always_slides = true;  // kvcache/causal.go NewSWACache
    data->options.few_logits = true;     // runner/ollamarunner/runner.go reserveWorstCaseGraph
    if (data->family == "gptoss" || data->family == "gemma4") data->options.window_cells = kKeptWindow;
  }

  static void TakeMemory(const Resolved& resolved, OllamaData* data) {
    for (const Card& card : resolved.cards) {
      data->free.push_back(std::max(card.capacity - card.others, Bytes(0)));
      if (!resolved.ram_alone) data->vram += card.capacity;
    }
    data->cards = CardsOfOneLibrary(resolved, data->free);
  }

  // Flash attention, cache type, slots, batch, vision tower, and whether the file is mapped.
  static void TakeSwitches(const Config& config, const OllamaData& data, Resolved* resolved) {
    const EngineVersion& release = resolved->version;
    resolved->flash_attention = config.flash_attention.value_or(FlashByDefault(release, data.family)) &&
                                FlashPossible(release, data.family, *resolved->architecture) &&
                                CardsKnowFlash(*resolved, data);
    TakeCacheTypes(resolved);
    resolved->max_num_seqs = config.max_num_seqs.value_or(OllamaSlots(release).first);
    if (data.model.embeds || AllowsOneSlot(release, data.family)) {
      if (config.max_num_seqs.value_or(1) > 1) {
        Remark(resolved, "one_slot", Severity::kWarning,
               "Ollama opens one slot for models of the family " + std::string(data.family) + ".",
               "Set max_num_seqs to 1.");
      }
      resolved->max_num_seqs = 1;
    }
    resolved->kv_unified = config.kv_unified.value_or(resolved->max_num_seqs == 1);
    resolved->n_ubatch = std::max<int64_t>(config.n_ubatch.value_or(kUsualBatch), 1);
    resolved->max_num_batched_tokens = resolved->n_ubatch;
    resolved->multimodal = config.multimodal.value_or(resolved->architecture->has_vision);
  }

  // ml/device.go FlashAttentionSupported.
  static bool CardsKnowFlash(const Resolved& resolved, const OllamaData& data) {
    if (resolved.ram_alone) return true;
    return std::none_of(data.cards.begin(), data.cards.end(), [&](size_t card) {
      const Gpu& gpu = *resolved.cards[card].gpu;
      return gpu.vendor == Vendor::kNvidia && gpu.compute_capability > 0 &&
             (gpu.compute_capability < 60 || gpu.compute_capability == 72);
    });
  }

  static void TakeCacheTypes(Resolved* resolved) {
    KvTypes& types = resolved->kv_cache_dtype;
    if (types.k == KvType::kAuto) types.k = KvType::kFp16;
    if (types.v == KvType::kAuto) types.v = KvType::kFp16;
    const bool server = resolved->version.number >= OllamaRelease(0, 30);
    const bool quantized = IsQuantized(types.k) || IsQuantized(types.v);
    if (server || !quantized || resolved->flash_attention) return;
    Remark(resolved, "cache_type_ignored", Severity::kWarning,
           "Without flash attention Ollama " + resolved->version.text +
               " ignores the cache type and keeps 16 bits.",
           "Set flash_attention to true (OLLAMA_FLASH_ATTENTION=1).");
    types = {KvType::kFp16, KvType::kFp16};
  }

  // Of one slot. What nobody names goes by the cards' memory, and nothing is longer than what the model was
  // trained for.
  static void TakeContext(const Config& config, const OllamaData& data, Resolved* resolved) {
    const int64_t trained = resolved->architecture->max_positions;
    if (resolved->max_model_len_auto) {
      resolved->max_model_len = std::max<int64_t>(trained, 1);
      return;
    }
    int64_t context = config.max_model_len.value_or(OllamaContext(resolved->version, data.family, data.vram));
    if (resolved->multimodal) context = std::max(context, kLeastForImages);
    if (!config.rope_scaling.empty()) {
      Remark(resolved, "rope_scaling_ignored", Severity::kInfo,
             "Ollama takes the rotary embedding as the model's file says: rope_scaling is left out.", "");
    }
    const bool cut = trained > 0 && context > trained;
    resolved->max_model_len = cut ? trained : context;
    if (!cut || !config.max_model_len) return;
    Remark(resolved, "context_beyond_model", Severity::kInfo,
           "Ollama cuts the context of " + CountText(context) + " tokens to the " + CountText(trained) +
               " that the model was trained for.",
           "");
  }

  static void ReadModel(const Resolved& resolved, OllamaData* data) {
    const LlamaPlan plan(resolved);
    // Files for ollama's own engine hold no blocks that predict further tokens.
    data->model = ReadOllamaModel(resolved, plan.layout(), data->family, data->era == OllamaEra::kServer);
  }

  static void Place(const Config& config, Resolved* resolved, OllamaData* data) {
    if (!resolved->max_model_len_auto) return PlaceOllamaModel(config, resolved, data);
    // How long it may be on the cards alone.
    Config whole = config;
    whole.n_gpu_layers = AllLayers(*resolved);
    PlaceOllamaModel(whole, resolved, data);
  }

  // Why some of the model runs on the processor.
  static void RemarkOnPlace(const Resolved& resolved, Report* report) {
    const OllamaData& data = OllamaOf(resolved);
    if (IsBeyondKnown(resolved.version)) {
      report->diagnostics.push_back(
          {"release_not_known", Severity::kInfo,
           "Ollama " + resolved.version.text +
               " is newer than the releases known here; it is answered as the last of "
               "them, with llama.cpp " +
               data.build.text + ".",
           ""});
    }
    const bool whole = report->layers_on_cards >= report->layers && data.overflowing == 0;
    if (resolved.ram_alone || whole || report->layers == 0) return;
    const bool asked = resolved.config->n_gpu_layers.value_or(-1) >= 0;
    std::string message =
        report->layers_on_cards == 0 ? std::string("The model goes to the processor altogether")
        : data.overflowing > 0
            ? "Of " + CountText(report->layers) + " layers " + CountText(data.overflowing) +
                  " keep their experts in RAM"
            : "Only " + CountText(report->layers_on_cards) + " of " + CountText(report->layers) +
                  (report->layers_on_cards == 1 ? " layers goes" : " layers go") +
                  " to the cards, the others to RAM";
    message += asked ? ", as n_gpu_layers (num_gpu) asks." : ": " + WhyText(resolved, data) + ".";
    report->diagnostics.push_back({"layers_in_ram", Severity::kWarning, std::move(message),
                                   "Set max_model_len (num_ctx) lower, kv_cache_dtype to q8_0, or take a "
                                   "smaller format."});
  }

  static std::string WhyText(const Resolved& resolved, const OllamaData& data) {
    Bytes free;
    for (const size_t card : data.cards) free += data.free[card];
    const std::string context = CountText(ContextOf(resolved)) + " tokens of context";
    if (data.era == OllamaEra::kServer) {
      return "weights, cache and buffers for " + context + " do not leave the margin of " +
             SizeText(MiB(data.options.fit_target_mib), resolved.units) + " free of " +
             SizeText(free, resolved.units);
    }
    return "this release reckons with " + SizeText(data.believed.size, resolved.units) + " for " + context +
           ", of that a graph of " + SizeText(data.believed.graph, resolved.units) + " on each card, and " +
           SizeText(free, resolved.units) + " are free";
  }
};

}  // namespace

const Engine& OllamaEngine() {
  static const Ollama engine;
  return engine;
}

}  // namespace plimsoll
