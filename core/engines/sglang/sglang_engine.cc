#include "core/engines/sglang/sglang_engine.h"

#include <algorithm>

#include "core/engines/host_tier.h"
#include "core/engines/sglang/sglang_commands.h"
#include "core/engines/sglang/sglang_explain.h"
#include "core/engines/sglang/sglang_gates.h"
#include "core/engines/sglang/sglang_levers.h"
#include "core/engines/sglang/sglang_log_reader.h"
#include "core/engines/sglang/sglang_plan.h"
#include "core/engines/sglang/sglang_server.h"
#include "core/engines/sglang/sglang_setup.h"
#include "core/engines/sglang/sglang_version.h"

namespace plimsoll {
namespace {

constexpr EngineTraits kTraits = {
    .id = "sglang",
    .alias = "",
    .name = "SGLang",
    .kernels = KernelGroup::kTorch,
    .layout = CardLayout::kDegrees,
    // configs/model_config.py _get_and_verify_dtype.
    .casts_fp32_to = "fp16",
    .budget_modelled = true,
    .fills_share = true,
    .keys = KeyOwner::kPagedServer,
    .share = KeyOwner::kFreeShare,
    .starts_below_context = true,
    .replicas_share_ranks = true,
};

class Sglang final : public Engine {
 public:
  const EngineTraits& traits() const override { return kTraits; }
  const EngineLanguage* language() const override { return &SglangLanguage(); }

  Result<EngineVersion> ReadVersion(std::string_view text, std::string_view where) const override {
    return ReadSglangVersion(text, where);
  }

  std::optional<Error> TakeDefaults(const Config& config, Resolved* resolved) const override {
    if (std::optional<Error> error = SetUpSglang(config, resolved)) return error;
    // The pool decides how many requests run at once, and how long they may be where nobody says.
    const SglangPlan plan = PlanSglang(*resolved);
    resolved->max_num_seqs = std::max<int64_t>(1, plan.running);
    resolved->max_running_requests = resolved->max_num_seqs * (resolved->dp_attention ? resolved->dp : 1);
    const int64_t held = TokensForOne(plan);
    if (!config.max_model_len && held > 0) resolved->max_model_len = std::min(resolved->max_model_len, held);
    return std::nullopt;
  }

  void Plan(const Resolved& resolved, Report* report) const override {
    const bool starts = CheckSglangGates(resolved, &report->diagnostics);
    ReportSglang(resolved, report);
    if (starts) return;
    report->verdict = Verdict::kInvalid;
    report->failure = FailureStage::kInvalid;
    report->kv.max_concurrency = 0;
    report->kv.max_model_len_that_fits = 0;
  }

  std::vector<Term> Explain(const Resolved& resolved, const Report& report) const override {
    return ExplainSglang(resolved, report);
  }

  std::vector<LogPattern> LogPatterns() const override { return SglangLogPatterns(); }
  std::vector<std::string> ExpectedLog(const Resolved& resolved, const Report& report) const override {
    return ExpectedSglangLog(resolved, report);
  }

  StepStyle StyleOf(const Resolved& resolved) const override { return SglangStyle(resolved); }
  // managers/scheduler.py get_next_batch_to_run: new prompts run first and alone, unless --enable-mixed-chunk.
  bool ReadsPromptsAlone() const override { return true; }
  int64_t CacheLimit(const Report& report) const override { return report.kv.capacity_tokens; }
  void SetUpServer(const Resolved& resolved, const Report& report, SchedulerSetup* setup) const override {
    SetUpSglangServer(resolved, report, setup);
  }
  const MetricNames& metric_names() const override { return SglangMetrics(); }
  std::vector<int64_t> LengthBreaks() const override { return {kAiterContext}; }

  std::vector<std::string_view> Formats() const override { return SglangFormats(); }
  std::vector<Lever> Levers(const LeverStart& start) const override { return SglangLevers(start); }
  std::vector<HostLever> HostLevers(const LeverStart& start) const override {
    (void)start;
    return SglangHostLevers();
  }
  RamCacheOption CacheInRam(const Resolved& resolved) const override {
    return {"--hicache-size", "GB per GPU", static_cast<double>(RanksOfReplica(resolved)) / 1.073741824};
  }
};

}  // namespace

const Engine& SglangEngine() {
  static const Sglang engine;
  return engine;
}

}  // namespace plimsoll
