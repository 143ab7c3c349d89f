#include "core/engines/host_tier.h"

#include <algorithm>

#include "core/catalog/interconnect.h"
#include "core/speed/measured_speeds_table.h"

namespace plimsoll {

HostTier HostTierOf(const Resolved& resolved, const Report& report, double units) {
  HostTier tier;
  if (resolved.kv_offloading <= Bytes(0) || !(units >= 1)) return tier;
  const double share = FittedSpeeds().link_share.value;
  double all = 0, slowest = 0;  // bytes on all cards; seconds until the last card has its part
  const size_t cards = std::min(report.per_gpu.size(), resolved.cards.size());
  for (size_t i = 0; i < cards; ++i) {
    const double bytes = static_cast<double>(std::max(Bytes(0), report.per_gpu[i].kv_cache).count());
    all += bytes;
    slowest = std::max(slowest, bytes / (HostLink(*resolved.cards[i].gpu).value() * share));
  }
  if (!(all > 0)) return tier;
  const double of_replica = all / static_cast<double>(std::max<int64_t>(1, resolved.dp));
  if (resolved.ram.bandwidth.value() > 0)
    slowest = std::max(slowest, of_replica / resolved.ram.bandwidth.value());
  const double room = static_cast<double>(resolved.kv_offloading.count()) / all * units;
  tier.units = BytesFromDouble(room).count();
  tier.load = slowest / units;
  return tier;
}

}  // namespace plimsoll
