#include "core/estimate/estimate.h"

#include <algorithm>
#include <utility>

#include "core/engines/registry.h"
#include "core/engines/server.h"
#include "core/engines/settle.h"
#include "core/estimate/cost.h"
#include "core/estimate/verdict.h"
#include "core/resolve/resolved_config.h"

namespace plimsoll {
namespace {

void FillWeights(const Resolved& resolved, Report* report) {
  report->weights.total_params = resolved.parameters.total;
  report->weights.text_params = resolved.parameters.text;
  report->weights.active_params = resolved.parameters.active;
  report->weights.checkpoint = resolved.stored.checkpoint;
  report->weights.bits_per_weight = resolved.stored.bits_per_weight;
}

// A layout that no engine could start: the cards are shown empty, and the diagnostics say why.
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
    report->per_gpu.push_back(gpu);
  }
}

bool HasError(const std::vector<Diagnostic>& diagnostics) {
  return std::any_of(diagnostics.begin(), diagnostics.end(),
                     [](const Diagnostic& diagnostic) { return diagnostic.severity == Severity::kError; });
}

Json GpuJson(const GpuReport& gpu) {
  Json json = Json::MakeObject();
  json.Set("gpu", gpu.gpu)
      .Set("rank", gpu.rank)
      .Set("capacity_bytes", gpu.capacity.count())
      .Set("budget_bytes", gpu.budget.count())
      .Set("weights_bytes", gpu.weights.count())
      .Set("kv_cache_bytes", gpu.kv_cache.count())
      .Set("recurrent_state_bytes", gpu.recurrent_state.count())
      .Set("activation_bytes", gpu.activation.count())
      .Set("cuda_graph_bytes", gpu.cuda_graph.count())
      .Set("non_torch_bytes", gpu.non_torch.count())
      .Set("context_bytes", gpu.context.count())
      .Set("others_bytes", gpu.others.count())
      .Set("reserved_bytes", gpu.reserved.count())
      .Set("compute_buffer_bytes", gpu.compute_buffer.count())
      .Set("total_bytes", gpu.total.count())
      .Set("headroom_bytes", gpu.headroom.count());
  return json;
}

Json HostJson(const HostReport& host) {
  Json json = Json::MakeObject();
  json.Set("weights_bytes", host.weights.count())
      .Set("kv_cache_bytes", host.kv_cache.count())
      .Set("recurrent_state_bytes", host.recurrent_state.count())
      .Set("compute_buffer_bytes", host.compute_buffer.count());
  return json;
}

Json WeightsJson(const Resolved& resolved, const WeightsReport& weights) {
  Json json = Json::MakeObject();
  json.Set("total_params", weights.total_params)
      .Set("text_params", weights.text_params)
      .Set("active_params", weights.active_params)
      .Set("checkpoint_bytes", weights.checkpoint.count())
      .Set("bits_per_weight", weights.bits_per_weight)
      .Set("file_bytes", resolved.stored.file.count())
      .Set("approximate", resolved.stored.approximate)
      .Set("checkpoint_low_bytes", resolved.stored.low.count())
      .Set("checkpoint_high_bytes", resolved.stored.high.count())
      .Set("checkpoint_repo", resolved.checkpoint ? Json(resolved.checkpoint->repo) : Json());
  return json;
}

Json KvJson(const KvReport& kv) {
  Json json = Json::MakeObject();
  json.Set("bytes_per_token", kv.per_token.count())
      .Set("bytes_per_sequence", kv.per_sequence.count())
      .Set("available_bytes", kv.available.count())
      .Set("num_blocks", kv.num_blocks)
      .Set("block_size", kv.block_size)
      .Set("capacity_tokens", kv.capacity_tokens)
      .Set("max_concurrency", kv.max_concurrency)
      .Set("max_model_len_that_fits", kv.max_model_len_that_fits);
  return json;
}

Json SpeedJson(const SpeedReport& speed) {
  Json json = Json::MakeObject();
  json.Set("decode_tokens_per_s", speed.decode_tokens_per_s)
      .Set("decode_tokens_per_s_total", speed.decode_tokens_per_s_total)
      .Set("prefill_tokens_per_s", speed.prefill_tokens_per_s)
      .Set("ttft_ms", speed.ttft_ms)
      .Set("tpot_ms", speed.tpot_ms)
      .Set("low", speed.low)
      .Set("high", speed.high)
      .Set("decode_bound", speed.decode_bound)
      .Set("prefill_bound", speed.prefill_bound);
  return json;
}

Json TermJson(const Term& term) {
  Json json = Json::MakeObject();
  json.Set("name", term.name)
      .Set("formula", term.formula)
      .Set("substituted", term.substituted)
      .Set("bytes", term.bytes.count())
      .Set("source", term.source)
      .Set("depth", term.depth);
  return json;
}

Json TextsJson(const std::vector<std::string>& texts) {
  Json list = Json::MakeArray();
  for (const std::string& text : texts) list.Append(Json(text));
  return list;
}

}  // namespace

Json DiagnosticsToJson(const std::vector<Diagnostic>& diagnostics) {
  Json list = Json::MakeArray();
  for (const Diagnostic& diagnostic : diagnostics) {
    Json json = Json::MakeObject();
    json.Set("code", diagnostic.code)
        .Set("severity", SeverityName(diagnostic.severity))
        .Set("message", diagnostic.message)
        .Set("fix", diagnostic.fix);
    list.Append(std::move(json));
  }
  return list;
}

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

Json ReportToJson(const Resolved& resolved, const Report& report) {
  const Explanation explanation = Explain(resolved, report);
  Json per_gpu = Json::MakeArray();
  for (const GpuReport& gpu : report.per_gpu) per_gpu.Append(GpuJson(gpu));
  Json defaults = Json::MakeArray();
  for (std::string_view key : DefaultedKeys(resolved)) defaults.Append(Json(key));
  Json terms = Json::MakeArray();
  for (const Term& term : explanation.terms) terms.Append(TermJson(term));

  Json json = Json::MakeObject();
  json.Set("fits", report.fits())
      .Set("verdict", VerdictName(report.verdict))
      .Set("failure", FailureStageName(report.failure))
      .Set("headline", explanation.headline)
      .Set("detail", explanation.detail)
      .Set("config", ResolvedConfigJson(resolved))
      .Set("defaults", std::move(defaults))
      .Set("per_gpu", std::move(per_gpu))
      .Set("host", HostJson(report.host))
      .Set("weights", WeightsJson(resolved, report.weights))
      .Set("kv", KvJson(report.kv))
      .Set("speed", SpeedJson(report.speed))
      .Set("cost", CostToJson(EstimateCost(resolved, report.speed, {})))
      .Set("diagnostics", DiagnosticsToJson(report.diagnostics))
      .Set("engine_log", TextsJson(explanation.engine_log))
      .Set("terms", std::move(terms));
  return json;
}

Result<std::string> EstimateJson(const Config& config, const Catalog& catalog, int indent) {
  const Result<Resolved> resolved = Settle(config, catalog);
  if (!resolved.ok()) return resolved.error();
  return ReportToJson(*resolved, EstimateResolved(*resolved)).Dump(indent);
}

}  // namespace plimsoll
