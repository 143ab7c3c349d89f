// How long cards of one node take to exchange what tensor and expert parallelism need: all-reduce and
// all-to-all, by message size, number of ranks and link.
//
// A small message costs a fixed latency that depends on the path (NVLink with one-shot kernels, PCIe with
// peer access, PCIe through host memory); a large one costs the ring's bytes at the share of the link's
// bandwidth that collectives reach. Both are measured: see interconnect.cc for each value and its source.
// Messages in bytes per rank; links in bytes per second in one direction.
#ifndef PLIMSOLL_CORE_CATALOG_INTERCONNECT_H_
#define PLIMSOLL_CORE_CATALOG_INTERCONNECT_H_

#include <cstdint>
#include <string_view>

#include "core/base/units.h"
#include "core/catalog/gpu.h"

namespace plimsoll {

enum class LinkKind : uint8_t {
  kNone,        // one card
  kNvlink,      // every card with every other, through switches or all links
  kNvlinkPair,  // a bridge between two cards; more cards meet over PCIe
  kXgmi,
  kPciePeer,  // PCIe, cards write to each other's memory
  kPcieHost,  // PCIe through host memory (GeForce since Ada, most consumer boards)
  kNetwork,   // between nodes
};

struct Link {
  LinkKind kind = LinkKind::kNone;
  BytesPerSecond bandwidth;  // of one card, one direction, as the vendor states it
};

// The path between the cards of one tensor-parallel group.
Link FindLink(const Gpu& gpu, int64_t ranks, bool across_nodes);

// What a card reads from the machine's memory, as the vendors of both state it: over PCIe of the generation and width of
// its board, over NVLink-C2C beside a Grace, or at the memory's own rate where the memory is one.
BytesPerSecond HostLink(const Gpu& gpu);

// An all-reduce costs `latency + bytes * per_byte`: affine, so that a step model can sum it.
struct CollectiveCost {
  Seconds latency;
  double seconds_per_byte = 0;
  Seconds Time(double bytes) const { return Seconds(latency.value() + seconds_per_byte * bytes); }
};
CollectiveCost AllReduce(const Link& link, int64_t ranks);
// Expert parallelism: tokens travel to their experts' ranks and back.
CollectiveCost AllToAll(const Link& link, int64_t ranks);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CATALOG_INTERCONNECT_H_
