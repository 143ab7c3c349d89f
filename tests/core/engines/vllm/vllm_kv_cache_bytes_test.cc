// Beside vllm_kv_cache_test.cc: the bytes of a token in one layer, by hand.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "core/engines/vllm/vllm_kv_cache.h"
#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

std::set<int64_t> TokenBytes(const std::string& config) {
  const EstimatedCase c = EstimateText(config);
  EXPECT_EQ(c.error, "") << config;
  const CacheLayout layout = LayOutCache(c.resolved, RulesFor(c.resolved),
                                         PipelineStage(c.resolved.architecture->layers, 1, 0), true);
  std::set<int64_t> bytes;
  for (int i = 0; i < layout.count; ++i) bytes.insert(layout.specs[static_cast<size_t>(i)].token_bytes);
  return bytes;
}

// vllm/v1/kv_cache_interface.py MLAAttentionSpec; vllm/v1/attention/backends/mla.
TEST(VllmKvCacheBytes, ALatentInEachType) {
  const std::string v3 = R"({"model":"deepseek-v3","gpu":"h200","gpus":8,"max_model_len":8192)";
  EXPECT_EQ(TokenBytes(v3 + "}"), (std::set<int64_t>{576 * 2}));
  EXPECT_EQ(TokenBytes(v3 + R"(,"kv_cache_dtype":"fp8"})"), (std::set<int64_t>{576}));
  // Sparse attention in fp8: 512 values, a float32 scale for each 128 of them, and the rotary part in 16
  // bits; beside it the indexer's key of 128 values and one scale.
  const std::string v32 = R"({"model":"deepseek-v3.2","gpu":"h200","gpus":8,"max_model_len":8192)";
  EXPECT_EQ(TokenBytes(v32 + R"(,"kv_cache_dtype":"fp8"})"),
            (std::set<int64_t>{512 + 4 * 4 + 64 * 2, 128 + 4}));
  EXPECT_EQ(TokenBytes(v32 + R"(,"kv_cache_dtype":"bf16"})"), (std::set<int64_t>{576 * 2, 128 + 4}));
}

// V0 aligned an entry to 256 bytes: 1152 become 1280. Before MLA every head was kept, padded to 256 values.
TEST(VllmKvCacheBytes, ALatentInOlderReleases) {
  const std::string start =
      R"({"model":"deepseek-v2-lite","gpu":"h100-sxm","max_model_len":8192,"engine_version":")";
  EXPECT_EQ(TokenBytes(start + "0.7.3\"}"), (std::set<int64_t>{1280}));
  EXPECT_EQ(TokenBytes(start + "0.8.0\"}"), (std::set<int64_t>{1152}));
  EXPECT_EQ(TokenBytes(start + "0.7.0\"}"), (std::set<int64_t>{2 * 16 * 256 * 2}));
}

TEST(VllmKvCacheBytes, HeadsInEachType) {
  const std::string llama = R"({"model":"llama-3.1-8b","gpu":"h100-sxm","max_model_len":8192)";
  EXPECT_EQ(TokenBytes(llama + "}"), (std::set<int64_t>{8 * 2 * 128 * 2}));
  EXPECT_EQ(TokenBytes(llama + R"(,"kv_cache_dtype":"fp8"})"), (std::set<int64_t>{8 * 2 * 128}));
  EXPECT_EQ(TokenBytes(llama + R"(,"format":"fp32"})"), (std::set<int64_t>{8 * 2 * 128 * 4}));
}

}  // namespace
}  // namespace plimsoll
