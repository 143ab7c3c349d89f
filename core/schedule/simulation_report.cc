#include "core/schedule/simulation_report.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <utility>

#include "core/base/json_members.h"
#include "core/base/text.h"

namespace plimsoll {
namespace {

// One of the three.
struct SummaryKey {
  std::string_view key;
  double SimulationSummary::*real = nullptr;
  int64_t SimulationSummary::*whole = nullptr;
  Percentiles SimulationSummary::*times = nullptr;
};
using S = SimulationSummary;
constexpr std::array<SummaryKey, 27> kSummaryKeys = {
    {{"requests", nullptr, &S::requests},
     {"done", nullptr, &S::done},
     {"refused", nullptr, &S::refused},
     {"duration_s", &S::duration},
     {"steps", nullptr, &S::steps},
     {"preemptions", nullptr, &S::preemptions},
     {"prompt_tokens", nullptr, &S::prompt_tokens},
     {"output_tokens", nullptr, &S::output_tokens},
     {"cached_tokens", nullptr, &S::cached_tokens},
     {"cached_in_ram_tokens", nullptr, &S::found_in_ram},
     {"loaded_tokens", nullptr, &S::loaded_tokens},
     {"computed_again_tokens", nullptr, &S::computed_again},
     {"output_tokens_per_s", &S::output_tokens_per_s},
     {"total_tokens_per_s", &S::total_tokens_per_s},
     {"requests_per_s", &S::requests_per_s},
     {"goodput_requests_per_s", &S::goodput_requests_per_s},
     {"ttft_ms", nullptr, nullptr, &S::ttft_ms},
     {"tpot_ms", nullptr, nullptr, &S::tpot_ms},
     {"inter_token_ms", nullptr, nullptr, &S::inter_token_ms},
     {"end_to_end_ms", nullptr, nullptr, &S::end_to_end_ms},
     {"queue_ms", nullptr, nullptr, &S::queue_ms},
     {"mean_running", &S::mean_running},
     {"peak_running", nullptr, &S::peak_running},
     {"mean_waiting", &S::mean_waiting},
     {"peak_waiting", nullptr, &S::peak_waiting},
     {"mean_kv_usage", &S::mean_kv_usage},
     {"peak_kv_usage", &S::peak_kv_usage}}};

struct PercentileKey {
  std::string_view key;
  double Percentiles::*value;
};
constexpr std::array<PercentileKey, 6> kPercentileKeys = {{{"mean", &Percentiles::mean},
                                                           {"p50", &Percentiles::p50},
                                                           {"p90", &Percentiles::p90},
                                                           {"p95", &Percentiles::p95},
                                                           {"p99", &Percentiles::p99},
                                                           {"max", &Percentiles::most}}};

Json PercentilesJson(const Percentiles& values) {
  Json json = Json::MakeObject();
  for (const PercentileKey& each : kPercentileKeys) json.Set(each.key, values.*each.value);
  return json;
}

Percentiles PercentilesFromJson(const Json* json) {
  Percentiles values;
  if (json == nullptr) return values;
  for (const PercentileKey& each : kPercentileKeys) values.*each.value = NumberIn(*json, each.key);
  return values;
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
  const int64_t replicas = simulation.setup().replicas;
  const std::string rate = DecimalText(summary.requests_per_s, 2) + " requests/s and " +
                           CountText(std::llround(summary.output_tokens_per_s)) + " output tokens/s" +
                           (replicas > 1 ? " on " + CountText(replicas) + " replicas" : "");
  const std::string refused =
      summary.refused > 0
          ? " " + CountedText(summary.refused, "request was", "requests were") + " refused as too long."
          : std::string();
  const bool thrashes = summary.preemptions * 10 > summary.done;
  const std::string again = CountedText(summary.preemptions, "preemption", "preemptions") + ", " +
                            CountText(summary.computed_again) + " tokens computed again";
  if (summary.saturated && !simulation.closed_loop()) {
    return "Cannot keep up: it serves " + rate + ", and the queue grows to " +
           CountText(summary.peak_waiting) + (thrashes ? "; " + again : "") + "." + refused;
  }
  if (thrashes) return "Thrashes: " + again + "; " + rate + "." + refused;
  const std::string turns =
      summary.saturated ? "; up to " + CountText(summary.peak_waiting) + " of its users wait for a turn" : "";
  return "Serves " + rate + turns + "; half of the answers begin within " +
         DurationText(Seconds(summary.ttft_ms.p50 / 1e3)) + " and take " +
         DecimalText(summary.tpot_ms.p50, 1) + " ms per token." + refused;
}

std::string FoundText(const SimulationSummary& summary) {
  std::string text;
  if (summary.cached_tokens > 0) {
    text = CountText(summary.cached_tokens) + " of " + CountText(summary.prompt_tokens) +
           " prompt tokens were found in the cache";
    if (summary.found_in_ram > 0) text += ", " + CountText(summary.found_in_ram) + " of them in RAM";
  }
  const auto add = [&text](const std::string& more) { text += (text.empty() ? "" : "; ") + more; };
  const int64_t again = summary.loaded_tokens - summary.found_in_ram;
  if (again > 0)
    add(CountText(again) + " tokens were loaded from RAM after preemptions instead of computed again");
  if (summary.copying > 0)
    add(DurationText(Seconds(summary.copying)) +
        " went into copies of prompts to RAM and back, for which all waited");
  return text;
}

Json SimulationSummaryJson(const SimulationSummary& summary) {
  Json json = Json::MakeObject();
  for (const SummaryKey& each : kSummaryKeys) {
    json.Set(each.key, each.real != nullptr    ? Json(summary.*each.real)
                       : each.whole != nullptr ? Json(summary.*each.whole)
                                               : PercentilesJson(summary.*each.times));
  }
  if (summary.copying > 0) json.Set("copying_s", summary.copying);
  return json.Set("saturated", summary.saturated);
}

SimulationSummary SimulationSummaryFromJson(const Json& json) {
  SimulationSummary summary;
  for (const SummaryKey& each : kSummaryKeys) {
    const Json* value = json.Find(each.key);
    if (each.real != nullptr) summary.*each.real = NumberIn(json, each.key);
    if (each.whole != nullptr) summary.*each.whole = value != nullptr ? value->AsInt().value_or(0) : 0;
    if (each.times != nullptr) summary.*each.times = PercentilesFromJson(value);
  }
  summary.copying = NumberIn(json, "copying_s");
  const Json* saturated = json.Find("saturated");
  summary.saturated = saturated != nullptr && saturated->AsBool().value_or(false);
  return summary;
}

Json SimulationToJson(const Simulation& simulation, const Objective& objective, int64_t most_requests) {
  const SimulationSummary summary = simulation.Summarize(objective);
  Json json = Json::MakeObject();
  json.Set("headline", SimulationHeadline(simulation, summary))
      .Set("summary", SimulationSummaryJson(summary));
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

namespace {

// Enough rounds for the beginning and the end not to matter.
int64_t RequestsOf(int64_t users) {
  return std::clamp<int64_t>(std::min(users, kMostRequests) * 8, 32, kMostRequests);
}

}  // namespace

Workload WorkloadOf(const Resolved& resolved) {
  Workload workload;
  workload.users = std::max<int64_t>(resolved.concurrency, 1);
  workload.requests = RequestsOf(workload.users);
  workload.prompt.mean = static_cast<double>(resolved.prompt_tokens);
  workload.output.mean = static_cast<double>(resolved.output_tokens);
  if (resolved.config == nullptr || resolved.config->workload.is_null()) return workload;
  const Json& given = resolved.config->workload;
  Result<Workload> read = ReadWorkload(given, workload, "workload");
  if (!read.ok()) return workload;
  const bool counted = given.Has("requests") || given.Has("num_prompts") || read->arrival == Arrival::kBurst;
  if (!counted) read->requests = RequestsOf(read->users);
  return std::move(read).value();
}

namespace {

Json Without(const Json& object, std::initializer_list<std::string_view> names) {
  Json rest = Json::MakeObject();
  for (const auto& [name, value] : object.members()) {
    if (std::find(names.begin(), names.end(), name) == names.end()) rest.Set(name, value);
  }
  return rest;
}

}  // namespace

Json WorkloadFollowing(const Json& workload, std::string_view key) {
  if (key == "concurrency") return Without(workload, {"concurrency", "users"});
  const std::string_view lengths = key == "prompt_tokens" ? "input_len" : "output_len";
  const Json* const given = workload.Find(lengths);
  if (given == nullptr) return workload;
  Json following = Without(workload, {lengths});
  if (given->is_object()) following.Set(lengths, Without(*given, {"mean"}));
  return following;
}

}  // namespace plimsoll
