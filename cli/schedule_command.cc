#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <string>
#include <utility>

#include "cli/command.h"
#include "cli/options.h"
#include "core/base/table.h"
#include "core/base/text.h"
#include "core/config/config_codec.h"
#include "core/config/trace_reader.h"
#include "core/engines/server.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/estimate/steady_rates.h"
#include "core/resolve/resolved_config.h"
#include "core/schedule/scheduler.h"
#include "core/schedule/simulation_band.h"
#include "core/schedule/simulation_report.h"

namespace plimsoll {
namespace {

constexpr int kChartWidth = 64;
constexpr int64_t kRecordsInJson = 10000;
constexpr int64_t kMostInBand = 100000;

// A whole-line reader for the numbers of this command's own options.
class OptionReader {
 public:
  explicit OptionReader(const Options& options) : options_(options) {}

  bool Number(std::string_view name, double least, double most, double* target, std::string accepted = {}) {
    if (!options_.Has(name)) return true;
    const std::string text = options_.Value(name);
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != '\0' || !(value >= least && value <= most)) {
      if (accepted.empty()) accepted = "a number from " + FormatDouble(least) + " to " + FormatDouble(most);
      return Refuse(name, text, std::move(accepted));
    }
    *target = value;
    return true;
  }
  bool Refuse(std::string_view name, const std::string& given, std::string accepted) {
    error_ = Error{std::string(name), given.empty() ? "nothing" : Quoted(given), std::move(accepted)};
    return false;
  }
  const Error& error() const { return error_; }

