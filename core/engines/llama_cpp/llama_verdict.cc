#include "core/engines/llama_cpp/llama_verdict.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "core/arch/kv_cache.h"
#include "core/base/text.h"
#include "core/engines/llama_cpp/llama_data.h"
#include "core/engines/measured_constants.h"

namespace plimsoll {
namespace {

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
                                 "Vulkan gives at most " + SizeText(GiB(4), resolved.units) + " at once on " +
                                     resolved.cards[card].gpu->name + " (" +
                                     SizeText(GiB(2), resolved.units) + " with AMD's own driver); " +
                                     SizeText(largest, resolved.units) +
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
  report->diagnostics.push_back({"ram_short", Severity::kError,
                                 "Weights, cache and buffers in RAM take " + SizeText(held, resolved.units) +
                                     " of its " + SizeText(size, resolved.units) + ".",
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
    const Bytes predicted = gpu.non_torch + gpu.activation;
    Calibrate(report->calibration, &gpu);
    gpu.total += gpu.non_torch + gpu.activation - predicted;
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
// `asked`: what the context asked for came to. The plan is left at another length; all slots together.
int64_t LongestThatFits(const Resolved& resolved, const Report& asked, LlamaPlan* plan) {
  const auto fits_at = [&](int64_t length) {
    Report report;
    report.calibration = asked.calibration;
    FillAndJudge(resolved, length, plan, &report);
    return report.fits();
  };
  int64_t least = asked.fits() ? ContextOf(resolved) : 0;
  const int64_t most = plan->MostContext();
  int64_t longest = std::max(least, plan->LongestThatFits(OutsideOf(asked.calibration)));
  // What finds no room with copies for pipelining is reserved without.
  if (longest < most && plan->DropCopies()) {
    longest = std::max(longest, plan->LongestThatFits(OutsideOf(asked.calibration)));
  }
  if (longest == least || fits_at(longest)) return longest;
  while (longest - least > 1) {
    const int64_t middle = least + (longest - least) / 2;
    (fits_at(middle) ? least : longest) = middle;
  }
  return least;
}

// Sequences of max_model_len, as for every engine: slots that share the context or divide it do not multiply
// it. States alone have no length.
void FillCache(const Resolved& resolved, LlamaPlan* plan, Report* report) {
  KvReport& kv = report->kv;
  kv.per_token = KvBytesPerToken(*resolved.architecture, resolved.kv_cache_dtype);
  kv.per_sequence =
      KvBytesPerSequence(*resolved.architecture, resolved.kv_cache_dtype, resolved.max_model_len);
  Bytes available;
  for (const GpuReport& gpu : report->per_gpu) available += gpu.capacity - (gpu.total - gpu.kv_cache);
  kv.available = std::max(Bytes(0), available);
  kv.block_size = 1;
  kv.num_blocks = kv.capacity_tokens = plan->cache().context;
  const int64_t slots = plan->cache().sequences;
  const bool per_slot = LengthIsPerSlot(resolved);
  const double most = kv.per_token > Bytes(0) && !per_slot ? 1 : static_cast<double>(slots);
  const int64_t beside = ContextOf(resolved) - resolved.max_model_len * (per_slot ? slots : 1);
  const int64_t longest = std::max<int64_t>(LongestThatFits(resolved, *report, plan) - beside, 0);
  kv.max_model_len_that_fits = per_slot ? longest / slots : longest;
  kv.max_concurrency = report->fits() ? most
                                      : static_cast<double>(kv.max_model_len_that_fits) /
                                            static_cast<double>(std::max<int64_t>(1, resolved.max_model_len));
}

bool IsShort(const Report& report) {
  const auto is_short = [](const GpuReport& gpu) { return gpu.headroom < Bytes(0); };
  return !report.fits() || std::any_of(report.per_gpu.begin(), report.per_gpu.end(), is_short);
}

void RemarkOnRetry(Report* report) {
  report->diagnostics.push_back(
      {std::string(kPipeliningDropped), Severity::kInfo,
       "With copies of every input for pipelining the compute buffers do not fit; llama.cpp then reserves "
       "them without, and long prompts are read more slowly.",
       "Set sched_max_copies to 1 for a build that never pipelines, or n_ubatch lower."});
}

// Prompts of slots that went to others are copied to RAM as they come, up to a limit (tools/server/server-task.cpp,
// server_prompt_cache): none of it is there at the start, so that it is no part of what must fit.
void RemarkOnKeptPrompts(const Resolved& resolved, Report* report) {
  const int64_t limit = OptionsOf(resolved).cache_ram_mib.value_or(0);
  if (limit == 0) return;
  const Bytes size = resolved.ram.size;
  const Bytes held = resolved.ram_alone ? report->per_gpu[0].total : HeldInRam(resolved, *report);
  const Bytes left = std::max(Bytes(0), size - held);
  const bool known = size > Bytes(0);
  std::string text =
      limit < 0 ? "Earlier prompts take RAM without a limit as they come"
                : "Earlier prompts may come to take " + SizeText(MiB(limit), resolved.units) + " of RAM";
  if (known)
    text += ", which has " + SizeText(left, resolved.units) + " left of " + SizeText(size, resolved.units);
  const bool may_run_out = limit < 0 || (known && MiB(limit) > left);
  const std::string most = known ? " to " + std::to_string(left.count() / MiB(1).count()) + " or less" : "";
  report->diagnostics.push_back({"prompts_in_ram", may_run_out ? Severity::kWarning : Severity::kInfo,
                                 text + ".", may_run_out ? "Set cache_ram_mib" + most + "." : ""});
}

// Without the copies that the plan has dropped. Where that does not help, the first attempt is what is told.
void JudgeAgain(const Resolved& resolved, size_t said, LlamaPlan* plan, Report* report) {
  Report first = *report;
  report->diagnostics.erase(report->diagnostics.begin() + static_cast<std::ptrdiff_t>(said),
                            report->diagnostics.end());
  FillAndJudge(resolved, ContextOf(resolved), plan, report);
  if (report->fits()) {
    RemarkOnRetry(report);
  } else {
    *report = std::move(first);
  }
}

}  // namespace

void FillLlamaReport(const Resolved& resolved, LlamaPlan* plan, Report* report) {
  const size_t said = report->diagnostics.size();
  FillAndJudge(resolved, ContextOf(resolved), plan, report);
  if (IsShort(*report) && plan->DropCopies()) JudgeAgain(resolved, said, plan, report);
  report->layers = static_cast<int64_t>(plan->layout().layers.size()) + 1;
  report->layers_on_cards = resolved.ram_alone ? 0 : plan->placement().offloaded;
  FillCache(resolved, plan, report);
  RemarkOnKeptPrompts(resolved, report);
}

}  // namespace plimsoll
