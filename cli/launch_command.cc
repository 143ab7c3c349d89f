#include <string>
#include <utility>

#include "cli/command.h"
#include "cli/options.h"
#include "core/base/text.h"
#include "core/config/config_codec.h"
#include "core/estimate/estimate.h"
#include "core/launch/expectation.h"
#include "core/launch/launch.h"
#include "core/launch/launch_json.h"

namespace plimsoll {
namespace {

// Lines of a comment, so that all that is printed can be run.
std::string Commented(const std::string& text) {
  std::string lines;
  for (const std::string_view line : SplitAt(text, '\n')) {
    if (!line.empty()) lines += "# " + std::string(line) + "\n";
  }
  return lines;
}

std::string LaunchBlock(const LaunchText& launch, const Expectation& expected) {
  std::string text = launch.text;
  int64_t number = 1;
  for (const std::string& node : launch.nodes) text += "\n# Node " + CountText(++number) + ":\n" + node;
  std::string notes;
  for (const std::string& note : launch.notes) notes += note + "\n";
  for (const std::string& line : expected.lines) notes += line + "\n";
  notes += expected.when_killed + "\n";
  return text + "\n" + Commented(notes);
}

}  // namespace

CommandResult RunLaunch(const Arguments& arguments, const CommandContext& context) {
  Result<Options> options =
      Options::Take(arguments, {{"--json", "--alerts", "--exit-code"}, {"--url", "--config", "--as"}});
  if (!options.ok()) return Refused(options.error());
  Result<DecodedConfig> decoded = ReadConfig(*options, context);
  if (!decoded.ok()) return Refused(decoded.error());
  Result<LaunchText> launch = Launch(decoded->config, context.catalog, options->Value("--as"));
  if (!launch.ok()) return Refused(launch.error());
  const Result<Expectation> expected = Expect(decoded->config, context.catalog, launch->form);
  if (!expected.ok()) return Refused(expected.error());
  int exit = 0;
  if (options->Has("--exit-code")) {
    const Result<Report> report = Estimate(decoded->config, context.catalog);
    exit = report.ok() && !report->fits() ? kExitDoesNotFit : 0;
  }
  if (options->Has("--alerts") && expected->alerts.empty())
    return Refused({"--alerts", "an engine that tells no metrics", "an engine whose server does"});
  if (options->Has("--alerts")) return {exit, expected->alerts, ""};
  if (options->Has("--json")) return {exit, LaunchToJson(*launch, *expected).Dump(2) + "\n", ""};
  return {exit, LaunchBlock(*launch, *expected), ""};
}

}  // namespace plimsoll
