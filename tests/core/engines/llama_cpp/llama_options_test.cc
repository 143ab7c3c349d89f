#include "core/engines/llama_cpp/llama_options.h"

#include <gtest/gtest.h>

#include "core/config/config_url.h"

namespace plimsoll {
namespace {

Result<LlamaOptions> Read(const char* url) { return ReadLlamaOptions(DecodeConfigUrl(url)->config); }

TEST(LlamaOptions, DefaultsAreLlamaServersOwn) {
  const Result<LlamaOptions> options = Read("m=llama-3.1-8b");
  ASSERT_TRUE(options.ok());
  EXPECT_FALSE(options->backend.has_value());
  EXPECT_TRUE(options->mmap && options->kv_offload && options->fit);
  EXPECT_EQ(options->fit_target_mib, 1024);
  EXPECT_EQ(options->sched_max_copies, 4);
}

TEST(LlamaOptions, WhatIsGivenWins) {
  const Result<LlamaOptions> options = Read("m=llama-3.1-8b&be=vulkan&mmap=0&fitt=256&kvd=q8_0&smc=1");
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->backend, LlamaBackend::kVulkan);
  EXPECT_FALSE(options->mmap);
  EXPECT_EQ(options->fit_target_mib, 256);
  EXPECT_EQ(options->draft_cache.k, KvType::kQ8_0);
  EXPECT_EQ(options->sched_max_copies, 1);
}

TEST(LlamaOptions, WordsThatAreNoneAreNamed) {
  EXPECT_EQ(Read("m=llama-3.1-8b&be=opengl").error().field, "backend");
  EXPECT_EQ(Read("m=llama-3.1-8b&kvd=q9").error().field, "kv_cache_dtype_draft");
}

}  // namespace
}  // namespace plimsoll
