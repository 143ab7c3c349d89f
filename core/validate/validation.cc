#include "core/validate/validation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "core/base/json_members.h"
#include "core/config/config_codec.h"
#include "core/engines/registry.h"
#include "core/engines/server.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/formats/quantization_config.h"
#include "core/resolve/resolved.h"
#include "core/validate/batch_case.h"
#include "core/validate/case_circumstances.h"
#include "core/validate/serving_case.h"
#include "core/validate/worded_case.h"

namespace plimsoll {
namespace {

constexpr int64_t kMostCases = 100000;

// ---- what a report predicts -------------------------------------------------------------------------------

struct Prediction {
  const Case& measured_case;
  const Resolved& resolved;
  const Report& report;
};

// The first card: its rank writes the lines that are published.
const GpuReport& First(const Report& report) {
  static const GpuReport kNone;
  return report.per_gpu.empty() ? kNone : report.per_gpu.front();
}

Bytes SumOverCards(const Report& report, Bytes GpuReport::*member) {
  Bytes sum;
  for (const GpuReport& gpu : report.per_gpu) sum += gpu.*member;
  return sum;
}

Bytes LargestOverCards(const Report& report, Bytes GpuReport::*member) {
  Bytes largest;
  for (const GpuReport& gpu : report.per_gpu) largest = std::max(largest, gpu.*member);
  return largest;
}

double PredictActivation(const Prediction& p) {
  return EngineOf(p.resolved).LoggedActivation(p.resolved, First(p.report)).gib();
}

// Whether it starts: what reserves nothing for a sequence does so with any pool.
double PredictOutcome(const Prediction& p) {
  const bool starts = p.resolved.engine->starts_below_context &&
                      p.report.failure == FailureStage::kCacheTooSmall && p.report.kv.capacity_tokens > 0;
  return p.report.fits() || starts ? 1 : 0;
}

struct Metric {
  std::string_view name;
  double (*predict)(const Prediction&);
};

constexpr std::string_view kGivenPool = "kv_cache_tokens_given_pool";

// llama.cpp logs model, KV and recurrent buffers per device; the cases add devices up. Its compute buffer is
// the largest of the devices.
constexpr Metric kMetrics[] = {
    {"weights_gib_per_gpu", [](const Prediction& p) { return First(p.report).weights.gib(); }},
    {"activation_peak_gib", PredictActivation},
    {"non_torch_gib", [](const Prediction& p) { return First(p.report).non_torch.gib(); }},
    {"cuda_graph_gib", [](const Prediction& p) { return First(p.report).cuda_graph.gib(); }},
    {"kv_cache_gib_per_gpu", [](const Prediction& p) { return First(p.report).kv_cache.gib(); }},
    {"kv_cache_tokens", [](const Prediction& p) { return static_cast<double>(p.report.kv.capacity_tokens); }},
    {kGivenPool, [](const Prediction& p) { return static_cast<double>(p.report.kv.capacity_tokens); }},
    {"max_concurrency",
     [](const Prediction& p) { return EngineOf(p.resolved).LoggedConcurrency(p.resolved, p.report); }},
    {"outcome", PredictOutcome},
    {"model_buffer_mib",
     [](const Prediction& p) { return SumOverCards(p.report, &GpuReport::weights).mib(); }},
    {"kv_buffer_mib",
     [](const Prediction& p) {
       return (SumOverCards(p.report, &GpuReport::kv_cache) + p.report.host.kv_cache).mib();
     }},
    {"recurrent_buffer_mib",
     [](const Prediction& p) {
       return (SumOverCards(p.report, &GpuReport::recurrent_state) + p.report.host.recurrent_state).mib();
     }},
    {"compute_buffer_mib",
     [](const Prediction& p) { return LargestOverCards(p.report, &GpuReport::compute_buffer).mib(); }},
    {"host_compute_buffer_mib", [](const Prediction& p) { return p.report.host.compute_buffer.mib(); }},
    {"gpu_kv_buffer_mib",
     [](const Prediction& p) { return SumOverCards(p.report, &GpuReport::kv_cache).mib(); }},
    {"host_kv_buffer_mib", [](const Prediction& p) { return p.report.host.kv_cache.mib(); }},
    {"host_weights_mib", [](const Prediction& p) { return p.report.host.weights.mib(); }},
    {"model_layers", [](const Prediction& p) { return static_cast<double>(p.report.layers); }},
    {"max_model_len", [](const Prediction& p) { return static_cast<double>(p.resolved.max_model_len); }},
    {"max_num_seqs", [](const Prediction& p) { return static_cast<double>(p.resolved.max_num_seqs); }},
    {"n_ubatch", [](const Prediction& p) { return static_cast<double>(p.resolved.n_ubatch); }},
    {"gpu_layers", [](const Prediction& p) { return static_cast<double>(p.report.layers_on_cards); }},
    {"listed_gb", [](const Prediction& p) { return p.report.listed.gb(); }},
    {"checkpoint_bytes",
     [](const Prediction& p) {
       const Bytes bytes = p.measured_case.whole_file ? p.resolved.stored.file : p.report.weights.checkpoint;
       return static_cast<double>(bytes.count());
     }},
    {"total_params", [](const Prediction& p) { return static_cast<double>(p.report.weights.total_params); }},
    // What one more token takes in a sequence longer than every window, over all layers and ranks.
    {"kv_bytes_per_token",
     [](const Prediction& p) { return static_cast<double>(p.report.kv.per_token.count()); }},
    {"prefill_tps", [](const Prediction& p) { return p.report.speed.prefill_tokens_per_s; }},
    {"decode_tps_per_stream", [](const Prediction& p) { return p.report.speed.decode_tokens_per_s; }},
    {"output_tps_total", [](const Prediction& p) { return p.report.speed.decode_tokens_per_s_total; }},
    {"ttft_ms", [](const Prediction& p) { return p.report.speed.ttft_ms; }},
    {"tpot_ms", [](const Prediction& p) { return p.report.speed.tpot_ms; }},
    {"e2e_ms",
     [](const Prediction& p) {
       const auto more = static_cast<double>(std::max<int64_t>(0, p.resolved.output_tokens - 1));
       return p.report.speed.ttft_ms + p.report.speed.tpot_ms * more;
     }},
};

const Metric* FindMetric(std::string_view name) {
  for (const Metric& metric : kMetrics) {
    if (metric.name == name) return &metric;
  }
  return nullptr;
}

// ---- reading ----------------------------------------------------------------------------------------------

bool Binds(const Json& value) {
  const std::string& set = TextIn(value, "set");
  return TextIn(value, "confidence") != "low" && set != "suspect" && set != "community";
}

// A published quantisation that lists what it leaves alone says more than a plain id does.
void TakePublishedExceptions(const Json& value, Config* config) {
  const Json* published = value.Find("quant_config");
  if (!published || !published->is_object() || !config->format.is_string()) return;
  if (published->Has("quant_method")) {
    Result<WeightFormat> format = ReadQuantizationConfig(*published, "quant_config");
    if (format.ok() && format->id == config->format.AsString()) config->format = *published;
    return;
  }
  for (const std::string_view key : {"ignore", "exclude", "modules_to_not_convert"}) {
    const Json* exceptions = published->Find(key);
    if (!exceptions || !exceptions->is_array()) continue;
    Json format = Json::MakeObject();
    format.Set("id", config->format).Set("unquantized", *exceptions);
    if (const Json* group = published->Find("group_size")) format.Set("group_size", *group);
    config->format = std::move(format);
    return;
  }
}

std::optional<double> ReadMeasured(std::string_view metric, const Json& value) {
  if (metric != "outcome") return value.is_number() ? value.AsDouble() : std::nullopt;
  if (value.AsString() == "ok") return 1.0;
  if (value.AsString() == "fail") return 0.0;
  return std::nullopt;
}

void ReadMeasurements(const Json& value, Case* out, std::vector<Unanswered>* unreadable) {
  const Json* measured = value.Find("measured");
  if (!measured || !measured->is_object()) {
    unreadable->push_back({out->id, "", "it has no \"measured\""});
    return;
  }
  for (const Json::Member& member : measured->members()) {
    const WordedMetric* worded = out->worded.is_null() ? nullptr : FindWordedMetric(member.first);
    if (worded != nullptr) {
      const std::optional<WordedFigure> figure = ReadWordedFigure(*worded, member.second);
      if (figure) {
        out->measured.push_back({std::string(worded->metric), figure->value, figure->step});
      } else {
        unreadable->push_back({out->id, member.first, "the measured value is not one figure"});
      }
      continue;
    }
    if (!FindMetric(member.first)) {
      unreadable->push_back({out->id, member.first, "not a metric of this version"});
      continue;
    }
    const std::optional<double> number = ReadMeasured(member.first, member.second);
    if (!number || !std::isfinite(*number)) {
      unreadable->push_back({out->id, member.first, "the measured value is not a number"});
      continue;
    }
    out->measured.push_back({member.first, *number});
  }
}

// ---- comparing --------------------------------------------------------------------------------------------

double RelativeError(std::string_view metric, double predicted, double measured) {
  if (metric == "outcome") return predicted == measured ? 0 : 1;
  if (measured == 0) return predicted == 0 ? 0 : 1;
  return (predicted - measured) / measured;
}

class Validator {
 public:
  explicit Validator(const Catalog& catalog) : catalog_(catalog) {}

