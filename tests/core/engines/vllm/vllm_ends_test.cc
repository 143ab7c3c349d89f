// Beside the tests of vLLM's parts: where an answer changes by one.
#include <gtest/gtest.h>

#include <string>

#include "core/engines/vllm/vllm_kv_cache.h"
#include "core/engines/vllm/vllm_version.h"
#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

// A block for the state of each sequence: as many as there are blocks run, one more does not.
TEST(VllmEnds, AsManySequencesAsBlocks) {
  const auto ask = [](int64_t sequences) {
    return EstimateText(
        R"({"model":"qwen3.6-27b","format":"fp8-block","gpu":"h200","engine_version":"0.20.0","max_model_len":8192,)"
        R"("max_num_batched_tokens":8192,"kv_cache_memory_bytes":20000000000,"max_num_seqs":)" +
        std::to_string(sequences) + "}");
  };
  const int64_t blocks = ask(16).report.kv.num_blocks;
  ASSERT_GT(blocks, 100);
  EXPECT_FALSE(ask(blocks).Has("more_sequences_than_states"));
  EXPECT_TRUE(ask(blocks + 1).Has("more_sequences_than_states"));
}

// kv_cache_utils: groups are as large as the larger kind where that is less than half as many again, else as
// the smaller one.
TEST(VllmEnds, GroupsOfTwoKinds) {
  const auto layout = [](const char* types, int layers) {
    const EstimatedCase c = EstimateText(
        R"({"gpu":"h100-sxm","max_model_len":4096,"model":{"architectures":["LlamaForCausalLM"],"hidden_size":512,
            "num_attention_heads":4,"num_hidden_layers":)" +
        std::to_string(layers) +
        R"(,"vocab_size":1000,"intermediate_size":512,"max_position_embeddings":4096,"sliding_window":256,
            "layer_types":[)" +
        types + "]}}");
    EXPECT_EQ(c.error, "");
    return LayOutCache(c.resolved, RulesFor(c.resolved), {0, layers}, true);
  };
  const CacheLayout three = layout(
      R"("sliding_attention","sliding_attention","sliding_attention","full_attention","full_attention")", 5);
  EXPECT_EQ(three.group_size, 2) << "three to two";
  EXPECT_EQ(three.groups, 2 + 1);
  const CacheLayout five = layout(
      R"("sliding_attention","sliding_attention","sliding_attention","sliding_attention","sliding_attention",
         "full_attention","full_attention","full_attention","full_attention")",
      9);
  EXPECT_EQ(five.group_size, 5) << "five to four";
  EXPECT_EQ(five.groups, 2);
}

TEST(VllmEnds, AReleaseHasItsOwnDate) {
  EXPECT_EQ(ReadVllmVersion("0.8.0", "")->date, 20250318);
  EXPECT_EQ(ReadVllmVersion("0.8.1", "")->date, 20250318) << "between two: the earlier one's";
  EXPECT_EQ(ReadVllmVersion("0.8.2", "")->date, 20250325);
}

}  // namespace
}  // namespace plimsoll
