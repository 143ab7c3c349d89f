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

}  // namespace
}  // namespace plimsoll