  Validation Take() {
    result_.summary = Summarize(result_.comparisons, false);
    result_.binding_summary = Summarize(result_.comparisons, true);
    return std::move(result_);
  }

  // A case in words is read first.
  void Answer(const Case& measured_case) {
    if (measured_case.worded.is_null()) return Run(measured_case);
    Result<WordedConfig> worded = ReadWordedConfig(measured_case.worded, catalog_);
    if (!worded.ok()) {
      result_.unanswered.push_back({measured_case.id, "", worded.error().Message()});
      return;
    }
    Case read = measured_case;
    read.config = std::move(worded->config);
    read.binding = read.binding && !worded->stand_in;
    Run(read);
  }

 private:
  void Run(const Case& told) {
    Case measured_case = told;
    TakePossibleCard(told.possible_cards, catalog_, &measured_case.config);
    const Result<Resolved> resolved = Settle(measured_case.config, catalog_);
    if (!resolved.ok()) {
      result_.unanswered.push_back({measured_case.id, "", resolved.error().Message()});
      return;
    }
    const Report report = EstimateResolved(*resolved);
    const Prediction prediction{measured_case, *resolved, report};
    starts_at_any_length_ = LengthNotRecorded(measured_case, report) && StartsAtAnyLength(measured_case);
    std::optional<Result<ServingPrediction>> serving;
    for (const Measured& measured : measured_case.measured) {
      if (const auto batch = BatchRate(*resolved, measured_case, measured.metric)) {
        Add(measured_case, measured.metric, *batch, measured.value);
        continue;
      }
      if (!AnsweredBySimulator(measured_case, measured.metric)) {
        Compare(prediction, measured);
        continue;
      }
      if (!serving)
        serving = PredictServing(*resolved, report, measured_case.workload, measured_case.medians);
      CompareServing(measured_case, measured, *serving);
    }
    if (resolved->engine->budget_modelled) CompareGivenPool(measured_case);
  }

