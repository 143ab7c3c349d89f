#include "core/engines/kernel_names.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

constexpr std::string_view kNames[] = {"FLASH_ATTN", "TRITON_ATTN", "FLASHINFER"};

TEST(KernelNames, WhateverTheCase) {
  for (const char* asked : {"FLASH_ATTN", "flash_attn", "flash-attn"}) {
    EXPECT_EQ(*FindKernelName("attention_backend", asked, kNames), "FLASH_ATTN") << asked;
  }
  EXPECT_EQ(*FindKernelName("attention_backend", "", kNames), "") << "nothing asked for";
}

TEST(KernelNames, WhatIsNoneIsAnsweredWithTheNearest) {
  const auto accepted = [](const char* asked) {
    return FindKernelName("attention_backend", asked, kNames).error().accepted;
  };
  EXPECT_EQ(accepted("triton").substr(0, 12), "TRITON_ATTN,");
  EXPECT_EQ(accepted("flashinfr").substr(0, 11), "FLASHINFER,");
  EXPECT_EQ(accepted("xformers"), "FLASH_ATTN, TRITON_ATTN or FLASHINFER");
  EXPECT_EQ(FindKernelName("moe_backend", "xformers", kNames).error().field, "moe_backend");
}

}  // namespace
}  // namespace plimsoll
