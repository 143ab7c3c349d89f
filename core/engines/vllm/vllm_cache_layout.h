// How vLLM's KV cache pool is divided: which layers share a block id, and how many blocks a sequence takes.
// vllm_kv_cache.h and vllm_compressed_cache.h lay it out for a model.
#ifndef PLIMSOLL_CORE_ENGINES_VLLM_VLLM_CACHE_LAYOUT_H_
#define PLIMSOLL_CORE_ENGINES_VLLM_VLLM_CACHE_LAYOUT_H_

#include <array>
#include <cstdint>

#include "core/base/units.h"

namespace plimsoll {

enum class CacheKind : uint8_t { kFull, kSliding, kChunked, kState, kCross };

// Layers that keep the same thing.
struct CacheSpec {
  CacheKind kind = CacheKind::kFull;
  int64_t token_bytes = 0;        // of one layer on one rank; kState: 0
  int64_t state_bytes = 0;        // kState: of one layer on one rank, per sequence
  int64_t window = 0;             // kSliding, kChunked
  int64_t layer_pages_bytes = 0;  // pages of unequal layers (vllm_compressed_cache.h): of all layers
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
  int64_t first_page_bytes = 0;  // pages of the first group where groups differ in bytes; else 0
  int64_t block_size = 0;        // the smallest of the attention groups: what the log multiplies blocks by
  int64_t states_per_sequence = 1;
  int64_t state_block = 0;  // tokens after which one more state is kept; 0: none is
  int64_t in_flight = 0;    // tokens that windows hold beyond themselves

  // Block ids that one sequence of this length takes. 0 only for a model without any cache.
  int64_t BlocksPerSequence(int64_t length) const;

  // What vLLM divides the blocks by to print the maximum concurrency: the same, except where groups differ in
  // bytes. There it is the bytes of a sequence over those of the first group's page.
  int64_t BlocksForConcurrency(int64_t length) const;
};

// The longest sequence, up to `limit`, that fits in `pool`; 0 when none does.
int64_t LongestSequence(const CacheLayout& layout, Bytes pool, int64_t limit);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_VLLM_VLLM_CACHE_LAYOUT_H_