  // A server that started, and whose log does not say how long sequences could be, was not started with the
  // model's own limit if that does not fit: whether it starts is then asked for the longest length that does.
  static bool LengthNotRecorded(const Case& measured_case, const Report& report) {
    const Measured* outcome = Find(measured_case, "outcome");
    return outcome != nullptr && outcome->value == 1 && !measured_case.config.max_model_len &&
           !report.fits() && report.failure == FailureStage::kCacheTooSmall;
  }

  bool StartsAtAnyLength(const Case& measured_case) const {
    Config config = measured_case.config;
    config.max_model_len = -1;
    const Result<Report> report = Estimate(config, catalog_);
    return report.ok() && report->fits();
  }

  // Of a batch benchmark's two phases; nothing for what is no rate or no such benchmark.
  static std::optional<double> BatchRate(const Resolved& resolved, const Case& measured_case,
                                         std::string_view metric) {
    if (!measured_case.workload.is_object() || !IsBatchBenchmark(measured_case.workload)) return std::nullopt;
    const BatchPrediction batch = PredictBatch(resolved, MakeStepModel(resolved));
    if (metric == "decode_tps_per_stream") return batch.decode_per_stream;
    if (metric == "output_tps_total") return batch.decode_total;
    if (metric == "prefill_tps") return batch.prompt;
    return std::nullopt;
  }

