#include "core/validate/batch_case.h"

#include <gtest/gtest.h>

#include "core/engines/server.h"
#include "tests/support/estimates.h"
#include "tests/support/json_text.h"

namespace plimsoll {
namespace {

TEST(BatchCase, EverythingAtOnceAndNoMoreThanThat) {
  EXPECT_TRUE(IsBatchBenchmark(JsonOfText(R"({"arrival":"burst","concurrency":32})")));
  EXPECT_FALSE(IsBatchBenchmark(JsonOfText(R"({"arrival":"burst","num_prompts":1000})")));
  EXPECT_FALSE(IsBatchBenchmark(JsonOfText(R"({"arrival":"closed_loop","concurrency":32})")));
  EXPECT_FALSE(IsBatchBenchmark(JsonOfText("{}")));
}

// 32 sequences of 512 tokens in and 32 out: a step reads 32 x 528 cached tokens; the prompts are 16384 tokens, each
// sequence's 512 x 513 / 2 pairs apart from the others'.
TEST(BatchCase, ThePhasesAreTimedApart) {
  const EstimatedCase c = EstimateText(
      R"({"model":"qwen2.5-7b","engine":"llama.cpp","format":"gguf-q8_0","gpu":"gb10-dgx-spark","max_num_seqs":32,
          "concurrency":32,"prompt_tokens":512,"output_tokens":32,"n_ubatch":2048})");
  ASSERT_EQ(c.error, "");
  const StepModel model = MakeStepModel(c.resolved);
  StepLoad decode, prompts;
  decode.decode_sequences = prompts.prefill_sequences = 32;
  decode.decode_kv_tokens[0] = 32 * 528;
  prompts.prefill_tokens = 16384;
  prompts.prefill_kv_pairs[0] = 32 * (512 * 513 / 2);
  const BatchPrediction batch = PredictBatch(c.resolved, model);
  EXPECT_DOUBLE_EQ(batch.decode_per_stream, 1 / model.Time(decode).value());
  EXPECT_DOUBLE_EQ(batch.decode_total, 32 * batch.decode_per_stream);
  EXPECT_DOUBLE_EQ(batch.prompt, 16384 / model.Time(prompts).value());
}

}  // namespace
}  // namespace plimsoll
