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

TEST(SglangCommands, RemovedOptionsNameTheirHeirs) {
  EXPECT_TRUE(
      HasProblem(Checked("docker run lmsysorg/sglang:v0.5.10 python3 -m sglang.launch_server --model-path "
                         "deepseek-ai/DeepSeek-R1 --tp 8 --enable-ep-moe"),
                 "option_removed", "--enable-ep-moe"));
}

}  // namespace
}  // namespace plimsoll
