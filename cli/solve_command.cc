#include <string>
#include <utility>

#include "cli/command.h"
#include "cli/limits.h"
#include "cli/options.h"
#include "core/base/text.h"
#include "core/config/config_codec.h"
#include "core/config/config_url.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/estimate/report_json.h"
#include "core/estimate/verdict.h"
#include "core/resolve/resolved.h"
#include "core/solve/operating_range.h"
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
        .Set("tokens_per_s", Json(way.tokens_per_s))
        .Set("usd_per_h", Json(way.usd_per_h))
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
    for (const WayOut& way : WaysOut(config, context.catalog))
      text += "  would fit: " + way.label + "  " + WayOutFigures(way) + "\n";
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

std::string LoadText(LoadKind kind, double load) {
  return kind == LoadKind::kUsers ? CountedText(static_cast<int64_t>(load), "user", "users") + " at once"
                                  : DecimalText(load, load < 10 ? 2 : 1) + " requests per second";
}

CommandResult SolveRange(LoadKind kind, Config config, const Options& options,
                         const CommandContext& context) {
  if (auto error = TakeLimits(options, &config)) return Refused(*error);
  const Result<OperatingRange> range = FindOperatingRange(kind, config, context.catalog);
  if (!range.ok()) return Refused(range.error());
  const int exit = options.Has("--exit-code") && !range->any ? kExitDoesNotFit : 0;
  if (options.Has("--json")) {
    Json json = Json::MakeObject();
    json.Set("for", kind == LoadKind::kUsers ? "users" : "rate").Set("found", range->any);
    json.Set("answer", range->any ? Json(range->load) : Json()).Set("most", range->most);
    if (range->any) {
      const SimulationSummary& summary = range->summary;
      json.Set("label", LoadText(kind, range->load))
          .Set("share_in_limits", summary.goodput_requests_per_s / summary.requests_per_s)
          .Set("output_tokens_per_s", summary.output_tokens_per_s)
          .Set("config", EncodeConfigJson(range->config))
          .Set("url", EncodeConfigUrl(range->config));
    }
    return {exit, json.Dump(2) + "\n", ""};
  }
  if (!range->any) {
    return {exit,
            std::string("Not even ") +
                (kind == LoadKind::kUsers ? "one user" : "one request in ten seconds") +
                " keeps these limits.\n",
            ""};
  }
  std::string text = (range->most ? "At least " : "") + LoadText(kind, range->load) + " keep the limits, " +
                     DecimalText(range->summary.output_tokens_per_s, 0) + " tokens per second in all.\n";
  return {0, text + EncodeConfigUrl(range->config) + "\n", ""};
}

// A goal as people call it.
std::string GoalOf(const std::string& word) {
  if (word == "context" || word == "length" || word == "ctx" || word == "tokens") return "max-model-len";
  if (word == "sequences" || word == "seqs" || word == "concurrency") return "max-num-seqs";
  if (word == "cards" || word == "gpu") return "gpus";
  return word == "quantization" || word == "quant" ? "format" : word;
}

}  // namespace

CommandResult RunSolve(const Arguments& arguments, const CommandContext& context) {
  Result<Options> options =
      Options::Take(arguments, {{"--json", "--gb", "--exit-code"},
                                {"--url", "--config", "--for", "--ttft-ms", "--tpot-ms", "--tokens-per-s"}});
  if (!options.ok()) return Refused(options.error());
  const bool users = options->Value("--for") == "users";
  if (users || options->Value("--for") == "rate") {
    Result<DecodedConfig> asked = ReadConfig(*options, context);
    if (!asked.ok()) return Refused(asked.error());
    return SolveRange(users ? LoadKind::kUsers : LoadKind::kRate, std::move(asked->config), *options,
                      context);
  }
  const std::optional<SolveFor> goal = ReadSolveFor(GoalOf(options->Value("--for")));
  if (!goal) {
    const std::string given = options->Value("--for");
    return Refused({"--for", given.empty() ? "nothing" : Quoted(given),
                    "max-model-len, max-num-seqs, gpus, format, users or rate"});
  }
  Result<DecodedConfig> decoded = ReadConfig(*options, context);
  if (!decoded.ok()) return Refused(decoded.error());
  Result<std::optional<Solution>> solution = Solve(*goal, decoded->config, context.catalog);
  if (!solution.ok()) return Refused(solution.error());
  const int exit = options->Has("--exit-code") && !*solution ? kExitDoesNotFit : 0;
  if (options->Has("--json")) return {exit, SolvedJson(*goal, *solution, decoded->config, context), ""};
  return {exit, SolvedText(*solution, decoded->config, context, options->units()), ""};
}

}  // namespace plimsoll
