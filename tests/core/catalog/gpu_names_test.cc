#include "core/catalog/gpu_names.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

std::string GpuOf(std::string_view name) {
  const Gpu* gpu = FindGpuNamed(ShippedCatalog(), name);
  return gpu ? gpu->id : "(none)";
}

TEST(GpuNames, EveryIdAndNameOfTheCatalogIsFound) {
  for (const Gpu& gpu : ShippedCatalog().gpus()) {
    EXPECT_EQ(GpuOf(gpu.id), gpu.id);
    EXPECT_EQ(GpuOf(gpu.name), gpu.id) << gpu.name;
  }
}

TEST(GpuNames, CardsAsDriversAndShopsWriteThem) {
  EXPECT_EQ(GpuOf("RTX 4090"), "rtx-4090");
  EXPECT_EQ(GpuOf("NVIDIA GeForce RTX 4090"), "rtx-4090");
  EXPECT_EQ(GpuOf("4090"), "rtx-4090");
  EXPECT_EQ(GpuOf("rtx4090"), "rtx-4090");
  EXPECT_EQ(GpuOf("NVIDIA GeForce RTX 4090 Laptop GPU"), "rtx-4090-laptop");
  EXPECT_EQ(GpuOf("NVIDIA H100 80GB HBM3"), "h100-sxm");
  EXPECT_EQ(GpuOf("H100"), "h100-sxm");
  EXPECT_EQ(GpuOf("NVIDIA H100 PCIe"), "h100-pcie");
  EXPECT_EQ(GpuOf("NVIDIA H100 NVL"), "h100-nvl");
  EXPECT_EQ(GpuOf("NVIDIA A100-SXM4-80GB"), "a100-sxm-80gb");
  EXPECT_EQ(GpuOf("NVIDIA A100-PCIE-40GB"), "a100-pcie-40gb");
  EXPECT_EQ(GpuOf("NVIDIA A100 80GB PCIe"), "a100-pcie-80gb");
  EXPECT_EQ(GpuOf("Tesla V100-SXM2-16GB"), "v100-16gb");
  EXPECT_EQ(GpuOf("Tesla T4"), "t4");
  EXPECT_EQ(GpuOf("NVIDIA L40S"), "l40s");
  EXPECT_EQ(GpuOf("NVIDIA A10G"), "a10g");
  EXPECT_EQ(GpuOf("NVIDIA GeForce RTX 3060"), "rtx-3060-12gb") << "the only size that is known";
  EXPECT_EQ(GpuOf("NVIDIA RTX PRO 6000 Blackwell Workstation Edition"), "rtx-pro-6000-blackwell-ws");
  EXPECT_EQ(GpuOf("NVIDIA RTX 6000 Ada Generation"), "rtx-6000-ada");
  EXPECT_EQ(GpuOf("NVIDIA GB10"), "gb10-dgx-spark");
  EXPECT_EQ(GpuOf("AMD Radeon RX 7900 XTX"), "rx-7900-xtx");
  EXPECT_EQ(GpuOf("AMD Instinct MI300X"), "mi300x");
  EXPECT_EQ(GpuOf("Apple M2 Max"), "apple-m2-max");
  EXPECT_EQ(GpuOf("RTX 3080"), "(none)") << "10 or 12 GB";
  EXPECT_EQ(GpuOf("RTX 4091"), "(none)");
  EXPECT_EQ(GpuOf("GeForce"), "(none)");
  EXPECT_EQ(GpuOf(""), "(none)");
}

}  // namespace
}  // namespace plimsoll
