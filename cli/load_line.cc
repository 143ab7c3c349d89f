#include "cli/load_line.h"

#include <algorithm>
#include <string_view>

#include "core/resolve/memory_parts.h"

namespace plimsoll {
namespace {

// Of one part; a pool that is short of memory is planned with less than nothing and takes no place.
double Length(const GpuReport& gpu, const MemoryPart& part) {
  return std::max(0.0, static_cast<double>((gpu.*part.bytes).count()));
}

// What the answer is short by and no part shows: a cache that has no room at all.
Bytes WithoutRoom(const GpuReport& gpu) {
  for (const BarPiece& piece : BarPiecesOf(gpu)) {
    if (piece.part == nullptr) return piece.to - piece.from;
  }
  return Bytes(0);
}

constexpr char kWithoutRoom = '?';

}  // namespace

std::string LoadLineText(const GpuReport& gpu, int width) {
  width = std::clamp(width, 10, 400);
  double used = 0;
  for (const MemoryPart* part : kStackedParts) used += Length(gpu, *part);
  const double missing = static_cast<double>(WithoutRoom(gpu).count());
  used += missing;
  const double capacity = static_cast<double>(gpu.capacity.count());
  const double scale = std::max({used, capacity, 1.0});
  const auto column = [&](double bytes) {
    return static_cast<size_t>(std::clamp(bytes / scale * width + 0.5, 0.0, static_cast<double>(width)));
  };
  std::string bar(static_cast<size_t>(width), '.');
  double at = 0;
  const auto draw = [&](double length, char glyph) {
    std::fill(bar.begin() + static_cast<std::ptrdiff_t>(column(at)),
              bar.begin() + static_cast<std::ptrdiff_t>(column(at + length)), glyph);
    at += length;
  };
  for (const MemoryPart* part : kStackedParts) draw(Length(gpu, *part), part->glyph);
  draw(missing, kWithoutRoom);
  const size_t last = bar.size() - 1;
  if (gpu.budget.count() > 0 && gpu.budget < gpu.capacity) {
    bar[std::min(last, column(static_cast<double>(gpu.budget.count())))] = '|';
  }
  if (used > capacity && capacity > 0) bar[std::min(last, column(capacity))] = '!';
  return "[" + bar + "]";
}

std::string LoadLegendText(const GpuReport& gpu, SizeUnits units) {
  std::string text;
  const auto add = [&](char glyph, std::string_view name, Bytes bytes) {
    if (bytes <= Bytes(0)) return;
    if (!text.empty()) text += "  ";
    text.append({glyph, ' '}).append(name).append(" ").append(SizeText(bytes, units));
  };
  for (const MemoryPart* part : kStackedParts) add(part->glyph, part->name, gpu.*part->bytes);
  add(kWithoutRoom, "cache without room", WithoutRoom(gpu));
  return text;
}

}  // namespace plimsoll
