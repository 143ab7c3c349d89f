#include "core/engines/vllm/vllm_compressed_cache.h"

#include <gtest/gtest.h>

#include <string>

#include "core/engines/vllm/vllm_kv_cache.h"
#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

CacheLayout LayoutOf(const EstimatedCase& c) {
  return LayOutCache(c.resolved, RulesFor(c.resolved), PipelineStage(c.resolved.architecture->layers, 1, 0),
                     true);
}

// DeepSeek-V4-Flash on 0.23, TP 2: 32.08 GiB, 2,175,276 tokens, 8.30 sequences of 262,144. Pages: 64
// compressed keys of 584 B, 64 of the indexer's 132 B, 2 keys at ratio 128, each up to a multiple of 576 B.
TEST(VllmCompressedCache, CompressedKeysWindowsAndStates) {
  const std::string head =
      R"({"model":"deepseek-v4-flash","gpu":"h200","gpus":2,"kv_cache_dtype":"fp8","max_model_len":262144,)"
      R"("kv_cache_memory_bytes":34445637386,"engine_version":")";
  const EstimatedCase c = EstimateText(head + "0.23.0\"}");
  const CacheLayout layout = LayoutOf(c);
  EXPECT_EQ(layout.block_bytes, 22 * 37440 + 21 * 8640 + 20 * 1728);
  EXPECT_EQ(layout.first_page_bytes, 21 * (37440 + 8640) + 20 * 1728);
  EXPECT_EQ(layout.groups, 5);
  // 8192 tokens in flight: 1024 blocks of 256, 2 x 131 of 64, 2051 of 4 and 1041 of 8.
  EXPECT_EQ(layout.BlocksPerSequence(262144), 1024 + 2 * 131 + 2051 + 1041);
  EXPECT_EQ(layout.BlocksForConcurrency(262144), 3993);
  EXPECT_NEAR(VllmLoggedConcurrency(c.resolved, RulesFor(c.resolved), c.report.kv), 8.298, 0.002);
  EXPECT_NEAR(c.report.kv.max_concurrency * 4378, 8.298 * 3993, 10) << "what block ids have room for";
  // Twice as many since both batches of asynchronous scheduling count (#47728).
  EXPECT_EQ(LayoutOf(EstimateText(head + "0.26.0\"}")).BlocksPerSequence(262144),
            1024 + 2 * 259 + 4099 + 2065);
}

}  // namespace
}  // namespace plimsoll
