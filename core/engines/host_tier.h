// RAM behind the pool of the cards, as large and as fast as a configuration has it.
#ifndef PLIMSOLL_CORE_ENGINES_HOST_TIER_H_
#define PLIMSOLL_CORE_ENGINES_HOST_TIER_H_

#include "core/resolve/report.h"
#include "core/resolve/resolved.h"
#include "core/schedule/scheduler_setup.h"

namespace plimsoll {

// What one replica has of it, with a pool of `units` blocks of tokens on its cards. In RAM a block takes what it takes on
// all cards (vllm/v1/kv_offload/cpu/spec.py: times world_size; sglang's HostKVCache: a pool for each rank), and every card
// loads its part over its own link, as far as RAM delivers.
HostTier HostTierOf(const Resolved& resolved, const Report& report, double units);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_HOST_TIER_H_
