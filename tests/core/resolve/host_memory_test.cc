#include "core/resolve/host_memory.h"

#include <gtest/gtest.h>

#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

HostMemory Of(const char* gpu) { return UsualHostMemory(*ShippedCatalog().FindGpu(gpu)); }

// Two channels of 8 bytes at 5.6e9 transfers a second; eight at 4.8e9.
TEST(HostMemory, DesktopsAndServersByTheirCards) {
  EXPECT_NEAR(Of("rtx-4090").bandwidth.value(), 89.6e9, 1);
  EXPECT_NEAR(Of("h100-sxm").bandwidth.value(), 307.2e9, 1);
  EXPECT_TRUE(Of("rtx-4090").assumed);
  EXPECT_EQ(Of("rtx-4090").size, Bytes(0)) << "not said, hence not judged";
}

TEST(HostMemory, SharedMemoryIsTheCardsOwn) {
  const Gpu& gpu = *ShippedCatalog().FindGpu("ryzen-ai-max-395");
  ASSERT_TRUE(gpu.unified_memory);
  const HostMemory ram = UsualHostMemory(gpu);
  EXPECT_EQ(ram.bandwidth.value(), gpu.bandwidth.value());
  EXPECT_EQ(ram.size, GiBFromDouble(gpu.memory_gb));
  EXPECT_FALSE(ram.assumed);
}

}  // namespace
}  // namespace plimsoll
