#include "site/accuracy_page.h"

#include <cmath>
#include <map>
#include <string_view>

#include "core/base/text.h"
#include "core/validate/rivals.h"
#include "site/html.h"

namespace plimsoll {
namespace {

// How people call a metric, and how its values print.
struct MetricText {
  std::string_view metric, name, unit;
  int decimals;
};
constexpr MetricText kMetricTexts[] = {
    {"weights_gib_per_gpu", "Weights as loaded", "GiB per GPU", 2},
    {"activation_peak_gib", "Activation peak", "GiB", 2},
    {"non_torch_gib", "Outside PyTorch", "GiB", 2},
    {"cuda_graph_gib", "CUDA graphs", "GiB", 2},
    {"kv_cache_gib_per_gpu", "KV cache pool", "GiB per GPU", 2},
    {"kv_cache_tokens", "KV cache, tokens", "tokens", 0},
    {"kv_cache_tokens_given_pool", "KV cache, given the measured pool", "tokens", 0},
    {"max_concurrency", "Maximum concurrency", "sequences", 2},
    {"outcome", "Does it start", "", 0},
    {"model_buffer_mib", "Model buffers", "MiB", 2},
    {"kv_buffer_mib", "KV buffers", "MiB", 2},
    {"recurrent_buffer_mib", "Recurrent buffers", "MiB", 2},
    {"compute_buffer_mib", "Compute buffer", "MiB", 2},
    {"host_compute_buffer_mib", "Host compute buffer", "MiB", 2},
    {"checkpoint_bytes", "Checkpoint", "bytes", 0},
    {"prefill_tps", "Prefill", "tokens/s", 1},
    {"decode_tps_per_stream", "Decode, one stream", "tokens/s", 1},
    {"output_tps_total", "Output, all streams", "tokens/s", 1},
    {"ttft_ms", "Time to first token", "ms", 1},
    {"tpot_ms", "Time per output token", "ms", 2},
    {"e2e_ms", "Whole request", "ms", 0},
};

const MetricText& TextOf(std::string_view metric) {
  static constexpr MetricText kUnknown = {"", "Other", "", 2};
  for (const MetricText& text : kMetricTexts) {
    if (text.metric == metric) return text;
  }
  return kUnknown;
}

std::string ValueText(const MetricText& text, double value) {
  if (text.metric == "outcome") return value != 0 ? "starts" : "fails";
  if (text.decimals == 0) return CountText(static_cast<int64_t>(std::llround(value)));
  return DecimalText(value, text.decimals);
}

std::string ErrorText(std::string_view metric, double error, bool sign) {
  if (metric == "outcome") return error == 0 ? "right" : "wrong";
  const double percent = error * 100;
  const std::string text = DecimalText(std::fabs(percent), std::fabs(percent) < 10 ? 2 : 1) + " %";
  if (!sign || std::fabs(percent) < 0.005) return text;
  return (percent > 0 ? "+" : "−") + text;
}

std::string Cell(std::string_view text) { return "<td class=\"number\">" + Escaped(text) + "</td>"; }

std::string SummaryTable(const std::vector<MetricSummary>& summary) {
  std::string html =
      "<div class=\"wide\"><table><thead><tr><th scope=\"col\">What</th><th scope=\"col\" "
      "class=\"number\">Cases</th>"
      "<th scope=\"col\" class=\"number\">Median error</th><th scope=\"col\" class=\"number\">Mean</th>"
      "<th scope=\"col\" class=\"number\">90 % within</th></tr></thead><tbody>\n";
  for (const MetricSummary& metric : summary) {
    const MetricText& text = TextOf(metric.metric);
    html += "<tr><th scope=\"row\">" + Escaped(text.name) + "</th>" + Cell(CountText(metric.n));
    if (metric.metric == "outcome") {
      const int64_t right = std::llround(static_cast<double>(metric.n) * (1 - metric.mean_abs));
      html += "<td class=\"number\" colspan=\"3\">" + CountText(right) + " of " + CountText(metric.n) +
              " right</td>";
    } else {
      html += Cell(ErrorText(metric.metric, metric.median_abs, false)) +
              Cell(ErrorText(metric.metric, metric.mean_abs, false)) +
              Cell(ErrorText(metric.metric, metric.p90_abs, false));
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string CaseTable(const Validation& validation, const std::map<std::string, std::string>& sources) {
  std::string html =
      "<div class=\"wide\"><table><thead><tr><th scope=\"col\">Case</th><th scope=\"col\">What</th>"
      "<th scope=\"col\" class=\"number\">Predicted</th><th scope=\"col\" class=\"number\">Measured</th>"
      "<th scope=\"col\" class=\"number\">Error</th></tr></thead><tbody>\n";
  for (const ScoredMetric& comparison : validation.comparisons) {
    const MetricText& text = TextOf(comparison.metric);
    const auto source = sources.find(comparison.id);
    html += "<tr><td title=\"" + Escaped(source == sources.end() ? "" : source->second) + "\">" +
            Escaped(comparison.id) + (comparison.binding ? "" : " *") + "</td><td>" + Escaped(text.name) +
            (text.unit.empty() ? "" : ", " + std::string(text.unit)) + "</td>" +
            Cell(ValueText(text, comparison.predicted)) + Cell(ValueText(text, comparison.measured)) +
            Cell(ErrorText(comparison.metric, comparison.relative_error, true)) + "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

// Ours beside each rival's, on the runs that both answered.
std::string RivalsTable(const std::vector<RivalScore>& scores) {
  if (scores.empty()) return "";
  std::string html =
      "<h3>Beside other predictors</h3>\n<p class=\"note\">Median and mean error of a public head-to-head of "
      "simulators, each beside ours on the runs it answered. Ours were among the runs we fit, as they were "
      "for "
      "those whose names say trained or evolved.</p>\n"
      "<div class=\"wide\"><table><thead><tr><th scope=\"col\">Predictor</th><th scope=\"col\" "
      "class=\"number\">Runs</th>";
  for (const std::string_view metric : kRivalMetrics) {
    html += "<th scope=\"col\" class=\"number\">" + Escaped(metric) +
            "</th><th scope=\"col\" class=\"number\">Plimsoll</th>";
  }
  html += "</tr></thead><tbody>\n";
  const auto pair = [](const ErrorPair& errors) {
    return Cell(DecimalText(100 * errors.median, 1) + " / " + DecimalText(100 * errors.mean, 1) + " %");
  };
  for (const RivalScore& score : scores) {
    html += "<tr><th scope=\"row\">" + Escaped(score.rival) + "</th>" + Cell(CountText(score.runs));
    for (size_t i = 0; i < score.theirs.size(); ++i) html += pair(score.theirs[i]) + pair(score.ours[i]);
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string UnansweredList(const std::vector<Unanswered>& unanswered) {
  if (unanswered.empty()) return "";
  std::string html = "<h3>Not answered</h3>\n<ul>\n";
  for (const Unanswered& item : unanswered) {
    html += "<li>" + Escaped(item.id) +
            (item.metric.empty() ? "" : ", " + Escaped(TextOf(item.metric).name)) + ": " +
            Escaped(item.reason) + "</li>\n";
  }
  return html + "</ul>\n";
}

}  // namespace

std::string AccuracyContent(const std::vector<AccuracySection>& sections, const Catalog& catalog) {
  std::string html =
      "<h1>Accuracy</h1>\n<p class=\"lead\">Predicted against measured, for every published startup log, "
      "file and "
      "benchmark that we hold the estimator against. Nothing is left out.</p>\n"
      "<p class=\"note\">An error is (predicted − measured) / measured. Cases with an asterisk are doubtful "
      "at the source "
      "(hardware or version not recorded, or unverified submissions) and do not count in the summaries. "
      "Speed "
      "coefficients are fitted on the same rows; the errors with each card left out in turn are in the "
      "repository's "
      "calibration report.</p>\n";
  for (const AccuracySection& section : sections) {
    const Validation validation = Validate(section.file, catalog);
    std::map<std::string, std::string> sources;
    for (const Case& measured_case : section.file.cases) sources[measured_case.id] = measured_case.source;
    html += "<h2>" + Escaped(section.title) + "</h2>\n<p class=\"note\">" + Escaped(section.about) +
            "</p>\n" + SummaryTable(validation.binding_summary);
    if (!section.rivals.is_null()) {
      const Result<std::vector<RivalScore>> scores = ScoreRivals(section.rivals, section.file, validation);
      if (scores.ok()) html += RivalsTable(*scores);
    }
    html += "<details><summary>Every case</summary>\n" + CaseTable(validation, sources) +
            UnansweredList(validation.unanswered) + "</details>\n";
  }
  return html;
}

}  // namespace plimsoll
