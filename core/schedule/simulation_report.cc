#include "core/schedule/simulation_report.h"

#include <algorithm>
#include <utility>

#include "core/base/text.h"

namespace plimsoll {
namespace {

Json PercentilesJson(const Percentiles& values) {
  Json json = Json::MakeObject();
  json.Set("mean", values.mean).Set("p50", values.p50).Set("p90", values.p90);
  json.Set("p95", values.p95).Set("p99", values.p99).Set("max", values.most);
  return json;
}

Json SummaryJson(const SimulationSummary& summary) {
  Json json = Json::MakeObject();
  json.Set("requests", summary.requests).Set("done", summary.done).Set("refused", summary.refused);
  json.Set("duration_s", summary.duration).Set("steps", summary.steps);
  json.Set("preemptions", summary.preemptions).Set("saturated", summary.saturated);
  json.Set("prompt_tokens", summary.prompt_tokens).Set("output_tokens", summary.output_tokens);
  json.Set("cached_tokens", summary.cached_tokens).Set("computed_again_tokens", summary.computed_again);
  json.Set("output_tokens_per_s", summary.output_tokens_per_s);
  json.Set("total_tokens_per_s", summary.total_tokens_per_s);
  json.Set("requests_per_s", summary.requests_per_s);
  json.Set("goodput_requests_per_s", summary.goodput_requests_per_s);
  json.Set("ttft_ms", PercentilesJson(summary.ttft_ms)).Set("tpot_ms", PercentilesJson(summary.tpot_ms));
  json.Set("inter_token_ms", PercentilesJson(summary.inter_token_ms));
  json.Set("end_to_end_ms", PercentilesJson(summary.end_to_end_ms));
  json.Set("queue_ms", PercentilesJson(summary.queue_ms));
  json.Set("mean_running", summary.mean_running).Set("peak_running", summary.peak_running);
  json.Set("mean_waiting", summary.mean_waiting).Set("peak_waiting", summary.peak_waiting);
  json.Set("mean_kv_usage", summary.mean_kv_usage).Set("peak_kv_usage", summary.peak_kv_usage);
  return json;
}

Json RecordJson(const RequestRecord& record) {
  Json json = Json::MakeObject();
  json.Set("session", int64_t{record.session}).Set("turn", int64_t{record.turn});
  json.Set("arrival_s", record.arrival).Set("scheduled_s", record.scheduled);
  json.Set("first_token_s", record.first_token).Set("finish_s", record.finish);
  json.Set("prompt", record.prompt).Set("output", record.output).Set("cached", record.cached);
  json.Set("preemptions", int64_t{record.preemptions}).Set("end", RequestEndName(record.end));
  return json;
}

Json SampleJson(const TimelineSample& sample, int64_t blocks) {
  Json json = Json::MakeObject();
  json.Set("time_s", sample.time).Set("running", sample.running).Set("waiting", sample.waiting);
  json.Set("kv_usage",
           blocks > 0 ? static_cast<double>(sample.used_blocks) / static_cast<double>(blocks) : 0.0);
  json.Set("preemptions", sample.preemptions).Set("output_tokens", sample.output_tokens);
  return json;
}

}  // namespace

std::string_view RequestEndName(RequestEnd end) {
  switch (end) {
    case RequestEnd::kPending:
      return "pending";
    case RequestEnd::kDone:
      return "done";
    case RequestEnd::kTruncated:
      return "truncated";
    case RequestEnd::kPromptTooLong:
      return "prompt_too_long";
    case RequestEnd::kOutgrewPool:
      return "outgrew_pool";
  }
  return "pending";
}

std::vector<MetricReading> ReadMetrics(const Simulation& simulation, const SimulationSummary& summary,
                                       const Objective& objective) {
  const double seats = static_cast<double>(simulation.setup().max_num_seqs);
  const double tpot_alert =
      objective.tpot_ms > 0 ? objective.tpot_ms : 2 * std::max(summary.tpot_ms.p50, 1.0);
  const double ttft_alert =
      objective.ttft_ms > 0 ? objective.ttft_ms : 2 * std::max(summary.ttft_ms.p50, 100.0);
  std::vector<MetricReading> metrics;
  if (simulation.setup().reserve_output) {  // llama-server, which knows no blocks and no preemption
    metrics.push_back({"llamacpp:requests_processing", summary.mean_running,
                       static_cast<double>(summary.peak_running), seats,
                       "all slots taken: the next request waits"});
    metrics.push_back({"llamacpp:requests_deferred", summary.mean_waiting,
                       static_cast<double>(summary.peak_waiting), 2,
                       "for a minute: requests come faster than slots are freed"});
    metrics.push_back({"llamacpp:kv_cache_usage_ratio", summary.mean_kv_usage, summary.peak_kv_usage, 0.92,
                       "builds of early 2025 and before: later ones count by slot"});
    return metrics;
  }
  // Idle cached blocks count as free in this metric, so it is what sequences really hold (memory of
  // block_pool.py).
  metrics.push_back({"vllm:kv_cache_usage_perc", summary.mean_kv_usage, summary.peak_kv_usage, 0.92,
                     "for a minute: the pool is about to run out and sequences will be preempted"});
  metrics.push_back({"vllm:num_requests_waiting", summary.mean_waiting,
                     static_cast<double>(summary.peak_waiting), 2,
                     "for a minute: requests come faster than they are admitted"});
  metrics.push_back({"vllm:num_requests_running", summary.mean_running,
                     static_cast<double>(summary.peak_running), seats,
                     "at max_num_seqs the queue grows although blocks may be free"});
  metrics.push_back({"vllm:num_preemptions_total", 0, static_cast<double>(summary.preemptions), 0,
                     "each one computes its tokens again; a rising counter is thrash"});
  metrics.push_back({"vllm:time_to_first_token_seconds", summary.ttft_ms.mean / 1e3,
                     summary.ttft_ms.most / 1e3, ttft_alert / 1e3, "95th percentile"});
  metrics.push_back({"vllm:time_per_output_token_seconds", summary.tpot_ms.mean / 1e3,
                     summary.tpot_ms.most / 1e3, tpot_alert / 1e3, "95th percentile"});
  return metrics;
}

std::string SimulationHeadline(const Simulation& simulation, const SimulationSummary& summary) {
  if (summary.requests == 0) return "Nothing to simulate.";
  if (summary.done == 0) {
    return simulation.setup().blocks <= 0 ? "Cannot run: there is no room for a KV cache."
                                          : "Cannot run: no request fits into the KV cache.";
  }
  const std::string rate = DecimalText(summary.requests_per_s, 2) + " requests/s and " +
                           CountText(static_cast<int64_t>(summary.output_tokens_per_s)) + " output tokens/s";
  const std::string refused =
      summary.refused > 0
          ? " " + CountedText(summary.refused, "request was", "requests were") + " refused as too long."
          : std::string();
  const bool thrashes = summary.preemptions * 10 > summary.done;
  const std::string again = CountText(summary.preemptions) + " preemptions, " +
                            CountText(summary.computed_again) + " tokens computed again";
  if (summary.saturated) {
    return "Cannot keep up: it serves " + rate + ", and the queue grows to " +
           CountText(summary.peak_waiting) + (thrashes ? "; " + again : "") + "." + refused;
  }
  if (thrashes) return "Thrashes: " + again + "; " + rate + "." + refused;
  return "Serves " + rate + "; half of the answers begin within " +
         DurationText(Seconds(summary.ttft_ms.p50 / 1e3)) + " and take " +
         DecimalText(summary.tpot_ms.p50, 1) + " ms per token." + refused;
}

Json SimulationToJson(const Simulation& simulation, const Objective& objective, int64_t most_requests) {
  const SimulationSummary summary = simulation.Summarize(objective);
  Json json = Json::MakeObject();
  json.Set("headline", SimulationHeadline(simulation, summary)).Set("summary", SummaryJson(summary));
  Json metrics = Json::MakeArray();
  for (const MetricReading& reading : ReadMetrics(simulation, summary, objective)) {
    Json metric = Json::MakeObject();
    metric.Set("name", reading.name).Set("mean", reading.mean).Set("peak", reading.peak);
    metric.Set("alert_above", reading.alert).Set("meaning", reading.meaning);
    metrics.Append(std::move(metric));
  }
  json.Set("metrics", std::move(metrics));
  Json timeline = Json::MakeArray();
  for (const TimelineSample& sample : simulation.samples()) {
    timeline.Append(SampleJson(sample, simulation.setup().blocks));
  }
  json.Set("timeline", std::move(timeline));
  Json requests = Json::MakeArray();
  const int64_t count = static_cast<int64_t>(simulation.records().size());
  for (int64_t i = 0; i < std::min(count, most_requests); ++i) {
    requests.Append(RecordJson(simulation.records()[static_cast<size_t>(i)]));
  }
  json.Set("requests", std::move(requests))
      .Set("requests_left_out", std::max<int64_t>(0, count - most_requests));
  return json;
}

Workload WorkloadOf(const Resolved& resolved) {
  Workload workload;
  workload.users = std::max<int64_t>(resolved.concurrency, 1);
  // Enough rounds for the beginning and the end not to matter.
  workload.requests = std::min<int64_t>(kMostRequests, std::max<int64_t>(workload.users * 8, 32));
  workload.prompt.mean = static_cast<double>(resolved.prompt_tokens);
  workload.output.mean = static_cast<double>(resolved.output_tokens);
  if (resolved.config == nullptr || resolved.config->workload.is_null()) return workload;
  Result<Workload> read = ReadWorkload(resolved.config->workload, workload, "workload");
  return read.ok() ? std::move(read).value() : workload;
}

}  // namespace plimsoll
