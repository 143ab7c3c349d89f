#include "core/engines/vllm/vllm_cache_layout.h"

#include <algorithm>

namespace plimsoll {
namespace {

using internal::SaturatingAdd;
using internal::SaturatingMultiply;

int64_t SpecBlocks(const CacheSpec& spec, const CacheLayout& layout, int64_t length) {
  switch (spec.kind) {
    case CacheKind::kFull:
      return CeilDiv(length, spec.block);
    case CacheKind::kSliding:
      // SlidingWindowSpec: the window may begin inside a block, hence one more.
      return CeilDiv(std::min(SaturatingAdd(spec.window - 1, layout.in_flight), length), spec.block) + 1;
    case CacheKind::kChunked:
      return CeilDiv(std::min(SaturatingAdd(spec.window, layout.in_flight), length), spec.block);
    case CacheKind::kState:
      return layout.states_per_sequence +
             (layout.state_block > 0 ? CeilDiv(length, layout.state_block) - 1 : 0);
    case CacheKind::kCross:
      return CeilDiv(spec.window, spec.block);
  }
  return 0;
}

}  // namespace

int64_t CacheLayout::BlocksPerSequence(int64_t length) const {
  int64_t blocks = 0;
  for (int i = 0; i < count; ++i) {
    const CacheSpec& spec = specs[static_cast<size_t>(i)];
    if (spec.groups > 0) blocks = SaturatingAdd(blocks, spec.groups * SpecBlocks(spec, *this, length));
  }
  return blocks;
}

int64_t CacheLayout::BlocksForConcurrency(int64_t length) const {
  if (first_page_bytes <= 0) return BlocksPerSequence(length);
  int64_t bytes = 0;
  for (int i = 0; i < count; ++i) {
    const CacheSpec& spec = specs[static_cast<size_t>(i)];
    bytes = SaturatingAdd(bytes, SaturatingMultiply(SpecBlocks(spec, *this, length), spec.layer_pages_bytes));
  }
  return CeilDiv(bytes, first_page_bytes);
}

int64_t LongestSequence(const CacheLayout& layout, Bytes pool, int64_t limit) {
  if (layout.block_bytes <= 0) return limit;
  const int64_t blocks = pool.count() / layout.block_bytes;
  if (pool.count() <= 0 || blocks <= 0) return 0;
  if (layout.groups == 1 && layout.specs[0].kind == CacheKind::kFull) {
    return std::min(limit, SaturatingMultiply(blocks, layout.specs[0].block));
  }
  int64_t fits = 0, too_long = limit + 1;
  while (too_long - fits > 1) {
    const int64_t middle = fits + (too_long - fits) / 2;
    (layout.BlocksPerSequence(middle) <= blocks ? fits : too_long) = middle;
  }
  return fits;
}

}  // namespace plimsoll
