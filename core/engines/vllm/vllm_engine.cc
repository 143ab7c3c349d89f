#include "core/engines/vllm/vllm_engine.h"

#include "core/engines/host_tier.h"
#include "core/engines/vllm/vllm_commands.h"
#include "core/engines/vllm/vllm_defaults.h"
#include "core/engines/vllm/vllm_explain.h"
#include "core/engines/vllm/vllm_gates.h"
#include "core/engines/vllm/vllm_kv_cache.h"
#include "core/engines/vllm/vllm_levers.h"
#include "core/engines/vllm/vllm_log_reader.h"
#include "core/engines/vllm/vllm_longest.h"
#include "core/engines/vllm/vllm_plan.h"
#include "core/engines/vllm/vllm_rules.h"
#include "core/engines/vllm/vllm_server.h"
#include "core/engines/vllm/vllm_version.h"

namespace plimsoll {
namespace {

// One rule: what fits has room for a sequence of max_model_len, and what does not fit has none.
void AgreeWithVerdict(const Resolved& resolved, const VllmRules& rules, Report* report) {
  KvReport& kv = report->kv;
  kv.max_model_len_that_fits = LongestUnderVllm(resolved, rules, *report);
  if (!report->fits() && kv.max_concurrency >= 1) kv.max_concurrency = 0;
  if (resolved.kv_offloading > Bytes(0) || resolved.cpu_offload > Bytes(0))
    JudgeHostMemory(resolved, Bytes(0), report);
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
    .share = KeyOwner::kCardShare,
};

class Vllm final : public Engine {
 public:
  const EngineTraits& traits() const override { return kTraits; }
  const EngineLanguage* language() const override { return &VllmLanguage(); }

  Result<EngineVersion> ReadVersion(std::string_view text, std::string_view where) const override {
    return ReadVllmVersion(text, where);
  }

  std::optional<Error> TakeDefaults(const Config& config, Resolved* resolved) const override {
    return TakeVllmDefaults(config, resolved);
  }

  void Plan(const Resolved& resolved, Report* report) const override {
    const bool starts = CheckVllmGates(resolved, &report->diagnostics);
    const VllmRules rules = RulesFor(resolved);
    PlanVllmStart(resolved, rules, report);
    if (!starts) {
      report->verdict = Verdict::kInvalid;
      report->failure = FailureStage::kInvalid;
    }
    AgreeWithVerdict(resolved, rules, report);
  }

  std::vector<Term> Explain(const Resolved& resolved, const Report& report) const override {
    return ExplainVllm(resolved, report);
  }

  std::vector<LogPattern> LogPatterns() const override { return VllmLogPatterns(); }
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

  std::vector<int64_t> LengthBreaks() const override { return {kVllmUnchunkedUpTo}; }
  std::vector<std::string_view> Formats() const override { return VllmFormats(); }
  std::string FormatSince(const WeightFormat& format) const override {
    return format.family == FormatFamily::kMxfp4 ? "0.10.1 and later" : "";
  }
  std::vector<Lever> Levers(const LeverStart& start) const override { return VllmLevers(start); }
  std::vector<HostLever> HostLevers(const LeverStart& start) const override {
    (void)start;
    return VllmHostLevers();
  }
  RamCacheOption CacheInRam(const Resolved& resolved) const override {
    if (!resolved.lmcache) return {"--kv-offloading-size", "GiB", 1};
    return {"LMCACHE_MAX_LOCAL_CPU_SIZE", "GiB per GPU", static_cast<double>(RanksOfReplica(resolved))};
  }
};

}  // namespace

const Engine& VllmEngine() {
  static const Vllm engine;
  return engine;
}

}  // namespace plimsoll