  static bool AnsweredBySimulator(const Case& measured_case, std::string_view metric) {
    if (!measured_case.workload.is_object()) return false;
    return metric == "ttft_ms" || metric == "tpot_ms" || metric == "e2e_ms" || metric == "output_tps_total";
  }

  void CompareServing(const Case& measured_case, const Measured& measured,
                      const Result<ServingPrediction>& serving) {
    if (!serving.ok()) {
      result_.unanswered.push_back({measured_case.id, measured.metric, serving.error().Message()});
      return;
    }
    const auto [predicted, band] = Of(*serving, measured.metric);
    Add(measured_case, measured.metric, predicted, measured.value);
    if (result_.comparisons.empty() || result_.comparisons.back().id != measured_case.id) return;
    ScoredMetric& scored = result_.comparisons.back();
    scored.low = band.low;
    scored.high = band.high;
    scored.saturated = serving->saturated;
    // How long a queue grew says how long it was let grow.
    if (scored.saturated && (scored.metric == "ttft_ms" || scored.metric == "e2e_ms")) scored.binding = false;
  }

  static std::pair<double, Interval> Of(const ServingPrediction& serving, std::string_view metric) {
    if (metric == "ttft_ms") return {serving.ttft_ms, serving.ttft};
    if (metric == "tpot_ms") return {serving.tpot_ms, serving.tpot};
    if (metric == "e2e_ms") return {serving.end_to_end_ms, serving.end_to_end};
    return {serving.output_tokens_per_s, serving.output};
  }

  void Compare(const Prediction& prediction, const Measured& measured) {
    const Case& measured_case = prediction.measured_case;
    if (!measured_case.ran_with.empty() && !IsOfTheModel(measured.metric)) {
      result_.unanswered.push_back({measured_case.id, measured.metric, measured_case.ran_with});
      return;
    }
    // A gate may refuse what people ran all the same; the numbers stand as long as there are any.
    const Bytes weights = First(prediction.report).weights + prediction.report.host.weights;
    const bool has_numbers = weights.count() > 0 || IsOfTheModel(measured.metric);
    if (!has_numbers && measured.metric != "outcome") {
      result_.unanswered.push_back({measured_case.id, measured.metric, InvalidReason(prediction.report)});
      return;
    }
    if (FollowsFromBudget(measured.metric) && !prediction.resolved.engine->budget_modelled) {
      const std::string name(prediction.resolved.engine->name);
      result_.unanswered.push_back({measured_case.id, measured.metric, name + "'s budget is not modelled"});
      return;
    }
    double predicted = FindMetric(measured.metric)->predict(prediction);
    if (measured.metric == "outcome" && starts_at_any_length_) predicted = 1;
    // What prints sizes cuts those of ten and more; ours is cut alike.
    if (measured.step > 0) predicted = std::floor(predicted / measured.step) * measured.step;
    Add(measured_case, measured.metric, predicted, measured.value);
  }

  // What holds for a model and a format however they are laid out on cards.
  static bool IsOfTheModel(std::string_view metric) {
    return metric == "checkpoint_bytes" || metric == "total_params" || metric == "kv_bytes_per_token";
  }

  static std::string InvalidReason(const Report& report) {
    for (const Diagnostic& diagnostic : report.diagnostics) {
      if (diagnostic.severity == Severity::kError) return diagnostic.code + ": " + diagnostic.message;
    }
    return "the configuration is held to be invalid";
  }

