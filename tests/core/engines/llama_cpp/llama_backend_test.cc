#include "core/engines/llama_cpp/llama_backend.h"

#include <gtest/gtest.h>

#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

LlamaBackend Of(const char* gpu) { return DefaultBackend(*ShippedCatalog().FindGpu(gpu)); }

TEST(LlamaBackend, WhatCardsAreMostOftenDrivenWith) {
  EXPECT_EQ(Of("rtx-4090"), LlamaBackend::kCuda);
  EXPECT_EQ(Of("rx-7900-xtx"), LlamaBackend::kHip);
  EXPECT_EQ(Of("ryzen-ai-max-395"), LlamaBackend::kVulkan) << "graphics inside AMD's processors";
  EXPECT_EQ(Of("apple-m4-max"), LlamaBackend::kMetal);
  EXPECT_EQ(Of("arc-b580"), LlamaBackend::kSycl);
}

TEST(LlamaBackend, NamesAreThoseOfTheLog) {
  EXPECT_EQ(BackendName(LlamaBackend::kHip), "ROCm");
  EXPECT_EQ(BackendName(LlamaBackend::kCuda), "CUDA");
  EXPECT_EQ(BackendName(LlamaBackend::kCpu), "CPU");
}

}  // namespace
}  // namespace plimsoll
