// vLLM's cache of DeepSeek-V4, whose layers keep four things: a sliding window of keys, compressed keys,
// an indexer's keys, and the running states of the compressors. Follows vllm/models/deepseek_v4 and
// vllm/v1/core/kv_cache_utils.py (UniformTypeKVCacheSpecs): all that is kept for every token forms one group;
// windows and states form groups of their own, each with a block of its own length. Pages of a few sizes, all
// multiples of 576 bytes, lie side by side in a block.
#ifndef PLIMSOLL_CORE_ENGINES_VLLM_VLLM_COMPRESSED_CACHE_H_
#define PLIMSOLL_CORE_ENGINES_VLLM_VLLM_COMPRESSED_CACHE_H_

#include "core/arch/parallelism.h"
#include "core/engines/vllm/vllm_cache_layout.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

bool HasCompressedCache(const Architecture& architecture);

// The layers of one pipeline stage; the MTP layers on the last one. in_flight and states_per_sequence are
// left to the caller.
CacheLayout LayOutCompressedCache(const Resolved& resolved, const LayerRange& range, bool last);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_VLLM_VLLM_COMPRESSED_CACHE_H_