  void Add(const Case& measured_case, const std::string& metric, double predicted, double measured) {
    // A rate of zero means that the speed model has no answer; zero bytes are an answer.
    const bool is_rate =
        metric.ends_with("_tps") || metric.ends_with("_ms") || metric.find("_tps_") != std::string::npos;
    if (!std::isfinite(predicted) || (is_rate && predicted <= 0)) {
      result_.unanswered.push_back({measured_case.id, metric, "no prediction of it"});
      return;
    }
    result_.comparisons.push_back({measured_case.id, metric, predicted, measured,
                                   RelativeError(metric, predicted, measured), measured_case.binding});
  }

  static const Measured* Find(const Case& measured_case, std::string_view metric) {
    for (const Measured& measured : measured_case.measured) {
      if (measured.metric == metric) return &measured;
    }
    return nullptr;
  }

  void CompareGivenPool(const Case& measured_case) {
    const Measured* pool = Find(measured_case, "kv_cache_gib_per_gpu");
    const Measured* tokens = Find(measured_case, "kv_cache_tokens");
    if (!pool || !tokens || pool->value <= 0) return;
    Config config = measured_case.config;
    config.kv_cache_memory_bytes = GiBFromDouble(pool->value).count();
    const Result<Report> report = Estimate(config, catalog_);
    if (!report.ok() || report->verdict == Verdict::kInvalid) return;
    Add(measured_case, std::string(kGivenPool), static_cast<double>(report->kv.capacity_tokens),
        tokens->value);
  }

