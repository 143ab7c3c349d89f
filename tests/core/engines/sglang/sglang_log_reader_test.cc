#include "core/engines/sglang/sglang_log_reader.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/read_log.h"

namespace plimsoll {
namespace {

TEST(SglangLogReader, PoolsAndSummary) {
  const LogReading r = ReadBy(SglangLogPatterns(),
                              "[2025-10-02 10:00:00 TP1] KV Cache is allocated. dtype: torch.bfloat16, "
                              "#tokens: 298447, K size: 5.69 GB, V size: 5.69 GB\n"
                              "max_total_num_tokens=298447, chunked_prefill_size=2048, "
                              "max_running_requests=3730, context_len=40960, available_gpu_mem=2.82 GB");
  EXPECT_NEAR(FigureOf(r, "kv_cache_gib_per_gpu"), 11.38, 1e-6);
  EXPECT_EQ(FigureOf(r, "kv_cache_tokens"), 298447);
  EXPECT_EQ(r.settings.Find("max_model_len")->AsInt(), 40960);
  const LogReading latent =
      ReadBy(SglangLogPatterns(), "KV Cache is allocated. #tokens: 256000, KV size: 18.68 GB");
  EXPECT_NEAR(FigureOf(latent, "kv_cache_gib_per_gpu"), 18.68, 1e-6);
}

}  // namespace
}  // namespace plimsoll
