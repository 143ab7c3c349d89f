// RAM behind the pool of the cards, as large and as fast as a configuration has it.
#ifndef PLIMSOLL_CORE_ENGINES_HOST_TIER_H_
#define PLIMSOLL_CORE_ENGINES_HOST_TIER_H_

#include <cstdint>
#include <vector>

#include "core/base/units.h"
#include "core/resolve/report.h"
#include "core/resolve/resolved.h"
#include "core/schedule/scheduler_setup.h"

namespace plimsoll {

// What kv_offloading_gib takes in all: each replica is an engine with RAM of its own, unless replicas share the ranks of
// one. vllm/config/vllm.py _post_init_kv_transfer_config: kv_offloading_size over tensor_parallel_size *
// pipeline_parallel_size; sglang's HostKVCache and TensorRT-LLM's host_cache_size: a pool for each rank.
Bytes HostCacheRam(const Resolved& resolved);

// Bytes of some blocks of tokens on every card.
struct BlocksOnCards {
  double units = 0;
  std::vector<double> bytes;
};
// `units` of them are each replica's whole pool.
BlocksOnCards PoolOnCards(const Report& report, double units);

// Its ranks, each of which has an equal part.
int64_t RanksOfReplica(const Resolved& resolved);

// What one replica has of `ram`, of which all have as much. In RAM a block takes what it takes on all cards of a replica
// (vllm/v1/kv_offload/cpu/spec.py: times world_size), and every card loads its part over its own link, as far as RAM
// delivers.
HostTier HostTierOf(const Resolved& resolved, const BlocksOnCards& blocks, Bytes ram);

// Where the size of RAM is known and weights or cached keys and values that were asked for do not fit into it beside
// `kept`, the configuration does not start, at any length. REQUIRES: report->host says what lies in RAM, and all else is
// judged.
void JudgeHostMemory(const Resolved& resolved, Bytes kept, Report* report);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_HOST_TIER_H_
