#include "core/engines/host_tier.h"

#include <algorithm>
#include <string>

#include "core/base/text.h"
#include "core/catalog/interconnect.h"
#include "core/resolve/memory_parts.h"
#include "core/speed/measured_speeds_table.h"

namespace plimsoll {
namespace {

int64_t ReplicasWithRam(const Resolved& resolved) {
  return resolved.dp_attention ? 1 : std::max<int64_t>(1, resolved.dp);
}

// `room`: what all else leaves for the caches of all replicas.
std::string FixOfShortRam(const Resolved& resolved, Bytes room) {
  if (resolved.kv_offloading <= Bytes(0) && resolved.hicache_ratio <= 0) return "Set cpu_offload_gb lower.";
  const int64_t most = room / ReplicasWithRam(resolved) / GiB(1);
  return most < 1 ? "Keep no cache in RAM."
                  : "Set kv_offloading_gib to " + std::to_string(most) + " or less.";
}

}  // namespace

Bytes HostCacheRam(const Resolved& resolved) { return resolved.kv_offloading * ReplicasWithRam(resolved); }

int64_t RanksOfReplica(const Resolved& resolved) { return std::max<int64_t>(1, resolved.tp * resolved.pp); }

BlocksOnCards PoolOnCards(const Report& report, double units) {
  BlocksOnCards blocks;
  blocks.units = units;
  for (const GpuReport& gpu : report.per_gpu)
    blocks.bytes.push_back(static_cast<double>(std::max(Bytes(0), gpu.kv_cache).count()));
  return blocks;
}

HostTier HostTierOf(const Resolved& resolved, const BlocksOnCards& blocks, Bytes ram) {
  HostTier tier;
  if (ram <= Bytes(0) || !(blocks.units >= 1)) return tier;
  const double share = FittedSpeeds().link_share.value;
  double all = 0, slowest = 0;  // bytes on all cards; seconds until the last card has its part
  const size_t cards = std::min(blocks.bytes.size(), resolved.cards.size());
  for (size_t i = 0; i < cards; ++i) {
    all += blocks.bytes[i];
    slowest = std::max(slowest, blocks.bytes[i] / (HostLink(*resolved.cards[i].gpu).value() * share));
  }
  if (!(all > 0)) return tier;
  const double of_replica = all / static_cast<double>(std::max<int64_t>(1, resolved.dp));
  if (resolved.ram.bandwidth.value() > 0)
    slowest = std::max(slowest, of_replica / resolved.ram.bandwidth.value());
  tier.units = BytesFromDouble(static_cast<double>(ram.count()) / all * blocks.units).count();
  tier.load = slowest / blocks.units;
  return tier;
}

void JudgeHostMemory(const Resolved& resolved, Bytes kept, Report* report) {
  const Bytes size = resolved.ram.size * std::max<int64_t>(1, resolved.nodes);
  Bytes held = SumOfParts(report->host);
  if (size <= Bytes(0) || !report->fits() || held <= Bytes(0)) return;
  if (resolved.cards.front().gpu->unified_memory) {
    for (const GpuReport& gpu : report->per_gpu) held += gpu.total;
  }
  if (held + kept <= size) return;
  report->verdict = Verdict::kDoesNotFit;
  report->failure = FailureStage::kLoading;
  report->kv.max_concurrency = 0;
  report->kv.max_model_len_that_fits = 0;
  const std::string has =
      kept > Bytes(0) ? ", of which " + SizeText(kept, resolved.units) + " must stay free" : "";
  report->diagnostics.push_back({"ram_short", Severity::kError,
                                 SizeText(held, resolved.units) + " are to lie in RAM, which has " +
                                     SizeText(size, resolved.units) + has + ".",
                                 FixOfShortRam(resolved, size - kept - (held - report->host.kv_cache))});
}

}  // namespace plimsoll
