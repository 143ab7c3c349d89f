// What to expect of a configuration once it is started: its download, the lines of its log, what the
// card's monitor will show, the metrics to watch with thresholds of this configuration, and what to do when it is killed.
#ifndef PLIMSOLL_CORE_LAUNCH_EXPECTATION_H_
#define PLIMSOLL_CORE_LAUNCH_EXPECTATION_H_

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/catalog/catalog.h"
#include "core/config/config.h"

namespace plimsoll {

struct WatchedMetric {
  std::string name;        // as the engine calls it
  std::string expression;  // what an alert asks, in Prometheus' language
  std::string threshold;   // "above 0.9 for 5 minutes"
  std::string meaning;     // why one watches it, and what to do
};

struct Expectation {
  std::vector<std::string> lines;
  std::vector<WatchedMetric> metrics;
  std::string alerts;  // Prometheus rules, YAML
  std::string when_killed;
};

// `form` is that of Launch(); an engine's own form names it where the configuration does not.
Result<Expectation> Expect(const Config& config, const Catalog& catalog, std::string_view form = "");

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_LAUNCH_EXPECTATION_H_
