#include "core/check/card_list.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/check_text.h"

namespace plimsoll {
namespace {

TEST(CardList, RocmSmiByItsConciseTable) {
  const std::string head =
      "===================== ROCm System Management Interface =====================\n"
      "Device  Node  IDs              Temp        Power     Partitions          SCLK    MCLK    Fan  Perf  "
      "PwrCap  "
      "VRAM%  GPU%\n"
      "              (DID,     GUID)  (Junction)  (Socket)  (Mem, Compute, ID)\n";
  const CheckResult read = Checked(head +
                                   "0       2     0x74a1,   28851  42.0°C      138.0W    NPS1, SPX, 0        "
                                   "132Mhz  900Mhz  0%   auto  750.0W  "
                                   "0%     0%\n"
                                   "1       3     0x74a1,   51499  37.0°C      141.0W    NPS1, SPX, 0        "
                                   "132Mhz  900Mhz  0%   auto  750.0W  "
                                   "12%    0%\n");
  EXPECT_EQ(read.config.gpu, std::vector<std::string>{"mi300x"});
  EXPECT_EQ(read.config.gpus, 2);
  ASSERT_EQ(read.config.reserved_mib.size(), 2U);
  EXPECT_EQ(read.config.reserved_mib[0], 0);
  EXPECT_NEAR(read.config.reserved_mib[1], 0.12 * 196592, 2);
  // A device id that several cards share, and older tables without any.
  for (const char* row :
       {"0       1     0x744c,   1  42.0°C  13.0W  N/A, N/A, 0  0Mhz  96Mhz  0%  auto  339.0W  3%  2%\n",
        "0    45.0c           25.0W   800Mhz  1600Mhz 0.0%    auto  560.0W    3%   0%\n"}) {
    const CheckResult unnamed = Checked(head + row);
    EXPECT_TRUE(HasProblem(unnamed, "cards_not_named")) << row;
    EXPECT_NE(unnamed.problems[0].fix.find("--showproductname"), std::string::npos) << row;
    EXPECT_TRUE(unnamed.config.gpu.empty());
  }
}

TEST(CardList, RocmSmiAsCsvAndJson) {
  EXPECT_EQ(
      ConfigIn("device,VRAM Total Memory (B),VRAM Total Used Memory (B),Card series,Card model,Card SKU\n"
               "card0,206141652992,296501248,AMD Instinct MI300X OAM,0x74a1,M3000100\n"
               "card1,206141652992,29650124800,AMD Instinct MI300X OAM,0x74a1,M3000100\n"),
      "g=mi300x&n=2&rsv=283,28277");
  EXPECT_EQ(ConfigIn("device,Card series,Card model\ncard0,Arcturus GL-XL [AMD Instinct MI100],0x0c34\n"),
            "g=mi100");
  EXPECT_EQ(ConfigIn("{\"card0\": {\"VRAM Total Memory (B)\": \"68702699520\", \"VRAM Total Used Memory "
                     "(B)\": \"6987776\", \"Card Series\": \"AMD Instinct MI210\" } , \"system\" : { "
                     "\"Driver version\" : \"6.8.5\" } }"),
            "g=mi210");
  EXPECT_EQ(ConfigIn("GPU[0]\t\t: Card series: \t\t0x738c\nGPU[0]\t\t: Card model: \t\t0xc34\n"), "g=mi100");
  EXPECT_TRUE(HasProblem(Checked("GPU[0]\t: VRAM Total Memory (B): 25753026560\n"), "cards_not_named"));
  EXPECT_TRUE(
      HasProblem(Checked("{\"card0\": {\"VRAM Total Memory (B)\": \"68702699520\" } }"), "cards_not_named"));
}

TEST(CardList, AmdSmiInItsForms) {
  EXPECT_EQ(
      ConfigIn("gpu,market_name,vendor_id,vram_type,vram_size\n0,AMD Instinct MI325X,0x1002,HBM3,262128\n"
               "1,AMD Instinct MI325X,0x1002,HBM3,262128\n"),
      "g=mi325x&n=2");
  EXPECT_EQ(ConfigIn("[{\"gpu\": 0, \"asic\": {\"market_name\": \"AMD Instinct MI300X\"}, \"vram\": "
                     "{\"type\": \"HBM\", \"size\": {\"value\": 196592, \"unit\": \"MB\"}}, \"mem_usage\": "
                     "{\"used_vram\": {\"value\": 4096, \"unit\": \"MB\"}}}]"),
            "g=mi300x&rsv=4096");
  EXPECT_EQ(ConfigIn("{\"gpu_data\": [{\"gpu\": 0, \"asic\": {\"market_name\": \"AMD Instinct MI355X\"}}]}"),
            "g=mi355x");
  EXPECT_EQ(ConfigIn("GPU: 0\n    ASIC:\n        MARKET_NAME: AMD Instinct MI300X\n    VRAM:\n        "
                     "SIZE: 196592 MB\n"),
            "g=mi300x");
  const CheckResult unnamed = Checked(
      "GPU  POWER   GPU_T   MEM_T   GFX_CLK   GFX%   MEM%   VRAM_USAGE\n"
      "  0  138 W   42 °C   35 °C   132 MHz    0 %    0 %   0.3/192.0 GB\n");
  EXPECT_TRUE(HasProblem(unnamed, "cards_not_named"));
  EXPECT_NE(unnamed.problems[0].fix.find("amd-smi static"), std::string::npos);
}

TEST(CardList, OtherPrograms) {
  EXPECT_EQ(
      ConfigIn("01:00.0 VGA compatible controller: NVIDIA Corporation AD102 [GeForce RTX 4090] (rev a1)\n"
               "01:00.1 Audio device: NVIDIA Corporation AD102 High Definition Audio Controller (rev a1)\n"
               "00:02.0 VGA compatible controller: Intel Corporation Raptor Lake-S GT1 [UHD Graphics 770]\n"),
      "g=rtx-4090");
  EXPECT_EQ(
      ConfigIn(
          "65:00.0 3D controller [0302]: NVIDIA Corporation GH100 [H100 SXM5 80GB] [10de:2330] (rev a1)\n"
          "66:00.0 3D controller [0302]: NVIDIA Corporation GH100 [H100 SXM5 80GB] [10de:2330] (rev a1)\n"),
      "g=h100-sxm&n=2");
  EXPECT_EQ(ConfigIn("01:00.0 VGA compatible controller: NVIDIA Corporation AD107M [GeForce RTX 4060 Max-Q "
                     "/ Mobile]\n"),
            "g=rtx-4060-laptop");
  EXPECT_TRUE(
      HasProblem(Checked("03:00.0 VGA compatible controller: Advanced Micro Devices, Inc. [AMD/ATI] Navi 31 "
                         "[Radeon RX 7900 XT/7900 XTX/7900M] (rev c8)\n"),
                 "cards_not_named"));
  EXPECT_EQ(ConfigIn("  Marketing Name:          AMD Ryzen 9 7950X\n  Device Type:             CPU\n"
                     "  Marketing Name:          AMD Radeon RX 7900 XTX\n  Device Type:             GPU\n"),
            "g=rx-7900-xtx");
  EXPECT_EQ(ConfigIn("| 0         | Device Name: Intel(R) Arc(TM) A770 Graphics        |\n"
                     "|           | Vendor Name: Intel(R) Corporation                  |\n"),
            "g=arc-a770-16gb");
}

TEST(CardList, OtherTextHasNoCards) {
  for (const char* text :
       {"", "gpu, cpu", "GPU[0]", "[{\"card0\": 1}]", "device,\n,\n", "a controller: it controls [x]",
        "VRAM%", "{\"card0\":", "Marketing Name:", "vllm serve m --gpu, x"}) {
    const SmiOutput output = ReadOtherCardList(text);
    EXPECT_TRUE(output.cards.empty() && output.ask_for.empty()) << text;
  }
}

}  // namespace
}  // namespace plimsoll
