#include <string>
#include <utility>

#include "cli/command.h"
#include "cli/options.h"
#include "core/base/table.h"
#include "core/validate/rivals.h"
#include "core/validate/validation.h"

namespace plimsoll {
namespace {

std::string Percent(double share) { return DecimalText(100 * share, share < 0.1 ? 2 : 1) + " %"; }

std::string SummaryText(const std::vector<MetricSummary>& summary) {
  Table table({"metric", "n>", "median>", "mean>", "90th>", "worst>", "worst case"});
  for (const MetricSummary& metric : summary) {
    table.Add({metric.metric, CountText(metric.n), Percent(metric.median_abs), Percent(metric.mean_abs),
               Percent(metric.p90_abs), Percent(metric.worst), metric.worst_id});
  }
  return table.Print("  ");
}

std::string CasesText(const std::vector<ScoredMetric>& comparisons) {
  Table table({"case", "metric", "predicted>", "measured>", "error>"});
  for (const ScoredMetric& comparison : comparisons) {
    table.Add({comparison.id, comparison.metric, DecimalText(comparison.predicted, 3),
               DecimalText(comparison.measured, 3), DecimalText(100 * comparison.relative_error, 2) + " %"});
  }
  return table.Print("  ");
}

std::string ValidationText(const Validation& validation, bool cases) {
  std::string text = "All cases, |predicted - measured| / measured:\n" + SummaryText(validation.summary);
  text += "\nHigh and medium confidence:\n" + SummaryText(validation.binding_summary);
  if (!validation.unanswered.empty()) {
    Table table({"", "", ""});
    for (const Unanswered& item : validation.unanswered) {
      table.Add({item.id, item.metric.empty() ? "(all)" : item.metric, item.reason});
    }
    text += "\nNot answered:\n" + table.Print("  ");
  }
  if (cases) text += "\nEvery case:\n" + CasesText(validation.comparisons);
  return text;
}

}  // namespace

CommandResult RunValidate(const Arguments& arguments, const CommandContext& context) {
  Result<Options> options = Options::Take(arguments, {{"--json", "--cases"}, {"--rivals"}, true});
  if (!options.ok()) return Refused(options.error());
  if (!options->rest().empty()) {
    return Refused(
        {"validate", Quoted(options->rest().front()), "CASES.json, --json, --cases and --rivals FILE"});
  }
  if (options->positional().empty()) return Refused({"validate", "nothing", "a file of cases"});
  CaseFile all;
  for (const std::string& path : options->positional()) {
    Result<Json> json = ReadJsonFile(path, path, context);
    if (!json.ok()) return Refused(json.error());
    Result<CaseFile> file = ReadCases(*json);
    if (!file.ok()) return Refused(file.error());
    for (Case& measured_case : file->cases) all.cases.push_back(std::move(measured_case));
    for (Unanswered& item : file->unreadable) all.unreadable.push_back(std::move(item));
  }
  const Validation validation = Validate(all, context.catalog);
  if (options->Has("--rivals")) {
    const std::string path = options->Value("--rivals");
    Result<Json> published = ReadJsonFile(path, "--rivals", context);
    if (!published.ok()) return Refused(published.error());
    const Result<std::vector<RivalScore>> scores = ScoreRivals(*published, all, validation);
    if (!scores.ok()) return Refused(scores.error());
    return {0, RivalsMarkdown(*scores), ""};
  }
  if (options->Has("--json")) return {0, ValidationToJson(validation).Dump(2) + "\n", ""};
  return {0, ValidationText(validation, options->Has("--cases")), ""};
}

}  // namespace plimsoll
