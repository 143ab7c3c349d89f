#include "core/schedule/metrics.h"

#include <gtest/gtest.h>

#include <set>

#include "core/engines/registry.h"

namespace plimsoll {
namespace {

TEST(Metrics, EveryEngineNamesASignalOnceAndSaysWhatToDo) {
  for (const Engine* engine : Engines()) {
    std::set<Signal> signals;
    std::set<std::string_view> names;
    for (const MetricName& metric : engine->metric_names()) {
      EXPECT_TRUE(signals.insert(metric.signal).second) << engine->traits().id << " " << metric.name;
      EXPECT_TRUE(names.insert(metric.name).second) << metric.name;
      EXPECT_NE(metric.name.find(':'), std::string_view::npos) << metric.name;
      EXPECT_FALSE(metric.meaning.empty()) << metric.name;
    }
    for (const Signal signal : {Signal::kCacheUsage, Signal::kWaiting, Signal::kRunning}) {
      EXPECT_EQ(signals.count(signal), 1u) << engine->traits().id;
    }
  }
}

}  // namespace
}  // namespace plimsoll