 private:
  const Options& options_;
  Error error_;
};

// Options of this command are members of a `workload` object, with `-` for `_`.
std::string OptionName(std::string_view member) {
  std::string name = "--" + std::string(member);
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

// One of `names`; "closed-loop" is "closed_loop".
bool ReadName(const Options& options, OptionReader* reader, std::string_view member,
              const std::array<std::string_view, 4>& names, Json* object) {
  const std::string option = OptionName(member);
  if (!options.Has(option)) return true;
  std::string text = options.Value(option);
  std::replace(text.begin(), text.end(), '-', '_');
  if (std::find(names.begin(), names.end(), text) == names.end()) {
    return reader->Refuse(option, options.Value(option), ListText({names.begin(), names.end()}, "or"));
  }
  object->Set(member, text);
  return true;
}

bool ReadWorkloadOptions(const Options& options, OptionReader* reader, Workload* workload) {
  Json object = Json::MakeObject();
  double spread = 0;
  if (!ReadName(options, reader, "arrival", kArrivalNames, &object) ||
      !ReadName(options, reader, "prompt_shape", kShapeNames, &object) ||
      !ReadName(options, reader, "output_shape", kShapeNames, &object) ||
      !reader->Number("--spread", 0, 100, &spread)) {
    return false;
  }
  if (options.Has("--spread")) object.Set("spread", spread);
  if (options.Has("--scheduling-policy")) {
    const std::string policy = options.Value("--scheduling-policy");
    if (policy != kPolicyNames[0] && policy != kPolicyNames[1])
      return reader->Refuse("--scheduling-policy", policy, "fcfs or priority");
    object.Set("scheduling_policy", policy);
  }
  if (options.Has("--arrival-rate") && !options.Has("--arrival")) object.Set("arrival", "poisson");
  for (const WorkloadKey& key : WorkloadKeys()) {
    const std::string option = OptionName(key.name);
    if (!options.Has(option)) continue;
    const std::optional<int64_t> tokens = key.tokens ? ReadTokens(options.Value(option)) : std::nullopt;
    double value = tokens ? static_cast<double>(*tokens) : 0;
    if (!tokens && !reader->Number(option, key.least, key.most, &value, AcceptedBy(key))) return false;
    if (key.whole != nullptr && value != std::floor(value))
      return reader->Refuse(option, options.Value(option), AcceptedBy(key));
    object.Set(key.name, value);
  }
  // A burst without a number of requests is one of everybody, or as many as a closed loop would send.
  if (options.Value("--arrival") == "burst" && !options.Has("--requests") && !options.Has("--users")) {
    object.Set("requests", workload->requests);
  }
  Result<Workload> read = ReadWorkload(object, *workload, "--");
  if (!read.ok()) return reader->Refuse(read.error().field, read.error().given, read.error().accepted);
  *workload = std::move(*read);
  return true;
}

// As many requests as the users of these options need, or as come in a minute, where nobody says how many.
int64_t RequestsOfLoad(const Resolved& resolved, const Options& options, const Workload& workload) {
  const Json& given = resolved.config->workload;
  const bool counted = options.Has("--requests") || given.Has("requests") || given.Has("num_prompts");
  const bool rated = workload.arrival == Arrival::kPoisson || workload.arrival == Arrival::kConstant;
  if (!counted && rated && options.Has("--arrival-rate")) {
    constexpr double kSeconds = 60, kFewest = 100, kMost = 100000;
    return static_cast<int64_t>(std::clamp(std::ceil(workload.rate * kSeconds), kFewest, kMost));
  }
  if (counted || !options.Has("--users") || workload.arrival != Arrival::kClosedLoop)
    return workload.requests;
  Resolved asked = resolved;
  asked.config = nullptr;
  asked.concurrency = workload.users;
  return WorkloadOf(asked).requests;
}

// "▁▂▅█": the samples' values over time, the largest one full height.
std::string Sparkline(const Simulation& simulation, double most, double (*value)(const TimelineSample&)) {
  static constexpr const char* kBars[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::vector<double> columns(kChartWidth, NAN);
  if (!(simulation.now() > 0)) return std::string();
  for (const TimelineSample& sample : simulation.samples()) {
    const int column =
        std::min(kChartWidth - 1, static_cast<int>(sample.time / simulation.now() * kChartWidth));
    columns[static_cast<size_t>(column)] = std::fmax(columns[static_cast<size_t>(column)], value(sample));
  }
  std::string line;
  double last = 0;  // samples may lie further apart than columns
  for (double& height : columns) {
    if (std::isnan(height)) height = last;
    last = height;
    const int bar = most > 0 ? static_cast<int>(std::ceil(height / most * 8 - 1e-9)) : 0;
    line += kBars[std::clamp(bar, 0, 8)];
  }
  return line;
}

void AddPercentiles(Table* table, const char* name, const Percentiles& values) {
  table->Add({name, DecimalText(values.mean, 1), DecimalText(values.p50, 1), DecimalText(values.p90, 1),
              DecimalText(values.p95, 1), DecimalText(values.p99, 1), DecimalText(values.most, 1)});
}

std::string SimulationText(const Simulation& simulation, const Objective& objective) {
  const SimulationSummary summary = simulation.Summarize(objective);
  std::string text = SimulationHeadline(simulation, summary);
  if (summary.done == 0) {  // then there are no times to tell
    return text + " The cache has " + CountText(simulation.setup().blocks) + " blocks of " +
           CountText(simulation.setup().block_size) + " tokens.\n";
  }
  text += "\n\n";
  const double blocks = static_cast<double>(simulation.setup().blocks);
  Table charts({"", "", ">"});
  charts.Add({"KV cache",
              Sparkline(simulation, blocks, [](const TimelineSample& s) { return double(s.used_blocks); }),
              "peak " + DecimalText(summary.peak_kv_usage * 100, 0) + " %"});
  charts.Add({"running",
              Sparkline(simulation, static_cast<double>(summary.peak_running),
                        [](const TimelineSample& s) { return double(s.running); }),
              "peak " + CountText(summary.peak_running)});
  charts.Add({"waiting",
              Sparkline(simulation, static_cast<double>(summary.peak_waiting),
                        [](const TimelineSample& s) { return double(s.waiting); }),
              "peak " + CountText(summary.peak_waiting)});
  text += charts.Print("  ") + "  0 s to " + DurationText(Seconds(summary.duration)) + ", " +
          CountText(summary.steps) + " steps, " +
          CountedText(summary.preemptions, "preemption", "preemptions") + "\n\n";
  Table table({"ms", "mean>", "p50>", "p90>", "p95>", "p99>", "max>"});
  AddPercentiles(&table, "time to first token", summary.ttft_ms);
  AddPercentiles(&table, "time per output token", summary.tpot_ms);
  AddPercentiles(&table, "between tokens", summary.inter_token_ms);
  AddPercentiles(&table, "whole request", summary.end_to_end_ms);
  AddPercentiles(&table, "in the queue", summary.queue_ms);
  text += table.Print("  ") + "\n";
  text += "  " + CountText(summary.done) + " of " + CountText(summary.requests) + " requests done, " +
          DecimalText(summary.requests_per_s, 2) + " per second; " +
          CountText(std::llround(summary.output_tokens_per_s)) + " output and " +
          CountText(std::llround(summary.total_tokens_per_s)) + " total tokens/s\n";
  if (objective.ttft_ms > 0 || objective.tpot_ms > 0) {
    text +=
        "  goodput " + DecimalText(summary.goodput_requests_per_s, 2) + " requests/s within the objective\n";
  }
  const std::string found = FoundText(summary);
  if (!found.empty()) text += "  " + found + "\n";
  return text;
}

}  // namespace

CommandResult RunSchedule(const Arguments& arguments, const CommandContext& context) {
  Result<Options> options = Options::Take(arguments, {{"--json", "--exit-code"},
                                                      {"--url",
                                                       "--config",
                                                       "--arrival",
                                                       "--arrival-rate",
                                                       "--requests",
                                                       "--users",
                                                       "--turns",
                                                       "--think-time",
                                                       "--system-prompt",
                                                       "--prompt-shape",
                                                       "--output-shape",
                                                       "--spread",
                                                       "--trace",
                                                       "--seed",
                                                       "--ttft-ms",
                                                       "--tpot-ms",
                                                       "--scheduler-recv-interval",
                                                       "--batch-wait-timeout-iters",
                                                       "--batch-wait-max-tokens-ratio",
                                                       "--different-prompts",
                                                       "--long-prefill-token-threshold",
                                                       "--scheduling-policy"}});
  if (!options.ok()) return Refused(options.error());
  Result<DecodedConfig> decoded = ReadConfig(*options, context);
  if (!decoded.ok()) return Refused(decoded.error());
  const Result<Resolved> resolved = Settle(decoded->config, context.catalog);
  if (!resolved.ok()) return Refused(resolved.error());

  Workload workload = WorkloadOf(*resolved);
  OptionReader reader(*options);
  if (!ReadWorkloadOptions(*options, &reader, &workload)) return Refused(reader.error());
  workload.requests = RequestsOfLoad(*resolved, *options, workload);
  if (options->Has("--trace")) {
    TraceReader lines("--trace");
    const TakePiece take = [&lines](std::string_view piece) { return lines.Feed(piece); };
    if (!context.read_pieces || !context.read_pieces(options->Value("--trace"), take))
      return Refused({"--trace", Quoted(options->Value("--trace")), "a CSV file that can be read"});
    Result<std::vector<TraceRow>> trace = lines.Finish();
    if (!trace.ok()) return Refused(trace.error());
    workload.trace = std::move(*trace);
  }
  const Objective objective = workload.objective;
  Result<RequestList> list = GenerateRequests(workload);
  if (!list.ok()) return Refused({OptionName(list.error().field), list.error().given, list.error().accepted});
  // There may be a million rows: from here on only counts that there were some.
  workload.trace.resize(std::min<size_t>(1, workload.trace.size()));
  workload.trace.shrink_to_fit();

  const Report report = EstimateResolved(*resolved);
  const auto requests = static_cast<int64_t>(list->requests.size());
  SchedulerSetup setup = MakeSchedulerSetup(*resolved, report);
  const std::string passed_over = TakeAdmission(workload, &setup);
  // Three runs instead of one, where that is not what one waits for.
  std::optional<SimulationBand> band;
  if (requests <= kMostInBand) band = SimulateBand(setup, *list);
  Simulation simulation(std::move(setup), std::move(*list));
  // Some tenths of a second each; a short run is over in the first.
  constexpr int64_t kEvents = 1 << 17;
  while (!simulation.Advance(kEvents)) {
    if (context.progress) context.progress(simulation.finished(), requests);
  }
  // A load is run where every request is answered in the end.
  const bool runs = report.fits() && simulation.Summarize(objective).done == requests;
  const int exit = options->Has("--exit-code") && !runs ? kExitDoesNotFit : 0;
  if (!options->Has("--json")) {
    std::string text = SimulationText(simulation, objective);
    const std::string spread = band ? SimulationBandText(*band) : "";
    if (!spread.empty()) text += "  " + spread + "\n";
    const std::string beside = BesideSteadyRates(SteadyRatesOf(*resolved, report, workload),
                                                 simulation.Summarize(objective), workload);
    if (!beside.empty()) text += "  " + beside + "\n";
    if (!passed_over.empty()) text += "  " + passed_over + "\n";
    return {exit, text, ""};
  }
  Json json = SimulationToJson(simulation, objective, kRecordsInJson);
  if (band) json.Set("band", SimulationBandJson(*band));
  if (!passed_over.empty()) json.Set("passed_over", passed_over);
  json.Set("verdict", VerdictName(report.verdict)).Set("config", ResolvedConfigJson(*resolved));
  return {exit, json.Dump(2) + "\n", ""};
}

}  // namespace plimsoll
