#include "core/engines/torch_log_reader.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/read_log.h"

namespace plimsoll {
namespace {

TEST(TorchLogReader, WhatWasAskedForAndWhatWasFree) {
  const LogReading recent = ReadBy(WithTorchLogPatterns({}),
                                   "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.74 GiB. "
                                   "GPU 3 has a total capacity of 94.97 "
                                   "GiB of which 1.69 GiB is free. Including non-PyTorch memory, this "
                                   "process has 93.27 GiB memory in use.");
  ASSERT_TRUE(recent.failure);
  EXPECT_NEAR(recent.failure->asked->gib(), 1.74, 1e-8);
  EXPECT_NEAR(recent.failure->free->gib(), 1.69, 1e-8);
  ASSERT_EQ(recent.cards.size(), 1u);
  EXPECT_EQ(recent.cards[0].index, 3);
  EXPECT_NEAR(recent.cards[0].mib, 94.97 * 1024, 0.01);
  const LogReading old = ReadBy(
      WithTorchLogPatterns({}),
      "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 448.00 MiB (GPU 0; 79.15 GiB total "
      "capacity; 77.00 GiB already allocated; 100.00 MiB free; 78.10 GiB reserved in total by PyTorch)");
  ASSERT_TRUE(old.failure);
  EXPECT_EQ(old.failure->asked, MiB(448));
  EXPECT_EQ(old.failure->free, MiB(100));
  EXPECT_NEAR(old.cards[0].mib, 79.15 * 1024, 0.01);
}

}  // namespace
}  // namespace plimsoll
