#include "core/engines/tensorrt/tensorrt_commands.h"

#include <gtest/gtest.h>

#include "tests/support/check_text.h"

namespace plimsoll {
namespace {

TEST(TensorrtCommands, OptionsBecomeKeys) {
  EXPECT_EQ(ConfigIn("trtllm-serve nvidia/DeepSeek-R1-FP4 --tp_size 8 --ep_size 8 --max_batch_size 128 "
                     "--max_seq_len=8192"),
            "m=deepseek-r1&q=nvfp4&e=tensorrt-llm&n=8&tp=8&ep=1&ctx=8192&seqs=128");
  EXPECT_EQ(ConfigIn("trtllm-serve serve Qwen/Qwen3-8B --kv_cache_dtype fp8"),
            "m=qwen3-8b&e=tensorrt-llm&kv=fp8");
}

// host_cache_size is bytes of a rank.
TEST(TensorrtCommands, TheHostCacheIsThatOfAllRanks) {
  EXPECT_EQ(Checked("kv_cache_config:\n  host_cache_size: 10737418240\n  enable_block_reuse: true\n"
                    "tensor_parallel_size: 4\nmax_batch_size: 64\ncuda_graph_config:\n  max_batch_size: 64\n")
                .config.kv_offloading_gib,
            40);
}

TEST(TensorrtCommands, NamesAreExact) {
  // click knows no dashes for underscores and no beginnings.
  EXPECT_EQ(Checked("trtllm-serve Qwen/Qwen3-8B --max-batch-size 4").not_understood.size(), 1U);
}

}  // namespace
}  // namespace plimsoll
