#include "core/engines/llama_cpp/llama_graph_allocator.h"

#include <algorithm>

namespace plimsoll {

GraphAllocator::Place GraphAllocator::Alloc(int64_t bytes) {
  const int64_t size = Aligned(bytes);
  Hole* best = nullptr;
  int64_t best_size = internal::kInt64Max;
  for (Hole *hole = holes_.data(), *last = hole + count_; hole != last; ++hole) {
    const int64_t room = hole->end - hole->begin;
    if (room < size || room > best_size) continue;
    best = hole;
    best_size = room;
  }
  if (best == nullptr) {
    const Place place = {end_, size};
    end_ += size;
    peak_ = std::max(peak_, end_);
    return place;
  }
  const Place place = {best->begin, size};
  best->begin += size;
  if (best->begin == best->end) Remove(best);
  return place;
}

GraphAllocator::Place GraphAllocator::AllocCopies(int64_t bytes, int64_t copies) {
  const Place place = {end_, Aligned(bytes) * copies};
  end_ += place.size;
  peak_ = end_;
  return place;
}

void GraphAllocator::GiveBack(int64_t begin, int64_t end) {
  Hole* const last = holes_.data() + count_;
  if (end == end_) {  // and with it the hole before it
    end_ = begin;
    if (count_ > 0 && last[-1].end == begin) end_ = holes_[static_cast<size_t>(--count_)].begin;
    return;
  }
  Hole* next = holes_.data();  // the first hole behind it
  while (next != last && next->begin < begin) ++next;
  const bool joins_before = next != holes_.data() && next[-1].end == begin;
  const bool joins_after = next != last && next->begin == end;
  if (joins_before) {
    next[-1].end = joins_after ? next->end : end;
    if (joins_after) Remove(next);
  } else if (joins_after) {
    next->begin = begin;
  } else if (count_ < kMostHoles) {  // else lost, so the buffer can only come out larger
    std::move_backward(next, last, last + 1);
    *next = {begin, end};
    ++count_;
  }
}

void GraphAllocator::Shift(int64_t offset, int64_t bytes) {
  for (int i = 0; i < count_; ++i) {
    Hole& hole = holes_[static_cast<size_t>(i)];
    if (hole.begin < offset) continue;
    hole.begin += bytes;
    hole.end += bytes;
  }
  if (end_ >= offset) end_ += bytes;
  if (peak_ >= offset) peak_ += bytes;
}

void GraphAllocator::Remove(Hole* hole) {
  std::move(hole + 1, holes_.data() + count_, hole);
  --count_;
}

}  // namespace plimsoll
