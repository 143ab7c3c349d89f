// What takes memory, as one table. It drives the JSON of a card, the words, the bars of the command, the
// canvas and the static pages, the table of cards of the mirror, and the sums. A further part is a member of
// GpuReport, a row here, and an engine that fills it.
#ifndef PLIMSOLL_CORE_RESOLVE_MEMORY_PARTS_H_
#define PLIMSOLL_CORE_RESOLVE_MEMORY_PARTS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/units.h"
#include "core/resolve/report.h"

namespace plimsoll {

enum class PartAccount : uint8_t {
  kShare,        // of the card, counted against what the engine may use of it
  kBesideShare,  // of the card, but not in the engine's own accounting
  kBesideCard,   // not part of the card's capacity: in no sum and no bar
};

struct MemoryPart {
  std::string_view key;    // in the JSON of a card
  std::string_view name;   // within a sentence
  std::string_view label;  // of its segment of a bar; parts with one label share a segment
  std::string_view color;  // token of web/theme.cc and of the style sheet
  char glyph;              // in the command's bar
  PartAccount account;     // in which sums it counts
  Bytes GpuReport::*bytes;
};

// In the order of the JSON's keys.
inline constexpr std::array<MemoryPart, 10> kMemoryParts = {{
    {"weights_bytes", "weights", "Weights", "weights", 'W', PartAccount::kShare, &GpuReport::weights},
    {"kv_cache_bytes", "KV cache", "KV cache", "kv-cache", 'K', PartAccount::kShare, &GpuReport::kv_cache},
    {"recurrent_state_bytes", "recurrent state", "Recurrent state", "recurrent-state", 'R',
     PartAccount::kShare, &GpuReport::recurrent_state},
    {"activation_bytes", "activations", "Activations", "activation", 'A', PartAccount::kShare,
     &GpuReport::activation},
    {"cuda_graph_bytes", "CUDA graphs", "CUDA graphs", "cuda-graph", 'G', PartAccount::kShare,
     &GpuReport::cuda_graph},
    {"non_torch_bytes", "runtime", "Runtime", "runtime", 'N', PartAccount::kShare, &GpuReport::non_torch},
    {"context_bytes", "driver context", "Runtime", "runtime", 'D', PartAccount::kBesideShare,
     &GpuReport::driver},
    {"others_bytes", "other programs", "Other programs", "others", 'O', PartAccount::kBesideShare,
     &GpuReport::others},
    {"reserved_bytes", "kept by the system", "", "", ' ', PartAccount::kBesideCard, &GpuReport::reserved},
    {"compute_buffer_bytes", "compute buffers", "Compute buffers", "activation", 'C', PartAccount::kShare,
     &GpuReport::compute_buffer},
}};

// What the card holds in all.
constexpr Bytes SumOfParts(const GpuReport& gpu) {
  Bytes sum;
  for (const MemoryPart& part : kMemoryParts) {
    if (part.account != PartAccount::kBesideCard) sum += gpu.*part.bytes;
  }
  return sum;
}

// What counts against the engine's share of it.
constexpr Bytes SumInShare(const GpuReport& gpu) {
  Bytes sum;
  for (const MemoryPart& part : kMemoryParts) {
    if (part.account == PartAccount::kShare) sum += gpu.*part.bytes;
  }
  return sum;
}

// Cards of one kind that hold the same, so that one line speaks for both.
bool SameLoad(const GpuReport& a, const GpuReport& b);

namespace internal {

constexpr size_t CountStacked() {
  size_t count = 0;
  for (const MemoryPart& part : kMemoryParts) {
    if (part.account != PartAccount::kBesideCard) ++count;
  }
  return count;
}

// What a bar stacks, from its left end: in the table's order, but parts of one colour beside each other.
constexpr std::array<const MemoryPart*, CountStacked()> Stacked() {
  std::array<const MemoryPart*, CountStacked()> stacked{};
  size_t count = 0;
  for (size_t i = 0; i < kMemoryParts.size(); ++i) {
    bool taken = kMemoryParts[i].account == PartAccount::kBesideCard;
    for (size_t before = 0; before < i; ++before) {
      taken = taken || kMemoryParts[before].color == kMemoryParts[i].color;
    }
    if (taken) continue;
    for (const MemoryPart& part : kMemoryParts) {
      if (part.color == kMemoryParts[i].color) stacked[count++] = &part;
    }
  }
  return stacked;
}

}  // namespace internal

inline constexpr std::array<const MemoryPart*, internal::CountStacked()> kStackedParts = internal::Stacked();

// A piece of a bar: the parts of one label.
struct MemorySegment {
  const MemoryPart* part;  // the first of them
  Bytes bytes;
};

namespace internal {

constexpr size_t CountSegments() {
  size_t count = 0;
  std::string_view last;
  for (const MemoryPart* part : kStackedParts) {
    if (part->label != last) ++count;
    last = part->label;
  }
  return count;
}

}  // namespace internal

using MemorySegments = std::array<MemorySegment, internal::CountSegments()>;
MemorySegments SegmentsOf(const GpuReport& gpu);

// Where a bar draws a piece, counted from the card's beginning.
struct BarPiece {
  const MemoryPart* part = nullptr;  // nullptr: what is missing
  Bytes from, to;
};
// The pieces of a card's bar: what counts against the engine's share, up from the beginning; then what is missing, so that
// the bar goes beyond the share by as much as the answer is short; at the card's end, what stands beside the share.
std::vector<BarPiece> BarPiecesOf(const GpuReport& gpu);
// Where the bar or its card ends.
Bytes BarEnd(const GpuReport& gpu);

// What an engine keeps in the host's RAM.
struct HostPart {
  std::string_view key, name;
  Bytes HostReport::*bytes;
};

inline constexpr std::array<HostPart, 4> kHostParts = {{
    {"weights_bytes", "weights", &HostReport::weights},
    {"kv_cache_bytes", "KV cache", &HostReport::kv_cache},
    {"recurrent_state_bytes", "recurrent state", &HostReport::recurrent_state},
    {"compute_buffer_bytes", "compute buffers", &HostReport::compute_buffer},
}};

constexpr Bytes SumOfParts(const HostReport& host) {
  Bytes sum;
  for (const HostPart& part : kHostParts) sum += host.*part.bytes;
  return sum;
}

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_RESOLVE_MEMORY_PARTS_H_
