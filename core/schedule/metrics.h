// What an engine calls what its operators watch.
#ifndef PLIMSOLL_CORE_SCHEDULE_METRICS_H_
#define PLIMSOLL_CORE_SCHEDULE_METRICS_H_

#include <cstdint>
#include <string_view>
#include <vector>

namespace plimsoll {

enum class Signal : uint8_t {
  kCacheUsage,   // share of the cache that sequences hold
  kWaiting,      // requests in the queue
  kRunning,      // sequences at once
  kPreemptions,  // counted from the start
  kFirstToken,   // seconds
  kPerToken,     // seconds
};

struct MetricName {
  Signal signal = Signal::kCacheUsage;
  std::string_view name;     // "vllm:kv_cache_usage_perc"
  std::string_view meaning;  // why one is called, and what to do
};
using MetricNames = std::vector<MetricName>;

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_SCHEDULE_METRICS_H_
