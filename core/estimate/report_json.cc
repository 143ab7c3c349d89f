#include "core/estimate/report_json.h"

#include <string_view>
#include <utility>
#include <vector>

#include "core/engines/settle.h"
#include "core/estimate/cost.h"
#include "core/estimate/estimate.h"
#include "core/resolve/memory_parts.h"
#include "core/resolve/resolved_config.h"

namespace plimsoll {
namespace {

Json GpuJson(const GpuReport& gpu) {
  Json json = Json::MakeObject();
  json.Set("gpu", gpu.gpu)
      .Set("rank", gpu.rank)
      .Set("capacity_bytes", gpu.capacity.count())
      .Set("budget_bytes", gpu.budget.count());
  for (const MemoryPart& part : kMemoryParts) json.Set(part.key, (gpu.*part.bytes).count());
  json.Set("total_bytes", gpu.total.count()).Set("headroom_bytes", gpu.headroom.count());
  return json;
}

Json HostJson(const HostReport& host) {
  Json json = Json::MakeObject();
  for (const HostPart& part : kHostParts) json.Set(part.key, (host.*part.bytes).count());
  return json;
}

// null where the engine lays nothing out by layer.
Json PlacementJson(const Report& report) {
  if (report.layers == 0) return Json();
  Json json = Json::MakeObject();
  json.Set("layers", report.layers).Set("layers_on_gpus", report.layers_on_cards);
  if (report.listed > Bytes(0)) {
    json.Set("listed_bytes", report.listed.count())
        .Set("listed_on_gpus_bytes", report.listed_on_cards.count());
  }
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

Json DiagnosticsJson(const std::vector<Diagnostic>& diagnostics) {
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

// What is predicted where a calibration has corrected it.
Json UncalibratedJson(const Report& report) {
  Json per_gpu = Json::MakeArray();
  for (const GpuReport& gpu : report.per_gpu) per_gpu.Append(GpuJson(gpu));
  Json json = Json::MakeObject();
  json.Set("fits", report.fits())
      .Set("verdict", VerdictName(report.verdict))
      .Set("failure", FailureStageName(report.failure))
      .Set("per_gpu", std::move(per_gpu))
      .Set("kv", KvJson(report.kv))
      .Set("speed", SpeedJson(report.speed));
  return json;
}

}  // namespace

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
      .Set("placement", PlacementJson(report))
      .Set("weights", WeightsJson(resolved, report.weights))
      .Set("kv", KvJson(report.kv))
      .Set("speed", SpeedJson(report.speed))
      .Set("cost", CostToJson(EstimateCost(resolved, report.speed, {})))
      .Set("diagnostics", DiagnosticsJson(report.diagnostics))
      .Set("engine_log", TextsJson(explanation.engine_log))
      .Set("terms", std::move(terms));
  if (report.uncalibrated) json.Set("uncalibrated", UncalibratedJson(*report.uncalibrated));
  return json;
}

Result<std::string> EstimateJson(const Config& config, const Catalog& catalog, int indent) {
  const Result<Resolved> resolved = Settle(config, catalog);
  if (!resolved.ok()) return resolved.error();
  return ReportToJson(*resolved, EstimateResolved(*resolved)).Dump(indent);
}

}  // namespace plimsoll
