// The memory of the machine around the cards.
#ifndef PLIMSOLL_CORE_RESOLVE_HOST_MEMORY_H_
#define PLIMSOLL_CORE_RESOLVE_HOST_MEMORY_H_

#include <string_view>

#include "core/base/units.h"
#include "core/catalog/gpu.h"

namespace plimsoll {

struct HostMemory {
  Bytes size;                // zero: not said, hence not judged
  BytesPerSecond bandwidth;  // as the memory's makers count it
  bool assumed = true;       // the bandwidth goes by the kind of machine
  std::string_view machine;  // that kind, for people: "a desktop with dual-channel DDR5-5600"
};

// What a machine with such cards most often has; a card of no vendor stands for none.
HostMemory UsualHostMemory(const Gpu& gpu);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_RESOLVE_HOST_MEMORY_H_
