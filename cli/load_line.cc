#include "cli/load_line.h"

#include <algorithm>

#include "core/resolve/memory_parts.h"

namespace plimsoll {
namespace {

// Of one part; a pool that is short of memory is planned with less than nothing and takes no place.
double Length(const GpuReport& gpu, const MemoryPart& part) {
  return std::max(0.0, static_cast<double>((gpu.*part.bytes).count()));
}

}  // namespace

std::string LoadLineText(const GpuReport& gpu, int width) {
  width = std::clamp(width, 10, 400);
  double used = 0;
  for (const MemoryPart* part : kStackedParts) used += Length(gpu, *part);
  const double capacity = static_cast<double>(gpu.capacity.count());
  const double scale = std::max({used, capacity, 1.0});
  const auto column = [&](double bytes) {
    return static_cast<size_t>(std::clamp(bytes / scale * width + 0.5, 0.0, static_cast<double>(width)));
  };
  std::string bar(static_cast<size_t>(width), '.');
  double at = 0;
  for (const MemoryPart* part : kStackedParts) {
    const double end = at + Length(gpu, *part);
    std::fill(bar.begin() + static_cast<std::ptrdiff_t>(column(at)),
              bar.begin() + static_cast<std::ptrdiff_t>(column(end)), part->glyph);
    at = end;
  }
  const size_t last = bar.size() - 1;
  if (gpu.budget.count() > 0 && gpu.budget < gpu.capacity) {
    bar[std::min(last, column(static_cast<double>(gpu.budget.count())))] = '|';
  }
  if (used > capacity && capacity > 0) bar[std::min(last, column(capacity))] = '!';
  return "[" + bar + "]";
}

std::string LoadLegendText(const GpuReport& gpu, SizeUnits units) {
  std::string text;
  for (const MemoryPart* part : kStackedParts) {
    const Bytes bytes = gpu.*part->bytes;
    if (bytes <= Bytes(0)) continue;
    if (!text.empty()) text += "  ";
    text.append({part->glyph, ' '}).append(part->name).append(" ").append(SizeText(bytes, units));
  }
  return text;
}

}  // namespace plimsoll
