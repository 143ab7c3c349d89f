#include <string>
#include <utility>

#include "cli/command.h"
#include "cli/options.h"
#include "core/base/text.h"
#include "core/config/config_codec.h"
#include "core/config/config_url.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/estimate/report_json.h"
#include "core/estimate/verdict.h"
#include "core/resolve/resolved.h"
#include "core/solve/solver.h"
#include "core/solve/ways_out.h"

namespace plimsoll {
namespace {

Json AnswerJson(const Solution& solution) {
  return solution.format.empty() ? Json(solution.number) : Json(solution.format);
}

Json WaysOutJson(const Config& config, const Catalog& catalog) {
  Json list = Json::MakeArray();
  for (const WayOut& way : WaysOut(config, catalog)) {
    Json json = Json::MakeObject();
    json.Set("label", way.label)
        .Set("verdict", VerdictName(way.verdict))
        .Set("config", EncodeConfigJson(way.config))
        .Set("url", EncodeConfigUrl(way.config));
    list.Append(std::move(json));
  }
  return list;
}

std::string SolvedJson(SolveFor goal, const std::optional<Solution>& solution, const Config& config,
                       const CommandContext& context) {
  Json json = Json::MakeObject();
  json.Set("for", SolveForName(goal)).Set("found", solution.has_value());
  json.Set("answer", solution ? AnswerJson(*solution) : Json());
  json.Set("label", solution ? Json(solution->label) : Json());
  json.Set("least", solution ? Json(solution->least) : Json());
  if (solution) {
    json.Set("config", EncodeConfigJson(solution->config)).Set("url", EncodeConfigUrl(solution->config));
    const Result<Resolved> resolved = Settle(solution->config, context.catalog);
    if (resolved.ok()) json.Set("report", ReportToJson(*resolved, solution->report));
  } else {
    json.Set("ways_out", WaysOutJson(config, context.catalog));
  }
  return json.Dump(2) + "\n";
}

std::string SolvedText(const std::optional<Solution>& solution, const Config& config,
                       const CommandContext& context, SizeUnits units) {
  if (!solution) {
    std::string text = "No value of it makes this fit.\n";
    for (const WayOut& way : WaysOut(config, context.catalog)) text += "  would fit: " + way.label + "\n";
    return text;
  }
  std::string text = solution->label + "\n";
  if (solution->least > 1) {
    text += "Fewer than " + CountText(solution->least) +
            " do not fit: what they leave to the cache is missing elsewhere.\n";
  }
  const Result<Resolved> resolved = Settle(solution->config, context.catalog);
  if (resolved.ok()) text += HeadlineText(*resolved, solution->report, units) + "\n";
  return text + EncodeConfigUrl(solution->config) + "\n";
}

}  // namespace

CommandResult RunSolve(const Arguments& arguments, const CommandContext& context) {
  Result<Options> options = Options::Take(arguments, {{"--json", "--gb"}, {"--url", "--config", "--for"}});
  if (!options.ok()) return Refused(options.error());
  const std::optional<SolveFor> goal = ReadSolveFor(options->Value("--for"));
  if (!goal) {
    const std::string given = options->Value("--for");
    return Refused(
        {"--for", given.empty() ? "nothing" : Quoted(given), "max-model-len, max-num-seqs, gpus or format"});
  }
  Result<DecodedConfig> decoded = ReadConfig(*options, context);
  if (!decoded.ok()) return Refused(decoded.error());
  Result<std::optional<Solution>> solution = Solve(*goal, decoded->config, context.catalog);
  if (!solution.ok()) return Refused(solution.error());
  if (options->Has("--json")) return {0, SolvedJson(*goal, *solution, decoded->config, context), ""};
  return {0, SolvedText(*solution, decoded->config, context, options->units()), ""};
}

}  // namespace plimsoll
