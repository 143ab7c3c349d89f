#include "core/launch/launch_json.h"

#include <utility>

namespace plimsoll {

Json LaunchToJson(const LaunchText& launch, const Expectation& expected) {
  Json json = Json::MakeObject();
  json.AppendMember("form", launch.form);
  json.AppendMember("text", launch.text);
  json.AppendMember("nodes", TextsJson(launch.nodes));
  json.AppendMember("notes", TextsJson(launch.notes));
  json.AppendMember("download_bytes", launch.download.count());
  json.AppendMember("expect", TextsJson(expected.lines));
  Json metrics = Json::MakeArray();
  for (const WatchedMetric& metric : expected.metrics) {
    Json row = Json::MakeObject();
    row.AppendMember("name", metric.name);
    row.AppendMember("threshold", metric.threshold);
    row.AppendMember("meaning", metric.meaning);
    row.AppendMember("expression", metric.expression);
    metrics.Append(std::move(row));
  }
  json.AppendMember("metrics", std::move(metrics));
  json.AppendMember("alerts", expected.alerts);
  json.AppendMember("when_killed", expected.when_killed);
  return json;
}

}  // namespace plimsoll
