// How SGLang divides what its share leaves beside the weights: recurrent states first, then keys and values, with
// a second pool for layers that keep a window where the release has one. What a draft keeps is priced in from
// 0.5.14 on.
//
// Sources: model_executor/model_runner.py profile_max_num_token (from 0.5.13 on pool_configurator.py),
// mem_cache/memory_pool.py.
#ifndef PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_POOL_H_
#define PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_POOL_H_

#include <cstdint>

#include "core/arch/parallelism.h"
#include "core/base/units.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

// What one rank keeps per token and per running request.
struct SglangCell {
  Bytes token;          // of layers that keep every token
  Bytes window_token;   // of layers with a pool of their own
  Bytes draft_token;    // of the draft's layers
  Bytes priced;         // what a token of the pool is counted as: the window's share and the draft's included
  int64_t window = 0;   // of those layers
  int64_t buffers = 0;  // tensors of the pool, each a block of its own
  Bytes convolution, state;  // of one slot
  Bytes slot() const { return convolution + state; }
};
SglangCell CellOf(const Resolved& resolved, const LayerRange& range, bool last);

enum class SglangShortage : uint8_t { kNone, kPool, kStates };

struct SglangPools {
  SglangShortage shortage = SglangShortage::kNone;
  int64_t slots = 0;   // recurrent states that requests may take
  Bytes states;        // all slots, the spare one included
  Bytes draft_states;  // states between the tokens of a draft
  Bytes room;          // for keys and values; negative: short by that much
  int64_t tokens = 0;  // of this rank; the smallest rank decides
};
// `rest`: what the share leaves beside the weights on this rank.
SglangPools DividePool(const Resolved& resolved, const SglangCell& cell, Bytes rest);

// Tokens in the pool of layers with a window. `tokens`: in that of the others.
int64_t WindowTokens(const Resolved& resolved, const SglangCell& cell, int64_t tokens);

// Requests at once, once the pools are known.
int64_t RunningOf(const Resolved& resolved, const SglangPools& pools, int64_t tokens, int64_t context);

// The table of what requests hold: an index per request and position, in int32 (mem_cache/memory_pool.py
// ReqToTokenPool).
Bytes RequestTable(const Resolved& resolved, int64_t running, int64_t context);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_POOL_H_
