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
  if (simulation.setup().metrics == nullptr) return metrics;
  for (const MetricName& metric : *simulation.setup().metrics) {
    MetricReading reading;
    reading.name = metric.name;
    reading.meaning = metric.meaning;
    switch (metric.signal) {
      case Signal::kCacheUsage:
        // Idle cached blocks count as free here, so it is what sequences really hold (memory of
        // block_pool.py).
        reading.mean = summary.mean_kv_usage;
        reading.peak = summary.peak_kv_usage;
        reading.alert = 0.92;
        break;
      case Signal::kWaiting:
        reading.mean = summary.mean_waiting;
        reading.peak = static_cast<double>(summary.peak_waiting);
        reading.alert = 2;
        break;
      case Signal::kRunning:
        reading.mean = summary.mean_running;
        reading.peak = static_cast<double>(summary.peak_running);
        reading.alert = seats;
        break;
      case Signal::kPreemptions:
        reading.peak = static_cast<double>(summary.preemptions);
        break;
      case Signal::kFirstToken:
        reading.mean = summary.ttft_ms.mean / 1e3;
        reading.peak = summary.ttft_ms.most / 1e3;
        reading.alert = ttft_alert / 1e3;
        break;
      case Signal::kPerToken:
        reading.mean = summary.tpot_ms.mean / 1e3;
        reading.peak = summary.tpot_ms.most / 1e3;
        reading.alert = tpot_alert / 1e3;
        break;
    }
    metrics.push_back(std::move(reading));
  }
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
