#include "core/engines/llama_cpp/llama_verdict.h"

#include <cstddef>
#include <string>
#include <utility>

#include "core/arch/kv_cache.h"
#include "core/base/text.h"
#include "core/engines/llama_cpp/llama_data.h"
#include "core/engines/measured_constants.h"

namespace plimsoll {
namespace {

Bytes Band(const GpuReport& use, const Resolved& resolved) {
  Bytes band = MiBFromDouble(Value(Measure::kLlamaTightBase));
  const bool staged = resolved.n_cpu_moe > 0 || !OverridesOf(resolved).empty() ||
                      resolved.n_gpu_layers <= resolved.architecture->layers;
  const double share = Value(staged ? Measure::kLlamaTightStaged : Measure::kLlamaTightCompute);
  band += BytesFromDouble(share * static_cast<double>(use.compute_buffer.count()));
  band += WeightsBand(resolved.stored, use.weights);
  return band;
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

// Sequences of max_model_len, as for every engine: slots that share the context or divide it do not multiply
// it. States alone have no length.
void FillCache(const Resolved& resolved, Bytes available, LlamaPlan* plan, Report* report) {
  KvReport& kv = report->kv;
  kv.per_token = KvBytesPerToken(*resolved.architecture, resolved.kv_cache_dtype);
  kv.per_sequence =
      KvBytesPerSequence(*resolved.architecture, resolved.kv_cache_dtype, resolved.max_model_len);
  kv.available = available;
  kv.block_size = 1;
  kv.num_blocks = plan->cache().context;
  kv.capacity_tokens = plan->cache().context;
  const bool whole_slots = kv.per_token <= Bytes(0) || LengthIsPerSlot(resolved);
  kv.max_concurrency = whole_slots ? static_cast<double>(plan->cache().sequences) : 1;
  const int64_t longest = plan->LongestContext(Bytes(0));
  kv.max_model_len_that_fits = LengthIsPerSlot(resolved) ? longest / plan->cache().sequences : longest;
}

}  // namespace

void FillLlamaReport(const Resolved& resolved, LlamaPlan* plan, Report* report) {
  report->per_gpu = plan->Fill(ContextOf(resolved));
  if (!resolved.ram_alone) report->host = plan->Host();

  Bytes available;
  bool tight = false;
  report->failure = FailureStage::kNone;
  report->layers = static_cast<int64_t>(plan->layout().layers.size()) + 1;
  report->layers_on_cards = resolved.ram_alone ? 0 : plan->placement().offloaded;
  for (size_t i = 0; i < report->per_gpu.size(); ++i) {
    const Bytes capacity = resolved.cards[i].capacity;
    GpuReport& gpu = report->per_gpu[i];
    gpu.gpu = resolved.cards[i].gpu->id;
    gpu.rank = static_cast<int32_t>(i);
    gpu.capacity = capacity;
    gpu.budget = capacity;
    gpu.headroom = capacity - gpu.total;
    available += capacity - (gpu.total - gpu.kv_cache);
    if (plan->largest(i) > LargestAllocation(resolved, i) && report->failure == FailureStage::kNone) {
      report->failure = FailureStage::kProfiling;
      RemarkOnAllocation(resolved, i, plan->largest(i), report);
    }
    const Bytes band = Band(gpu, resolved);
    if (gpu.headroom < band) tight = true;
    if (gpu.headroom + band < Bytes(0) && report->failure == FailureStage::kNone) {
      report->failure = StageOf(gpu, capacity);
    }
  }
  if (JudgeRam(resolved, report)) tight = true;
  report->verdict = report->failure != FailureStage::kNone ? Verdict::kDoesNotFit
                    : tight                                ? Verdict::kTight
                                                           : Verdict::kFits;
  FillCache(resolved, available, plan, report);
}

}  // namespace plimsoll
