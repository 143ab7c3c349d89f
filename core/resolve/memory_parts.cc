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

namespace {

// Some engines take their cache to the end of their share and capture graphs beyond it.
bool GraphsBesideShare(const GpuReport& gpu) {
  if (gpu.cuda_graph <= Bytes(0) || gpu.budget <= Bytes(0)) return false;
  const Bytes without = SumInShare(gpu) - gpu.cuda_graph - gpu.budget;
  return without < MiB(1) && Bytes(0) - without < MiB(1);
}

}  // namespace

std::vector<BarPiece> BarPiecesOf(const GpuReport& gpu) {
  std::vector<BarPiece> pieces;
  Bytes at, beside;
  const bool graphs_beside = GraphsBesideShare(gpu);
  const auto account_of = [&](const MemoryPart& part) {
    return graphs_beside && part.bytes == &GpuReport::cuda_graph ? PartAccount::kBesideShare : part.account;
  };
  const auto stack = [&](PartAccount account) {
    for (const MemoryPart* part : kStackedParts) {
      const Bytes bytes = gpu.*part->bytes;
      if (account_of(*part) != account || bytes <= Bytes(0)) continue;
      const bool same = !pieces.empty() && pieces.back().part != nullptr && pieces.back().to == at &&
                        pieces.back().part->label == part->label;
      if (same) {
        pieces.back().to += bytes;
      } else {
        pieces.push_back({part, at, at + bytes});
      }
      at += bytes;
    }
  };
  stack(PartAccount::kShare);
  if (gpu.headroom < Bytes(0) && gpu.budget > Bytes(0)) {
    const Bytes needed = gpu.budget - gpu.headroom;
    if (needed > at) {
      pieces.push_back({nullptr, at, needed});
      at = needed;
    }
  }
  for (const MemoryPart& part : kMemoryParts) {
    if (account_of(part) == PartAccount::kBesideShare) beside += std::max(Bytes(0), gpu.*part.bytes);
  }
  if (at + beside < gpu.capacity) at = gpu.capacity - beside;
  stack(PartAccount::kBesideShare);
  return pieces;
}

Bytes BarEnd(const GpuReport& gpu) {
  Bytes end = std::max(gpu.capacity, gpu.total);
  for (const BarPiece& piece : BarPiecesOf(gpu)) end = std::max(end, piece.to);
  return end;
}

}  // namespace plimsoll
