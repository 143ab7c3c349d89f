#include "core/llama_graph_allocator.h"

#include <algorithm>
#include <cstddef>

namespace plimsoll {

GraphAllocator::Place GraphAllocator::Alloc(int64_t bytes) {
  const int64_t size = (std::clamp<int64_t>(bytes, 1, kLargestTensor) + kAlignment - 1) & -kAlignment;
  int best = count_ - 1;
  int64_t best_size = internal::kInt64Max;
  for (int i = 0; i + 1 < count_; ++i) {
    const int64_t hole = holes_[static_cast<size_t>(i)].size;
    if (hole < size || hole > best_size) continue;
    best = i;
    best_size = hole;
  }
  if (stretch_end_ != 0) CheckStretch(size, best);
  Hole& hole = holes_[static_cast<size_t>(best)];
  const Place place = {hole.offset, size};
  hole.offset += size;
  hole.size -= size;
  if (hole.size == 0) Remove(best);
  peak_ = std::max(peak_, place.offset + size);
  return place;
}

void GraphAllocator::Free(Place* place) {
  const Place freed = *place;
  *place = {};
  if (freed.size == 0) return;
  int next = 0;  // the first hole behind the freed place; the open end always is
  while (next < count_ - 1 && holes_[static_cast<size_t>(next)].offset < freed.offset) ++next;
  Hole& after = holes_[static_cast<size_t>(next)];
  const bool joins_after = freed.offset + freed.size == after.offset;
  const bool joins_before =
      next > 0 && holes_[static_cast<size_t>(next - 1)].offset + holes_[static_cast<size_t>(next - 1)].size ==
                      freed.offset;
  if (joins_before) {
    Hole& before = holes_[static_cast<size_t>(next - 1)];
    before.size += freed.size;
    if (!joins_after) return;
    before.size += after.size;
    Remove(next);
    return;
  }
  if (joins_after) {
    after.offset = freed.offset;
    after.size += freed.size;
    return;
  }
  if (count_ == kMostHoles) return;  // lost, so the buffer can only come out larger
  for (int i = count_; i > next; --i) holes_[static_cast<size_t>(i)] = holes_[static_cast<size_t>(i - 1)];
  holes_[static_cast<size_t>(next)] = {freed.offset, freed.size};
  ++count_;
}

void GraphAllocator::FreeStretchable(Place* place) {
  if (place->size == 0) return;
  stretch_end_ = place->offset + place->size;
  may_shrink_ = std::min(may_shrink_, place->size - kAlignment);
  Free(place);
}

// Which comparisons of Alloc() depend on the stretchable place's size: those with the hole that holds its
// end.
void GraphAllocator::CheckStretch(int64_t size, int chosen) {
  const int last = count_ - 1;
  int stretched = last;
  int64_t smallest_other = internal::kInt64Max;  // of the other holes that fit
  for (int i = 0; i < last; ++i) {
    const Hole& hole = holes_[static_cast<size_t>(i)];
    if (hole.offset < stretch_end_ && stretch_end_ <= hole.offset + hole.size) {
      stretched = i;
    } else if (hole.size >= size) {
      smallest_other = std::min(smallest_other, hole.size);
    }
  }
  const Hole& hole = holes_[static_cast<size_t>(stretched)];
  int64_t shrink = kLargestTensor, grow = kLargestTensor;
  if (hole.offset >= stretch_end_) {
    shrink = grow = -1;  // used up
  } else if (chosen == stretched) {
    // It must hold the whole tensor within its own end, and not outgrow another that fits; the open end is
    // taken last whatever its size.
    shrink = stretch_end_ - (hole.offset + size);
    if (shrink < 0) grow = -1;
    if (stretched != last && smallest_other < internal::kInt64Max) grow = smallest_other - hole.size - 1;
  } else if (stretched != last) {
    if (hole.size < size) {
      grow = size - hole.size - 1;
    } else {
      shrink = hole.size - smallest_other - 1;
    }
  }
  may_shrink_ = std::min(may_shrink_, shrink);
  may_grow_ = std::min(may_grow_, grow);
}

void GraphAllocator::Remove(int index) {
  for (int i = index; i + 1 < count_; ++i)
    holes_[static_cast<size_t>(i)] = holes_[static_cast<size_t>(i + 1)];
  --count_;
}

}  // namespace plimsoll
