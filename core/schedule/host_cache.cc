#include "core/schedule/host_cache.h"

#include <algorithm>

namespace plimsoll {

HostCache::HostCache(int64_t units, int64_t streams)
    : total_(std::max<int64_t>(units, 0)), streams_(total_ > 0 ? static_cast<size_t>(streams) : 0) {}

int64_t HostCache::Kept(int32_t stream) const {
  return total_ > 0 ? streams_[static_cast<size_t>(stream)].units : 0;
}

void HostCache::Append(int32_t stream) {
  At(stream).previous = last_;
  At(stream).next = -1;
  (last_ >= 0 ? At(last_).next : first_) = stream;
  last_ = stream;
}

void HostCache::Unlink(int32_t stream) {
  const Stream& old = At(stream);
  (old.previous >= 0 ? At(old.previous).next : first_) = old.next;
  (old.next >= 0 ? At(old.next).previous : last_) = old.previous;
}

void HostCache::Keep(int32_t stream, int64_t units) {
  if (total_ == 0) return;
  const int64_t before = At(stream).units;
  const int64_t after = std::max(before, std::min(units, total_));
  if (after <= 0) return;
  if (before > 0) Unlink(stream);
  used_ += after - before;
  while (used_ > total_) {
    const int32_t oldest = first_;
    const int64_t gone = std::min(At(oldest).units, used_ - total_);
    At(oldest).units -= gone;
    used_ -= gone;
    if (At(oldest).units == 0) Unlink(oldest);
  }
  At(stream).units = after;
  Append(stream);
}

}  // namespace plimsoll
