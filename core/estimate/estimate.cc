#include "core/estimate/estimate.h"

#include <algorithm>
#include <utility>

#include "core/engines/registry.h"
#include "core/engines/server.h"
#include "core/engines/settle.h"
#include "core/estimate/verdict.h"
#include "core/resolve/memory_parts.h"

namespace plimsoll {
namespace {

void FillWeights(const Resolved& resolved, Report* report) {
  report->weights.total_params = resolved.parameters.total;
  report->weights.text_params = resolved.parameters.text;
  report->weights.active_params = resolved.parameters.active;
  report->weights.checkpoint = resolved.stored.checkpoint;
  report->weights.bits_per_weight = resolved.stored.bits_per_weight;
}

// A layout that no engine could start: the cards are shown without it, and the diagnostics say why.
void FillInvalid(const Resolved& resolved, Report* report) {
  report->verdict = Verdict::kInvalid;
  report->failure = FailureStage::kInvalid;
  report->per_gpu.reserve(resolved.cards.size());
  for (const Card& card : resolved.cards) {
    GpuReport gpu;
    gpu.gpu = card.gpu->id;
    gpu.rank = static_cast<int32_t>(report->per_gpu.size());
    gpu.capacity = card.capacity;
    gpu.reserved = card.reserved;
    gpu.others = card.others;
    gpu.total = SumOfParts(gpu);
    report->per_gpu.push_back(gpu);
  }
}

bool HasError(const std::vector<Diagnostic>& diagnostics) {
  return std::any_of(diagnostics.begin(), diagnostics.end(),
                     [](const Diagnostic& diagnostic) { return diagnostic.severity == Severity::kError; });
}

}  // namespace

Report EstimateResolved(const Resolved& resolved) {
  Report report;
  if (!resolved.diagnostics.empty()) report.diagnostics = resolved.diagnostics;
  FillWeights(resolved, &report);
  if (HasError(report.diagnostics)) {
    FillInvalid(resolved, &report);
    return report;
  }
  EngineOf(resolved).Plan(resolved, &report);
  report.speed = EstimateSpeed(resolved, report);
  return report;
}

Result<Report> Estimate(const Config& config, const Catalog& catalog, Inquiry* inquiry) {
  const Result<Resolved> resolved = Settle(config, catalog, inquiry);
  if (!resolved.ok()) return resolved.error();
  return EstimateResolved(*resolved);
}

Explanation Explain(const Resolved& resolved, const Report& report) {
  Explanation explanation;
  explanation.headline = HeadlineText(resolved, report);
  explanation.detail = DetailText(resolved, report);
  if (HasError(resolved.diagnostics)) return explanation;
  const Engine& engine = EngineOf(resolved);
  explanation.terms = engine.Explain(resolved, report);
  explanation.engine_log = engine.ExpectedLog(resolved, report);
  return explanation;
}

}  // namespace plimsoll
