#include "core/launch/expectation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/engines/registry.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/estimate/verdict.h"
#include "core/launch/download.h"
#include "core/schedule/metrics.h"

namespace plimsoll {
namespace {

// Decimal gigabits, as lines are sold.
std::string DownloadText(const Download& download, const Resolved& resolved) {
  const double bits = static_cast<double>(download.size.count()) * 8;
  std::string text = "Download: " + SizeText(download.size, SizeUnits::kDecimal) + "; " +
                     DurationText(Seconds(bits / 1e9)) + " at 1 Gbit/s, " +
                     DurationText(Seconds(bits / 1e8)) + " at 100 Mbit/s.";
  if (!download.made_from.empty())
    text += " It is " + download.made_from + ", of which " + resolved.format->id + " is made while loading.";
  return text;
}

// What shows a card's memory, and how its maker's runtime says that there is none left.
struct VendorTool {
  Vendor vendor;
  std::string_view monitor, exhausted;
};
constexpr std::array<VendorTool, 4> kTools = {
    {{Vendor::kNvidia, "nvidia-smi", "\"CUDA out of memory\" names the card"},
     {Vendor::kAmd, "amd-smi", "\"HIP out of memory\" names the card"},
     {Vendor::kIntel, "xpu-smi", "\"XPU out of memory\" names the card"},
     {Vendor::kApple, "Activity Monitor",
      "a buffer that could not be allocated is the GPU's share of the memory"}}};

const VendorTool* ToolOf(const Resolved& resolved) {
  if (resolved.cards.empty() || resolved.ram_alone) return nullptr;
  for (const VendorTool& tool : kTools) {
    if (tool.vendor == resolved.cards.front().gpu->vendor) return &tool;
  }
  return nullptr;
}

std::string MonitorText(const Resolved& resolved, const Report& report) {
  const GpuReport* fullest = FullestCard(report);
  const VendorTool* tool = ToolOf(resolved);
  if (fullest == nullptr || tool == nullptr) return {};
  return std::string(tool->monitor) + ": about " +
         CountText(static_cast<int64_t>(std::llround(fullest->total.mib()))) + " MiB of " +
         CountText(static_cast<int64_t>(std::llround(fullest->capacity.mib()))) + " MiB on the fullest card.";
}

// What one is called at, for this configuration.
WatchedMetric Watch(const MetricName& metric, const Resolved& resolved, const Report& report) {
  WatchedMetric watched;
  watched.name = std::string(metric.name);
  watched.meaning = std::string(metric.meaning);
  const std::string name(metric.name);
  const std::string p95 = "histogram_quantile(0.95, sum by (le) (rate(" + name + "_bucket[5m])))";
  switch (metric.signal) {
    case Signal::kCacheUsage:
      watched.expression = name + " > 0.9";
      watched.threshold = "above 0.9";
      break;
    case Signal::kWaiting: {
      const int64_t most = std::max<int64_t>(1, resolved.max_num_seqs / 8);
      watched.expression = name + " > " + std::to_string(most);
      watched.threshold = "above " + CountText(most) + "";
      break;
    }
    case Signal::kRunning: {
      const double room = report.kv.max_concurrency > 0 ? report.kv.max_concurrency
                                                        : static_cast<double>(resolved.max_num_seqs);
      const int64_t most = std::max<int64_t>(
          1, std::min<int64_t>(resolved.max_num_seqs, static_cast<int64_t>(std::min(room, 1e9))));
      watched.expression = name + " >= " + std::to_string(most);
      watched.threshold = "at " + CountText(most) + "";
      break;
    }
    case Signal::kPreemptions:
      watched.expression = "increase(" + name + "[5m]) > 0";
      watched.threshold = "any";
      break;
    case Signal::kFirstToken: {
      const double most = std::max(0.1, report.speed.ttft_ms * 3 / 1e3);
      watched.expression = p95 + " > " + DecimalText(most, 2);
      watched.threshold = "95 % above " + DurationText(Seconds(most)) + ", three times the " +
                          DurationText(Seconds(report.speed.ttft_ms / 1e3)) + " of an idle server";
      break;
    }
    case Signal::kPerToken: {
      const double most = std::max(0.005, report.speed.tpot_ms * 2 / 1e3);
      watched.expression = p95 + " > " + DecimalText(most, 3);
      watched.threshold = "95 % above " + DurationText(Seconds(most)) + ", twice the " +
                          DurationText(Seconds(report.speed.tpot_ms / 1e3)) + " of this load";
      break;
    }
  }
  return watched;
}

std::string_view AlertName(Signal signal) {
  switch (signal) {
    case Signal::kCacheUsage:
      return "CacheNearlyFull";
    case Signal::kWaiting:
      return "RequestsWait";
    case Signal::kRunning:
      return "AllSequencesRun";
    case Signal::kPreemptions:
      return "Preemptions";
    case Signal::kFirstToken:
      return "SlowFirstToken";
    case Signal::kPerToken:
      return "SlowTokens";
  }
  return "";
}

std::string Alerts(const MetricNames& names, const std::vector<WatchedMetric>& metrics) {
  std::string text = "groups:\n  - name: model-server\n    rules:\n";
  for (size_t i = 0; i < metrics.size(); ++i) {
    text += "      - alert: " + std::string(AlertName(names[i].signal)) +
            "\n        expr: " + Json(metrics[i].expression).Dump() + "\n";
    if (names[i].signal != Signal::kPreemptions) text += "        for: 5m\n";
    text += "        annotations:\n          summary: " + Json(metrics[i].meaning).Dump() + "\n";
  }
  return text;
}

std::string KilledText(const Resolved& resolved, const Report& report) {
  const VendorTool* tool = ToolOf(resolved);
  std::string text = "When it is killed: ";
  if (tool != nullptr) text += std::string(tool->exhausted) + "; ";
  text += "exit code 137 is the machine's RAM";
  const Bytes host =
      report.host.weights + report.host.kv_cache + report.host.compute_buffer + report.host.recurrent_state;
  if (host > Bytes(0)) text += ", of which this takes " + SizeText(host);
  text += ".";
  if (resolved.max_model_len > 1)
    text += " A shorter context than " + CountText(resolved.max_model_len) +
            " tokens or fewer sequences than " + CountText(resolved.max_num_seqs) + " help first.";
  return text;
}

}  // namespace

Result<Expectation> Expect(const Config& given, const Catalog& catalog, std::string_view form) {
  Config config = given;
  for (const Engine* engine : Engines()) {
    const EngineLanguage* language = engine->language();
    if (config.engine.empty() && language != nullptr && language->form == form)
      config.engine = std::string(engine->traits().id);
  }
  const Result<Resolved> resolved = Settle(config, catalog);
  if (!resolved.ok()) return resolved.error();
  const Report report = EstimateResolved(*resolved);
  const Engine& engine = EngineOf(*resolved);
  Expectation expected;
  expected.lines.push_back(HeadlineText(*resolved, report));
  expected.lines.push_back(DownloadText(DownloadOf(config, catalog, *resolved), *resolved));
  std::string monitor = MonitorText(*resolved, report);
  if (!monitor.empty()) expected.lines.push_back(std::move(monitor));
  for (std::string& line : engine.ExpectedLog(*resolved, report)) {
    if (!line.starts_with("nvidia-smi")) expected.lines.push_back("Log: " + std::move(line));
  }
  // What the simulator calls its figures by; where the server itself tells some they can be watched.
  static const MetricNames kNone;
  const EngineLanguage* language = engine.language();
  const bool tells = language != nullptr && !language->metrics_path.empty();
  const MetricNames& names = tells ? engine.metric_names() : kNone;
  if (tells && !language->metrics_option.empty())
    expected.lines.push_back("The metrics are told with " + std::string(language->metrics_option) + ".");
  for (const MetricName& name : names) expected.metrics.push_back(Watch(name, *resolved, report));
  for (const WatchedMetric& metric : expected.metrics) {
    const bool goes_on = metric.meaning.starts_with("for ");
    expected.lines.push_back("Watch: " + metric.name + " " + metric.threshold + (goes_on ? " " : "; ") +
                             metric.meaning + ".");
  }
  expected.alerts = names.empty() ? "" : Alerts(names, expected.metrics);
  expected.when_killed = KilledText(*resolved, report);
  return expected;
}

}  // namespace plimsoll
