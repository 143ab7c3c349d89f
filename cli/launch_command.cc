#include <string>
#include <utility>

#include "cli/command.h"
#include "cli/options.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/config/config_codec.h"
#include "core/launch/expectation.h"
#include "core/launch/launch.h"

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

Json Texts(const std::vector<std::string>& texts) {
  Json list = Json::MakeArray();
  for (const std::string& text : texts) list.Append(text);
  return list;
}

Json LaunchJson(const LaunchText& launch, const Expectation& expected) {
  Json json = Json::MakeObject();
  json.AppendMember("form", launch.form);
  json.AppendMember("text", launch.text);
  json.AppendMember("nodes", Texts(launch.nodes));
  json.AppendMember("notes", Texts(launch.notes));
  json.AppendMember("download_bytes", launch.download.count());
  json.AppendMember("expect", Texts(expected.lines));
  Json metrics = Json::MakeArray();
  for (const WatchedMetric& metric : expected.metrics) {
    Json row = Json::MakeObject();
    row.AppendMember("name", metric.name);
    row.AppendMember("threshold", metric.threshold);
    row.AppendMember("meaning", metric.meaning);
    metrics.Append(std::move(row));
  }
  json.AppendMember("metrics", std::move(metrics));
  json.AppendMember("alerts", expected.alerts);
  json.AppendMember("when_killed", expected.when_killed);
  return json;
}

std::string LaunchBlock(const LaunchText& launch, const Expectation& expected) {
  std::string text = launch.text;
  for (const std::string& node : launch.nodes) text += "\n" + node;
  std::string notes;
  for (const std::string& note : launch.notes) notes += note + "\n";
  for (const std::string& line : expected.lines) notes += line + "\n";
  notes += expected.when_killed + "\n";
  return text + "\n" + Commented(notes);
}

}  // namespace

CommandResult RunLaunch(const Arguments& arguments, const CommandContext& context) {
  Result<Options> options = Options::Take(arguments, {{"--json", "--alerts"}, {"--url", "--config", "--as"}});
  if (!options.ok()) return Refused(options.error());
  Result<DecodedConfig> decoded = ReadConfig(*options, context);
  if (!decoded.ok()) return Refused(decoded.error());
  Result<LaunchText> launch = Launch(decoded->config, context.catalog, options->Value("--as"));
  if (!launch.ok()) return Refused(launch.error());
  const Result<Expectation> expected = Expect(decoded->config, context.catalog, launch->form);
  if (!expected.ok()) return Refused(expected.error());
  if (options->Has("--alerts")) return {0, expected->alerts, ""};
  if (options->Has("--json")) return {0, LaunchJson(*launch, *expected).Dump(2) + "\n", ""};
  return {0, LaunchBlock(*launch, *expected), ""};
}

}  // namespace plimsoll
