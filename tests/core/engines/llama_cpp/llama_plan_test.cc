#include "core/engines/llama_cpp/llama_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

// The plain definition: block by block.
int64_t LongestByTrying(LlamaPlan* plan, Bytes margin, int64_t start, int64_t block, int64_t cap) {
  int64_t longest = 0;
  for (int64_t length = start; length <= cap; length += block) {
    if (plan->Room(length) < margin) return longest;
    longest = length;
  }
  return longest;
}

TEST(LlamaPlan, TheLongestContextIsTheLastBlockThatFits) {
  int inside = 0;
  for (const char* more :
       {R"("model":"olmo-3-32b","format":"gguf-q4_k_m")", R"("model":"gemma-3-12b","format":"gguf-f16")",
        R"("model":"glm-4.7-flash","format":"gguf-q4_k_m","kv_cache_dtype":"q8_0")",
        R"("model":"qwen3-32b","format":"gguf-q4_k_m","flash_attention":false)",
        R"("model":"falcon-h1-34b","format":"gguf-q4_k_m","n_ubatch":2048)",
        R"("model":"deepseek-r1-distill-qwen-32b","format":"gguf-q4_k_m","engine_version":"b6400")",
        R"("model":"llama-3.3-70b","format":"gguf-q4_k_m","gpus":2,"max_num_seqs":3,"kv_unified":false)"}) {
    const auto estimate = EstimateText("{" + std::string(more) +
                                       R"(,"engine":"llama.cpp","gpu":"rtx-4090","max_model_len":2048})");
    LlamaPlan plan(estimate.resolved);
    const int64_t block = 256 * plan.cache().streams;
    const int64_t cap = std::min<int64_t>(estimate.resolved.architecture->max_positions, 65536);
    for (const Bytes margin : {Bytes(0), MiB(1024)}) {
      const int64_t known = LongestByTrying(&plan, margin, block, block, cap);
      if (known > block && known + block <= cap) ++inside;
      for (const int64_t from : {block, 16 * block, 40 * block}) {
        plan.Room(from);
        const int64_t longest = plan.LongestContext(margin);
        // Beyond `cap` it was not tried block by block.
        EXPECT_EQ(std::min(longest, known), known) << more << " from " << from;
        EXPECT_TRUE(longest == known || longest >= cap - block) << more << " from " << from;
      }
    }
  }
  EXPECT_GE(inside, 8);
}

// llama.cpp divides layers by what is free on each card: 16 and 4 GiB of which others leave, not 24 and 12.
TEST(LlamaPlan, LayersGoWhereMemoryIsFree) {
  const auto second = [](const char* others) {
    const EstimatedCase c =
        EstimateText(std::string(R"({"engine":"llama.cpp","model":"llama-3.1-8b","format":"gguf-q4_k_m",)") +
                     R"("gpu":["rtx-3090","rtx-3060-12gb"],"max_model_len":4096)" + others + "}");
    EXPECT_EQ(c.error, "");
    const std::vector<GpuReport>& cards = c.report.per_gpu;
    return static_cast<double>(cards.at(1).weights.count()) /
           static_cast<double>((cards.at(0).weights + cards.at(1).weights).count());
  };
  EXPECT_NEAR(second(""), 1.0 / 3, 0.06);
  EXPECT_NEAR(second(R"(,"reserved_mib":8192)"), 0.2, 0.06);
}

TEST(LlamaPlan, AskingInAnyOrderGivesTheSame) {
  const auto estimate = EstimateText(
      R"({"model":"gemma-3-27b","format":"gguf-q4_k_m","engine":"llama.cpp","gpu":"rtx-4090","gpus":3})");
  LlamaPlan one(estimate.resolved);
  for (const int64_t context : {131072, 256, 4096, 777, 131072, 8192}) {
    LlamaPlan fresh(estimate.resolved);
    EXPECT_EQ(one.Room(context), fresh.Room(context)) << context;
    EXPECT_GE(one.RoomAtMost(context), fresh.Room(context)) << context;
  }
}

}  // namespace
}  // namespace plimsoll