  const Catalog& catalog_;
  bool starts_at_any_length_ = false;  // the case at hand
  Validation result_;
};

// The value below which `share` of the sorted numbers lie, interpolated.
double Percentile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  const double at = share * static_cast<double>(sorted.size() - 1);
  const size_t below = static_cast<size_t>(at);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

Json SummaryJson(const std::vector<MetricSummary>& summary) {
  Json list = Json::MakeArray();
  for (const MetricSummary& metric : summary) {
    Json json = Json::MakeObject();
    json.Set("metric", metric.metric)
        .Set("n", metric.n)
        .Set("median_abs", metric.median_abs)
        .Set("mean_abs", metric.mean_abs)
        .Set("p90_abs", metric.p90_abs)
        .Set("worst", metric.worst)
        .Set("worst_id", metric.worst_id);
    list.Append(std::move(json));
  }
  return list;
}

Json ValueJson(const std::string& metric, double value) {
  if (metric == "outcome") return Json(value != 0 ? "ok" : "fail");
  return Json(value);
}

}  // namespace

Result<CaseFile> ReadCases(const Json& value) {
  const Json* list = value.is_object() ? value.Find("cases") : &value;
  if (!list || !list->is_array() || static_cast<int64_t>(list->items().size()) > kMostCases) {
    return Error{"cases", list && list->is_array() ? "too many cases" : "something else",
                 "a list of {\"id\", \"source\", \"config\", \"measured\"}"};
  }
  CaseFile file;
  for (const Json& item : list->items()) {
    Case measured_case;
    measured_case.id = TextIn(item, "id");
    if (measured_case.id.empty()) measured_case.id = "case " + std::to_string(&item - list->items().data());
    measured_case.source = TextIn(item, "source");
    measured_case.run = TextIn(item, "run");
    if (IsWorded(item)) {
      measured_case.worded = item;
    } else {
      const Json* config = item.Find("config");
      Result<DecodedConfig> decoded = DecodeConfigJson(config ? *config : Json());
      if (!decoded.ok()) {
        file.unreadable.push_back({measured_case.id, "", decoded.error().Message()});
        continue;
      }
      measured_case.config = std::move(decoded->config);
      TakeCircumstances(item, &measured_case.config);
      measured_case.possible_cards = TextIn(item, "gpu_inferred");
      measured_case.ran_with = RanWithAnother(item, measured_case.config);
    }
    measured_case.binding = Binds(item);
    measured_case.whole_file = TextIn(item, "kind") == "on_disk";
    if (const Json* workload = item.Find("workload")) measured_case.workload = *workload;
    if (const Json* detail = item.Find("detail"))
      measured_case.medians = TextIn(*detail, "statistic") == "median";
    TakePublishedExceptions(item, &measured_case.config);
    ReadMeasurements(item, &measured_case, &file.unreadable);
    file.cases.push_back(std::move(measured_case));
  }
  return file;
}

Validation Validate(const CaseFile& file, const Catalog& catalog) {
  Validator validator(catalog);
  for (const Case& measured_case : file.cases) validator.Answer(measured_case);
  Validation validation = validator.Take();
  validation.unanswered.insert(validation.unanswered.begin(), file.unreadable.begin(), file.unreadable.end());
  return validation;
}

std::vector<MetricSummary> Summarize(const std::vector<ScoredMetric>& comparisons, bool binding_only) {
  std::vector<MetricSummary> summaries;
  for (const Metric& metric : kMetrics) {
    MetricSummary summary;
    summary.metric = std::string(metric.name);
    std::vector<double> errors;
    double sum = 0;
    for (const ScoredMetric& comparison : comparisons) {
      if (comparison.metric != metric.name || (binding_only && !comparison.binding)) continue;
      const double error = std::fabs(comparison.relative_error);
      if (errors.empty() || error > summary.worst) {
        summary.worst = error;
        summary.worst_id = comparison.id;
      }
      sum += error;
      errors.push_back(error);
    }
    if (errors.empty()) continue;
    std::sort(errors.begin(), errors.end());
    summary.n = static_cast<int64_t>(errors.size());
    summary.median_abs = Percentile(errors, 0.5);
    summary.p90_abs = Percentile(errors, 0.9);
    summary.mean_abs = sum / static_cast<double>(errors.size());
    summaries.push_back(std::move(summary));
  }
  return summaries;
}

// What follows from an engine's budget: of an engine whose budget is not modelled, the cache of a report is
// what was asked for, not what the engine would keep.
bool FollowsFromBudget(std::string_view metric) {
  for (const std::string_view name : {"activation_peak_gib", "non_torch_gib", "cuda_graph_gib",
                                      "kv_cache_gib_per_gpu", "kv_cache_tokens", "max_concurrency"}) {
    if (metric == name) return true;
  }
  return false;
}

std::optional<double> PredictedMetric(std::string_view name, const Resolved& resolved, const Report& report) {
  const Metric* metric = FindMetric(name);
  if (metric == nullptr) return std::nullopt;
  const Case none;
  return metric->predict({none, resolved, report});
}

Json ValidationToJson(const Validation& validation) {
  Json cases = Json::MakeArray();
  for (const ScoredMetric& comparison : validation.comparisons) {
    Json json = Json::MakeObject();
    json.Set("id", comparison.id)
        .Set("metric", comparison.metric)
        .Set("predicted", ValueJson(comparison.metric, comparison.predicted))
        .Set("measured", ValueJson(comparison.metric, comparison.measured))
        .Set("relative_error", comparison.relative_error)
        .Set("binding", comparison.binding);
    if (comparison.high > comparison.low) {
      json.Set("low", comparison.low).Set("high", comparison.high).Set("saturated", comparison.saturated);
    }
    cases.Append(std::move(json));
  }
  Json unanswered = Json::MakeArray();
  for (const Unanswered& item : validation.unanswered) {
    Json json = Json::MakeObject();
    json.Set("id", item.id)
        .Set("metric", item.metric.empty() ? Json() : Json(item.metric))
        .Set("reason", item.reason);
    unanswered.Append(std::move(json));
  }
  Json json = Json::MakeObject();
  json.Set("cases", std::move(cases))
      .Set("summary", SummaryJson(validation.summary))
      .Set("binding_summary", SummaryJson(validation.binding_summary))
      .Set("unanswered", std::move(unanswered));
  return json;
}

}  // namespace plimsoll
