#include "core/engines/sglang/sglang_commands.h"

#include <gtest/gtest.h>

#include "tests/support/check_text.h"

namespace plimsoll {
namespace {

TEST(SglangCommands, OptionsBecomeKeys) {
  EXPECT_EQ(
      ConfigIn("sglang serve --model-path Qwen/Qwen3.6-27B --context-length 256Ki --disable-radix-cache"),
      "m=qwen3.6-27b&e=sglang&ctx=262144&pc=0");
  EXPECT_EQ(
      ConfigIn("python3 -m sglang.launch_server --model Qwen/Qwen3-32B --tp 2 --kv-cache-dtype fp8_e5m2"),
      "m=qwen3-32b&e=sglang&n=2&tp=2&kv=fp8_e5m2");
}

TEST(SglangCommands, StepsAndDraftTokensAreOneLength) {
  const CheckResult result = Checked(
      "sglang serve --model-path Qwen/Qwen3.6-27B --speculative-algorithm NEXTN "
      "--speculative-num-steps 3 --speculative-eagle-topk 1 --speculative-num-draft-tokens 4");
  ASSERT_TRUE(result.config.speculative);
  EXPECT_EQ(result.config.speculative->method, SpeculativeMethod::kMtp);
  EXPECT_EQ(result.config.speculative->num_tokens, 3);
}

TEST(SglangCommands, AttentionByDataNeedsNoMoreCards) {
  const CheckResult result = Checked(
      "python3 -m sglang.launch_server --model-path deepseek-ai/DeepSeek-R1 --tp 16 "
      "--nnodes 2 --enable-dp-attention --dp 16");
  EXPECT_EQ(result.config.gpus, 8);
  EXPECT_EQ(result.config.nodes, 2);
  EXPECT_EQ(result.config.tp, 16);
}

// Nothing is kept in RAM without the cache itself; a size goes before the ratio, which is 2 by default.
TEST(SglangCommands, TheHierarchicalCacheHasASizeOrARatio) {
  const std::string serve = "sglang serve --model-path Qwen/Qwen3-8B --tp 2 ";
  const auto read = [&serve](const char* rest) { return Checked(serve + rest).config; };
  EXPECT_EQ(read("--enable-hierarchical-cache").hicache_ratio, 2);
  EXPECT_EQ(read("--enable-hierarchical-cache --hicache-ratio 3.5").hicache_ratio, 3.5);
  EXPECT_EQ(read("--enable-hierarchical-cache --hicache-size 0").hicache_ratio, 2);
  EXPECT_EQ(read("--hicache-ratio 3.5").hicache_ratio, std::nullopt);
  EXPECT_EQ(read("--hicache-size 30").kv_offloading_gib, std::nullopt);
  const Config sized = read("--enable-hierarchical-cache --hicache-size 30");
  EXPECT_EQ(sized.hicache_ratio, std::nullopt);
  EXPECT_NEAR(sized.kv_offloading_gib.value_or(0), 60e9 / 1073741824, 1e-6) << "of both ranks";
}

TEST(SglangCommands, ASizeWithoutTheHierarchicalCacheIsSaidToBeIdle) {
  for (const char* option : {"--hicache-size", "--hicache-ratio"}) {
    const CheckResult idle = Checked("sglang serve --model-path Qwen/Qwen3-8B " + std::string(option) + " 3");
    EXPECT_TRUE(HasProblem(idle, "option_idle", option));
    for (const ReadItem& item : idle.understood) {
      if (item.option != option) continue;
      EXPECT_EQ(item.effect, ReadEffect::kFree);
      EXPECT_EQ(item.note, "does nothing without --enable-hierarchical-cache");
    }
    EXPECT_FALSE(HasProblem(Checked("sglang serve --model-path Qwen/Qwen3-8B --enable-hierarchical-cache " +
                                    std::string(option) + " 3"),
                            "option_idle"));
  }
}

TEST(SglangCommands, RemovedOptionsNameTheirHeirs) {
  EXPECT_TRUE(
      HasProblem(Checked("docker run lmsysorg/sglang:v0.5.10 python3 -m sglang.launch_server --model-path "
                         "deepseek-ai/DeepSeek-R1 --tp 8 --enable-ep-moe"),
                 "option_removed", "--enable-ep-moe"));
}

}  // namespace
}  // namespace plimsoll
