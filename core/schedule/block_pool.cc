#include "core/schedule/block_pool.h"

#include <algorithm>

namespace plimsoll {

BlockPool::BlockPool(int64_t blocks, int64_t streams, int64_t unit, bool remember)
    : total_(blocks),
      free_(blocks),
      unit_(std::max<int64_t>(unit, 1)),
      remember_(remember),
      extent_of_(static_cast<size_t>(streams), -1) {
  if (blocks > 0) Append(-1, blocks);
}

int32_t BlockPool::NewExtent() {
  if (!spare_.empty()) {
    const int32_t extent = spare_.back();
    spare_.pop_back();
    extents_[static_cast<size_t>(extent)] = Extent();
    return extent;
  }
  extents_.push_back(Extent());
  return static_cast<int32_t>(extents_.size()) - 1;
}

void BlockPool::Append(int32_t stream, int64_t units) {
  if (stream < 0 && last_ >= 0 && extents_[static_cast<size_t>(last_)].stream < 0) {
    extents_[static_cast<size_t>(last_)].units += units;
    return;
  }
  const int32_t index = NewExtent();
  Extent& extent = extents_[static_cast<size_t>(index)];
  extent.stream = stream;
  extent.units = units;
  extent.previous = last_;
  if (last_ >= 0) extents_[static_cast<size_t>(last_)].next = index;
  last_ = index;
  if (first_ < 0) first_ = index;
  if (stream >= 0) extent_of_[static_cast<size_t>(stream)] = index;
}

void BlockPool::Unlink(int32_t index) {
  Extent& extent = extents_[static_cast<size_t>(index)];
  if (extent.previous >= 0) {
    extents_[static_cast<size_t>(extent.previous)].next = extent.next;
  } else {
    first_ = extent.next;
  }
  if (extent.next >= 0) {
    extents_[static_cast<size_t>(extent.next)].previous = extent.previous;
  } else {
    last_ = extent.previous;
  }
  if (extent.stream >= 0) extent_of_[static_cast<size_t>(extent.stream)] = -1;
  spare_.push_back(index);
}

int64_t BlockPool::Remembered(int32_t stream) const {
  const int32_t extent = extent_of_[static_cast<size_t>(stream)];
  return extent < 0 ? 0 : extents_[static_cast<size_t>(extent)].units;
}

void BlockPool::Revive(int32_t stream, int64_t units) {
  const int32_t index = extent_of_[static_cast<size_t>(stream)];
  if (index < 0) return;
  Extent& extent = extents_[static_cast<size_t>(index)];
  free_ -= units * unit_;
  if (extent.units == units) {
    Unlink(index);
    return;
  }
  extent_of_[static_cast<size_t>(stream)] = -1;
  extent.stream = -1;
  extent.units = (extent.units - units) * unit_;
}

void BlockPool::Take(int64_t blocks) {
  free_ -= blocks;
  while (blocks > 0 && first_ >= 0) {
    Extent& extent = extents_[static_cast<size_t>(first_)];
    const int64_t cost = extent.stream < 0 ? 1 : unit_;
    const int64_t units = std::min(extent.units, (blocks + cost - 1) / cost);
    const int64_t left_over = units * cost - blocks;
    blocks -= units * cost;
    if (extent.stream >= 0) forgotten_ += units;
    extent.units -= units;
    if (extent.units == 0) Unlink(first_);
    if (left_over <= 0) continue;
    // Part of a unit: its other groups' blocks are plain now and stay first in line.
    const int32_t index = NewExtent();
    Extent& rest = extents_[static_cast<size_t>(index)];
    rest.units = left_over;
    rest.next = first_;
    if (first_ >= 0) extents_[static_cast<size_t>(first_)].previous = index;
    first_ = index;
    if (last_ < 0) last_ = index;
  }
}

void BlockPool::Return(int32_t stream, int64_t units, int64_t plain) {
  if (!remember_) {
    plain += units * unit_;
    units = 0;
  }
  free_ += plain + units * unit_;
  if (plain > 0) Append(-1, plain);
  if (units > 0) Append(stream, units);
}

}  // namespace plimsoll
