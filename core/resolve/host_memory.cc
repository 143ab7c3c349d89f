#include "core/resolve/host_memory.h"

#include <array>
#include <string>

namespace plimsoll {
namespace {

// JEDEC: a channel is 8 bytes wide.
constexpr BytesPerSecond kTwoChannelsDdr5 = GbPerSecond(2 * 8 * 5.6);
constexpr BytesPerSecond kEightChannelsDdr5 = GbPerSecond(8 * 8 * 4.8);

// Cards are made for desktops or for servers, and their names say so.
bool IsDesktopCard(const Gpu& gpu) {
  if (gpu.vendor == Vendor::kOther) return true;
  constexpr std::array<std::string_view, 6> kDesktop = {"RTX", "GTX", "RX ", "Radeon", "Arc", "TITAN"};
  for (const std::string_view part : kDesktop) {
    if (gpu.name.find(part) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

HostMemory UsualHostMemory(const Gpu& gpu) {
  HostMemory ram;
  if (gpu.unified_memory) {
    ram.size = GiBFromDouble(gpu.memory_gb);
    ram.bandwidth = gpu.bandwidth;
    ram.assumed = false;
    ram.machine = "the memory that card and processor share";
  } else if (IsDesktopCard(gpu)) {
    ram.bandwidth = kTwoChannelsDdr5;
    ram.machine = "a desktop with dual-channel DDR5-5600";
  } else {
    ram.bandwidth = kEightChannelsDdr5;
    ram.machine = "a server with eight channels of DDR5-4800";
  }
  return ram;
}

}  // namespace plimsoll
