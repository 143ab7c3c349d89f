// Predicted against measured: cases from published startup logs, files and benchmarks, each with the
// configuration that was run. Every number a case measured is answered or listed with the reason why not.
//
// A relative error is (predicted - measured) / measured; for an outcome it is 0 (right) or 1. A verdict of
// "tight" predicts that it starts, as Report::fits() says. Where the source did not record the length of a
// sequence and the model's own limit does not fit the cache, the outcome is that of the longest length that
// does. What a case tells of how it was started beside its configuration is taken (case_circumstances.h).
#ifndef PLIMSOLL_CORE_VALIDATE_VALIDATION_H_
#define PLIMSOLL_CORE_VALIDATE_VALIDATION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/catalog/catalog.h"
#include "core/config/config.h"
#include "core/resolve/report.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

struct Measured {
  std::string metric;  // "weights_gib_per_gpu"
  double value = 0;    // outcome: 1 for "ok", 0 for "fail"
  double step = 0;     // the figure was cut to a multiple of this; 0: it was not
};

struct Case {
  std::string id;
  std::string source;
  Config config;
  std::vector<Measured> measured;
  // Whether its errors count against a bound: high and medium confidence, not the sets "suspect" and
  // "community".
  bool binding = true;
  bool medians = false;     // its times are medians over the requests; otherwise means
  bool whole_file = false;  // checkpoint_bytes is the file with its metadata, not the tensors
  std::string
      possible_cards;    // of which the card may have been one, and how much was free; empty: it is known
  std::string ran_with;  // why what was measured is not the engine's alone; empty: it is
  std::string run;       // of which it is a stage; empty: none
  Json worded;           // the case in words (worded_case.h), from which `config` is read; null: it is not
  Json workload;         // a serving run that the simulator answers; null: Estimate does
};

struct Unanswered {
  std::string id;
  std::string metric;  // empty: the whole case
  std::string reason;
};

struct ScoredMetric {
  std::string id;
  std::string metric;
  double predicted = 0;
  double measured = 0;
  double relative_error = 0;
  bool binding = true;
  // The band around a speed; equal where there is none.
  double low = 0, high = 0;
  // The server cannot keep up, or could not with slightly slower steps: its times to first token say how long the run was,
  // and only its throughput is scored.
  bool saturated = false;
};

struct MetricSummary {
  std::string metric;
  int64_t n = 0;
  double median_abs = 0, mean_abs = 0, p90_abs = 0, worst = 0;  // of |relative error|
  std::string worst_id;
};

struct Validation {
  std::vector<ScoredMetric> comparisons;
  std::vector<Unanswered> unanswered;
  std::vector<MetricSummary> summary;          // over all cases
  std::vector<MetricSummary> binding_summary;  // over the binding ones
};

// A file's list of cases. A case that cannot be read is not an error of the file: it is unanswered.
struct CaseFile {
  std::vector<Case> cases;
  std::vector<Unanswered> unreadable;
};
Result<CaseFile> ReadCases(const Json& value);

Validation Validate(const CaseFile& file, const Catalog& catalog);

// Statistics of some comparisons by metric, in the order in which validation.cc lists the metrics.
// Percentiles interpolate linearly.
std::vector<MetricSummary> Summarize(const std::vector<ScoredMetric>& comparisons, bool binding_only);

// What a metric of this page comes to in a report; nothing: no such metric.
std::optional<double> PredictedMetric(std::string_view metric, const Resolved& resolved,
                                      const Report& report);
// Whether it follows from an engine's budget, and so from the card's memory.
bool FollowsFromBudget(std::string_view metric);

Json ValidationToJson(const Validation& validation);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_VALIDATE_VALIDATION_H_
