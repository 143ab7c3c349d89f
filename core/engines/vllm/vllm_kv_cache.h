// vLLM's KV cache pool: which layers share a block, how many blocks a number of bytes gives, and how many a
// sequence takes. Follows vllm/v1/core/kv_cache_utils.py and vllm/v1/kv_cache_interface.py; V0 (vllm/worker/
// cache_engine.py) is the case of one group in which every layer keeps every token.
//
// A block id buys one page in each of `group_size` layers; layers of another kind form groups of the same
// size, each of which takes its own block ids. All pages are equal in bytes: shorter ones hold more tokens or
// are padded.
#ifndef PLIMSOLL_CORE_ENGINES_VLLM_VLLM_KV_CACHE_H_
#define PLIMSOLL_CORE_ENGINES_VLLM_VLLM_KV_CACHE_H_

#include <cstdint>
#include <optional>

#include "core/arch/parallelism.h"
#include "core/base/units.h"
#include "core/engines/vllm/vllm_cache_layout.h"
#include "core/engines/vllm/vllm_rules.h"
#include "core/resolve/report.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

// The layers of one pipeline stage, draft and MTP layers on the last one.
CacheLayout LayOutCache(const Resolved& resolved, const VllmRules& rules, const LayerRange& range, bool last);

// What the line "Maximum concurrency" says; before pages were counted it took no account of windows and
// states. `most_blocks`: what the stage that needs most has for one sequence (CacheLayout::BlocksForConcurrency), where
// it is known already.
double VllmLoggedConcurrency(const Resolved& resolved, const VllmRules& rules, const KvReport& kv,
                             std::optional<int64_t> most_blocks = std::nullopt);

// Some layers keep a recurrent state.
bool VllmHasStates(const Architecture& architecture);

// The block size that vLLM takes when none is given; for hybrids of attention and recurrent layers the one
// that makes an attention page as large as a state.
int64_t DefaultBlockSize(const Resolved& resolved, const VllmRules& rules);

// Recurrent state of one sequence over the layers of a stage on one rank, as V0 keeps it outside the pool.
Bytes RecurrentStateBytes(const Resolved& resolved, const LayerRange& range);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_VLLM_VLLM_KV_CACHE_H_
