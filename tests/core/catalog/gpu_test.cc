#include "core/catalog/gpu.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

Gpu Read(std::string_view text) {
  Result<Json> json = Json::Parse(text, "gpu");
  EXPECT_TRUE(json.ok());
  Result<Gpu> gpu = ReadGpu(*json, "gpus[0]");
  EXPECT_TRUE(gpu.ok()) << (gpu.ok() ? "" : gpu.error().Message());
  return gpu.ok() ? *gpu : Gpu();
}

std::string ErrorOf(std::string_view text) {
  Result<Json> json = Json::Parse(text, "gpu");
  Result<Gpu> gpu = ReadGpu(*json, "gpus[0]");
  return gpu.ok() ? "(accepted)" : gpu.error().Message();
}

TEST(Gpu, ReadsWhatADriverGivesAsMeasured) {
  const Gpu gpu = Read(R"({"id":"rtx-4090","name":"RTX 4090","vendor":"NVIDIA","compute_capability":"8.9",
      "memory_gb":24,"memory_mib_reported":24564,"memory_mib_cuda":24111,"bandwidth_gbs":1008,"fp8_native":true,
      "tflops":{"fp16":165.2,"fp16_fp16_accumulate":330.3,"bf16":165.2,"fp8":330.3,"fp4":null},
      "interconnect":{"type":"PCIe4 x16","gbs":32},"tdp_w":450})");
  EXPECT_EQ(gpu.vendor, Vendor::kNvidia);
  EXPECT_EQ(gpu.compute_capability, 89);
  EXPECT_EQ(gpu.usable, MiB(24111));
  EXPECT_FALSE(gpu.memory_assumed);
  EXPECT_TRUE(gpu.fp8_native);
  EXPECT_DOUBLE_EQ(gpu.bandwidth.value(), 1008e9);
  EXPECT_DOUBLE_EQ(gpu.fp16_fast.value(), 330.3e12);
  EXPECT_DOUBLE_EQ(gpu.fp4.value(), 0);
  EXPECT_EQ(gpu.link, "PCIe4 x16");
}

// The rule, held against cards whose two figures are known but are withheld from it here.
TEST(Gpu, DerivesWhatADriverGivesToWithin2Percent) {
  struct Known {
    int64_t reported, cuda;
  };
  for (const Known& known :
       {Known{24564, 24111}, Known{15360, 14912}, Known{81559, 80998}, Known{143771, 143155},
        Known{183359, 182630}, Known{46068, 45491}, Known{284208, 283136}}) {
    const Gpu gpu = Read(R"({"id":"x","name":"x","vendor":"NVIDIA","memory_gb":24,"memory_mib_reported":)" +
                         std::to_string(known.reported) + "}");
    EXPECT_TRUE(gpu.memory_assumed);
    EXPECT_NEAR(gpu.usable.mib() / static_cast<double>(known.cuda), 1, 0.003) << known.reported;
  }
}

TEST(Gpu, SharesOfUnifiedMemory) {
  const auto apple = [](int gb) {
    return Read(R"({"id":"m","name":"m","vendor":"Apple","unified_memory":true,"memory_gb":)" +
                std::to_string(gb) + "}")
        .usable.mib();
  };
  // recommendedMaxWorkingSetSize as llama.cpp prints it, in MiB: M4, M5, M2 Max, M4 Pro, M3 Max, M4 Max, M3
  // Ultra.
  EXPECT_NEAR(apple(16), 12124, 1);
  EXPECT_NEAR(apple(24), 18186, 1);
  EXPECT_NEAR(apple(32), 25559, 1);
  EXPECT_NEAR(apple(48), 38338, 1);
  EXPECT_NEAR(apple(64), 53084, 1);
  EXPECT_NEAR(apple(128), 110100, 1);
  EXPECT_NEAR(apple(512), 475136, 1);
}

TEST(Gpu, RefusesWhatIsNoCard) {
  EXPECT_NE(ErrorOf("[]"), "(accepted)");
  EXPECT_EQ(ErrorOf(R"({"name":"x"})").substr(0, 10), "gpus[0].id");
  EXPECT_EQ(ErrorOf(R"({"id":"x"})").substr(0, 12), "gpus[0].name");
  EXPECT_EQ(ErrorOf(R"({"id":"x","name":"x","memory_gb":-1})").substr(0, 17), "gpus[0].memory_gb");
  EXPECT_EQ(ErrorOf(R"({"id":"x","name":"x","memory_gb":1e300})").substr(0, 17), "gpus[0].memory_gb");
}

}  // namespace
}  // namespace plimsoll
