#include "core/resolve/memory_parts.h"

#include <algorithm>

namespace plimsoll {

bool SameLoad(const GpuReport& a, const GpuReport& b) {
  return a.gpu == b.gpu && a.capacity == b.capacity && a.budget == b.budget &&
         std::all_of(kMemoryParts.begin(), kMemoryParts.end(),
                     [&](const MemoryPart& part) { return a.*part.bytes == b.*part.bytes; });
}

MemorySegments SegmentsOf(const GpuReport& gpu) {
  MemorySegments segments{};
  size_t count = 0;
  for (const MemoryPart* part : kStackedParts) {
    if (count == 0 || segments[count - 1].part->label != part->label) segments[count++] = {part, Bytes(0)};
    segments[count - 1].bytes += gpu.*part->bytes;
  }
  return segments;
}

}  // namespace plimsoll
