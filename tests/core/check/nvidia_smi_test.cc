#include "core/check/nvidia_smi.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/check_text.h"

namespace plimsoll {
namespace {

constexpr char kTable[] = R"(Thu Jan  1 00:00:00 2026
+-----------------------------------------------------------------------------------------+
| NVIDIA-SMI 550.54.15              Driver Version: 550.54.15      CUDA Version: 12.4     |
| GPU  Name                 Persistence-M | Bus-Id          Disp.A | Volatile Uncorr. ECC |
| Fan  Temp   Perf          Pwr:Usage/Cap |           Memory-Usage | GPU-Util  Compute M. |
|=========================================+========================+======================|
|   0  NVIDIA GeForce RTX 4090        Off |   00000000:01:00.0  On |                  Off |
|  0%   45C    P8              21W / 450W |    1024MiB / 24564MiB |      3%      Default |
+-----------------------------------------+------------------------+----------------------+
|   1  NVIDIA GeForce RTX 3090        Off |   00000000:02:00.0 Off |                  N/A |
|  0%   35C    P8              21W / 350W |       4MiB / 24576MiB |      0%      Default |
+-----------------------------------------+------------------------+----------------------+
| Processes:                                                                              |
|    0   N/A  N/A      1234      G   /usr/lib/xorg/Xorg                            980MiB |
+-----------------------------------------------------------------------------------------+
)";

TEST(NvidiaSmi, TheTableTellsCardsAndWhatLiesOnThem) {
  const CheckResult result = Checked(kTable);
  EXPECT_EQ(result.kind, CheckKind::kHardware);
  EXPECT_EQ(result.config.gpu, (std::vector<std::string>{"rtx-4090", "rtx-3090"}));
  EXPECT_EQ(result.config.gpus, 2);
  EXPECT_EQ(result.config.reserved_mib, (std::vector<double>{1024, 0}));
  EXPECT_TRUE(HasProblem(result, "memory_held"));
  ASSERT_EQ(ReadSmi(kTable).processes.size(), 1U);
  EXPECT_EQ(ReadSmi(kTable).processes[0].name, "/usr/lib/xorg/Xorg");
}

TEST(NvidiaSmi, CsvWithAndWithoutAHeader) {
  EXPECT_EQ(ConfigIn("name, memory.total [MiB], memory.used [MiB]\nNVIDIA H100 80GB HBM3, 81559 MiB, 0 MiB\n"
                     "NVIDIA H100 80GB HBM3, 81559 MiB, 0 MiB\n"),
            "g=h100-sxm&n=2");
  EXPECT_EQ(ConfigIn("0, NVIDIA L40S, 46068 MiB, 1 MiB\n"), "g=l40s");
  EXPECT_EQ(
      ConfigIn("GPU 0: NVIDIA A100-SXM4-80GB (UUID: GPU-1)\nGPU 1: NVIDIA A100-SXM4-80GB (UUID: GPU-2)\n"),
      "g=a100-sxm-80gb&n=2");
}

TEST(NvidiaSmi, AListOfSizesAloneIsAskedForNames) {
  for (const char* text : {"24576 MiB, 120 MiB\n",
                           "memory.total [MiB], memory.used [MiB]\n24564 MiB, 612 MiB\n24564 MiB, 1 MiB\n"}) {
    const CheckResult read = Checked(text);
    EXPECT_TRUE(HasProblem(read, "cards_not_named")) << text;
    EXPECT_NE(read.problems[0].fix.find("--query-gpu=name"), std::string::npos) << text;
  }
}

TEST(NvidiaSmi, SlicesInAListHaveTheSizeOfTheirNames) {
  const CheckResult read = Checked(
      "GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-1)\n  MIG 3g.20gb     Device  0: (UUID: MIG-1)\n"
      "  MIG 3g.20gb     Device  1: (UUID: MIG-2)\n");
  EXPECT_EQ(read.config.gpus, 2);
  EXPECT_TRUE(HasProblem(read, "mig_slices"));
  ASSERT_EQ(read.config.gpu_memory_mib.size(), 2U);
  EXPECT_NEAR(read.config.gpu_memory_mib[0], 19.62 * 1024, 200) << "as NVIDIA's table of profiles has it";
}

TEST(NvidiaSmi, UnknownCardsAreSaid) {
  const CheckResult result =
      Checked("NVIDIA-SMI\n| 0  NVIDIA Abacus 9000   Off | x | y |\n| a | 1MiB / 24576MiB | b |\n");
  EXPECT_EQ(result.not_understood.size(), 1U);
  EXPECT_TRUE(HasProblem(result, "card_unknown"));
}

TEST(NvidiaSmi, OtherTextHasNoCards) {
  for (const char* text : {"", "MiB /", "| 0 x | MiB / |", "vllm serve m", "memory.total"}) {
    EXPECT_TRUE(ReadSmi(text).cards.empty()) << text;
  }
}

TEST(NvidiaSmi, ACardWithoutMemoryOfItsOwnTellsNone) {
  EXPECT_EQ(
      ConfigIn(
          "| NVIDIA-SMI 580.95.05    Driver Version: 580.95.05    CUDA Version: 13.0     |\n"
          "|   0  NVIDIA GB10                    On  |   0000000F:01:00.0 Off |                  N/A |\n"
          "| N/A   44C    P8              4W /  N/A  | Not Supported          |      0%      Default |\n"),
      "g=gb10-dgx-spark");
}

TEST(NvidiaSmi, SlicesAreCardsOfTheirOwnSize) {
  const CheckResult read = Checked(
      "| NVIDIA-SMI 550.54.15    Driver Version: 550.54.15    CUDA Version: 12.4     |\n"
      "|   0  NVIDIA A100-SXM4-80GB          On  |   00000000:07:00.0 Off |                   On |\n"
      "| N/A   31C    P0             62W /  400W |      87MiB /  81920MiB |     N/A      Default |\n"
      "| MIG devices:                                                                            |\n"
      "| GPU  GI  CI  MIG |                     Memory-Usage |        Vol|      Shared           |\n"
      "|  0    2   0   0  |              37MiB / 40192MiB    | 42      0 |  3   0    2    0    0 |\n"
      "|                  |                 0MiB / 65535MiB  |           |                       |\n"
      "|  0    3   0   1  |              37MiB / 40192MiB    | 42      0 |  3   0    2    0    0 |\n"
      "|                  |                 0MiB / 65535MiB  |           |                       |\n");
  EXPECT_EQ(read.config.gpu, std::vector<std::string>{"a100-sxm-80gb"});
  EXPECT_EQ(read.config.gpus, 2);
  EXPECT_EQ(read.config.gpu_memory_mib, (std::vector<double>{40192, 40192}));
  EXPECT_TRUE(HasProblem(read, "mig_slices"));
}

TEST(NvidiaSmi, QueriesInEveryForm) {
  EXPECT_EQ(ConfigIn("NVIDIA GeForce RTX 4090, 24564, 612\nNVIDIA GeForce RTX 4090, 24564, 3\n"),
            "g=rtx-4090&n=2&rsv=612,0");
  EXPECT_EQ(
      ConfigIn("==============NVSMI LOG==============\nDriver Version : 570.86.15\n"
               "GPU 00000000:01:00.0\n    Product Name     : NVIDIA GeForce RTX 5090\n"
               "    FB Memory Usage\n        Total     : 32607 MiB\n        Reserved  : 495 MiB\n"
               "        Used      : 2100 MiB\n    BAR1 Memory Usage\n        Total     : 32768 MiB\n"
               "        Used      : 1 MiB\nGPU 00000000:02:00.0\n    Product Name : NVIDIA GeForce RTX 3090\n"
               "    FB Memory Usage\n        Total : 24576 MiB\n        Used : 1 MiB\n"),
      "g=rtx-5090,rtx-3090&n=2&rsv=2100,0");
}

TEST(NvidiaSmi, CardsOfOthers) {
  EXPECT_EQ(
      ConfigIn("GPU[0]\t\t: VRAM Total Memory (B): 25753026560\nGPU[0]\t\t: VRAM Total Used Memory (B): "
               "1126400000\nGPU[0]\t\t: Card series: \t\tRadeon RX 7900 XTX\n"),
      "g=rx-7900-xtx&rsv=1074");
  EXPECT_EQ(
      ConfigIn("GPU: 0\n    ASIC:\n        MARKET_NAME: AMD Instinct MI300X\n    VRAM:\n        TYPE: HBM\n"
               "        SIZE: 196592 MB\nGPU: 1\n    ASIC:\n        MARKET_NAME: AMD Instinct MI300X\n"
               "    VRAM:\n        SIZE: 196592 MB\n"),
      "g=mi300x&n=2");
  EXPECT_EQ(ConfigIn("| AMD-SMI 26.0.0    amdgpu version: 6.12.12  ROCm version: 7.0.0    |\n"
                     "| 0000:05:00.0    AMD Instinct MI300X | 0 %      38 °C   0           130/750 W |\n"
                     "|   0       0       5        SPX/NPS1 | 0 %        N/A           283/196592 MB |\n"),
            "g=mi300x&rsv=283");
  EXPECT_EQ(Checked("      Chip: Apple M4 Max\n      Memory: 64 GB\n\n      Chipset Model: Apple M4 Max\n"
                    "      Type: GPU\n")
                .config.gpu.size(),
            1U);
}

// Lists of other things than cards are none.
TEST(NvidiaSmi, ProseIsNoList) {
  EXPECT_TRUE(ReadSmi("I have one RTX 4090, and 24 GB\n").cards.empty());
  EXPECT_TRUE(ReadSmi("70B AWQ takes 17 GB, fits in 24 GB with 32k\n").cards.empty());
}

}  // namespace
}  // namespace plimsoll
