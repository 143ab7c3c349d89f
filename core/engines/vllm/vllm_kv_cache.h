// vLLM's KV cache pool: which layers share a block, how many blocks a number of bytes gives, and how many a
// sequence takes. Follows vllm/v1/core/kv_cache_utils.py and vllm/v1/kv_cache_interface.py; V0 (vllm/worker/
// cache_engine.py) is the case of one group in which every layer keeps every token.
//
// A block id buys one page in each of `group_size` layers; layers of another kind form groups of the same
// size, each of which takes its own block ids. All pages are equal in bytes: shorter ones hold more tokens or
// are padded.
#ifndef PLIMSOLL_CORE_ENGINES_VLLM_VLLM_KV_CACHE_H_
#define PLIMSOLL_CORE_ENGINES_VLLM_VLLM_KV_CACHE_H_

#include <array>
#include <cstdint>

#include "core/arch/parallelism.h"
#include "core/base/units.h"
#include "core/engines/vllm/vllm_rules.h"
#include "core/resolve/report.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

enum class CacheKind : uint8_t { kFull, kSliding, kChunked, kState };

// Layers that keep the same thing.
struct CacheSpec {
  CacheKind kind = CacheKind::kFull;
  int64_t token_bytes = 0;  // of one layer on one rank; kState: 0
  int64_t per_tokens = 1;   // kFull: tokens that share an entry of token_bytes (compressed keys)
  int64_t state_bytes = 0;  // kState: of one layer on one rank, per sequence
  int64_t window = 0;       // kSliding, kChunked
  bool fits_page = false;   // takes a block as large as the others' page allows, instead of enlarging it
  int64_t layers = 0;
  int64_t block = 0;   // tokens in a page
  int64_t groups = 0;  // groups that these layers form
};

struct CacheLayout {
  static constexpr int kMaxSpecs = 16;
  std::array<CacheSpec, kMaxSpecs> specs;
  int count = 0;
  int64_t page_bytes = 0;   // of one layer
  int64_t group_size = 0;   // layers that a block id covers
  int64_t block_bytes = 0;  // page_bytes * group_size, or the sum over unequal layers of a single group
  int64_t groups = 0;
  int64_t block_size = 0;  // the smallest of the attention groups: what the log multiplies blocks by
  int64_t states_per_sequence = 1;
  int64_t in_flight = 0;  // tokens that windows hold beyond themselves

  // Block ids that one sequence of this length takes. 0 only for a model without any cache.
  int64_t BlocksPerSequence(int64_t length) const;
};

// The layers of one pipeline stage, draft and MTP layers on the last one.
CacheLayout LayOutCache(const Resolved& resolved, const VllmRules& rules, const LayerRange& range, bool last);

// The longest sequence, up to `limit`, that fits in `pool`; 0 when none does.
int64_t LongestSequence(const CacheLayout& layout, Bytes pool, int64_t limit);

// What the line "Maximum concurrency" says; before pages were counted it took no account of windows and
// states.
double VllmLoggedConcurrency(const Resolved& resolved, const VllmRules& rules, const KvReport& kv);

// The block size that vLLM takes when none is given; for hybrids of attention and recurrent layers the one
// that makes an attention page as large as a state.
int64_t DefaultBlockSize(const Resolved& resolved, const VllmRules& rules);

// Recurrent state of one sequence over the layers of a stage on one rank, as V0 keeps it outside the pool.
Bytes RecurrentStateBytes(const Resolved& resolved, const LayerRange& range);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_VLLM_VLLM_KV_CACHE_H_
