#include "core/validate/rivals.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "core/base/json_members.h"
#include "core/base/text.h"

namespace plimsoll {
namespace {

using Times = std::array<double, 3>;  // as kRivalMetrics; zero: not there

constexpr std::array<std::string_view, 3> kPublished = {"ttft_mean", "itl_mean", "e2e_mean"};
constexpr std::array<std::string_view, 3> kOurs = {"ttft_ms", "tpot_ms", "e2e_ms"};

Times ReadTimes(const Json* json) {
  Times times{};
  for (size_t i = 0; json != nullptr && i < times.size(); ++i) {
    const Json* value = json->Find(kPublished[i]);
    times[i] = value != nullptr ? value->AsDouble().value_or(0) : 0;
  }
  return times;
}

// Our prediction of each run.
std::map<std::string, Times> OurTimes(const CaseFile& cases, const Validation& validation) {
  struct Stage {
    std::string run;
    double weight = 1;
  };
  std::map<std::string, Stage> stages;
  for (const Case& measured_case : cases.cases) {
    if (measured_case.run.empty()) continue;
    const Json* prompts = measured_case.workload.Find("num_prompts");
    const double weight = prompts != nullptr ? prompts->AsDouble().value_or(1) : 1;
    stages[measured_case.id] = {measured_case.run, weight};
  }
  std::map<std::string, Times> sums, weights;
  for (const ScoredMetric& scored : validation.comparisons) {
    const auto stage = stages.find(scored.id);
    const auto* metric = std::find(kOurs.begin(), kOurs.end(), scored.metric);
    if (stage == stages.end() || metric == kOurs.end()) continue;
    const auto at = static_cast<size_t>(metric - kOurs.begin());
    sums[stage->second.run][at] += scored.predicted * stage->second.weight;
    weights[stage->second.run][at] += stage->second.weight;
  }
  for (auto& [run, times] : sums) {
    for (size_t i = 0; i < times.size(); ++i) {
      const double weight = weights[run][i];
      times[i] = weight > 0 ? times[i] / weight : 0;
    }
  }
  return sums;
}

ErrorPair Summarized(std::vector<double> errors) {
  if (errors.empty()) return {};
  std::sort(errors.begin(), errors.end());
  double sum = 0;
  for (const double error : errors) sum += error;
  const size_t n = errors.size();
  const double median = n % 2 == 1 ? errors[n / 2] : (errors[n / 2 - 1] + errors[n / 2]) / 2;
  return {median, sum / static_cast<double>(n)};
}

std::string Percents(const ErrorPair& pair) {
  return DecimalText(100 * pair.median, 1) + " / " + DecimalText(100 * pair.mean, 1);
}

}  // namespace

Result<std::vector<RivalScore>> ScoreRivals(const Json& rivals, const CaseFile& cases,
                                            const Validation& validation) {
  const Json* measured = rivals.Find("measured");
  const Json* answers = rivals.Find("rivals");
  if (measured == nullptr || answers == nullptr || !measured->is_array() || !answers->is_array()) {
    return Error{"rivals", "something else", "an object with lists \"measured\" and \"rivals\""};
  }
  std::map<std::string, Times> found;
  for (const Json& item : measured->items()) found[TextIn(item, "run")] = ReadTimes(item.Find("measured"));
  const std::map<std::string, Times> ours = OurTimes(cases, validation);
  struct Errors {
    int64_t runs = 0;
    std::array<std::vector<double>, 3> theirs, ours;
  };
  std::map<std::string, Errors> by_rival;
  for (const Json& item : answers->items()) {
    const auto truth = found.find(TextIn(item, "run"));
    const auto own = ours.find(TextIn(item, "run"));
    if (truth == found.end() || own == ours.end()) continue;
    const Times theirs = ReadTimes(item.Find("predicted"));
    Errors& errors = by_rival[TextIn(item, "simulator")];
    ++errors.runs;
    for (size_t i = 0; i < theirs.size(); ++i) {
      if (!(theirs[i] > 0) || !(truth->second[i] > 0) || !(own->second[i] > 0)) continue;
      errors.theirs[i].push_back(std::fabs(theirs[i] / truth->second[i] - 1));
      errors.ours[i].push_back(std::fabs(own->second[i] / truth->second[i] - 1));
    }
  }
  std::vector<RivalScore> scores;
  for (auto& [name, errors] : by_rival) {
    RivalScore score;
    score.rival = name;
    score.runs = errors.runs;
    for (size_t i = 0; i < score.theirs.size(); ++i) {
      score.theirs[i] = Summarized(std::move(errors.theirs[i]));
      score.ours[i] = Summarized(std::move(errors.ours[i]));
    }
    scores.push_back(std::move(score));
  }
  return scores;
}

std::string RivalsMarkdown(const std::vector<RivalScore>& scores) {
  std::string text = "| | runs |";
  std::string rule = "|---|---:|";
  for (const std::string_view metric : kRivalMetrics) {
    text += " " + std::string(metric) + " | Plimsoll on these |";
    rule += "---:|---:|";
  }
  text += "\n" + rule + "\n";
  for (const RivalScore& score : scores) {
    text += "| " + score.rival + " | " + CountText(score.runs) + " |";
    for (size_t i = 0; i < score.theirs.size(); ++i)
      text += " " + Percents(score.theirs[i]) + " | " + Percents(score.ours[i]) + " |";
    text += "\n";
  }
  return text;
}

}  // namespace plimsoll
