#include "core/engines/server.h"

#include <gtest/gtest.h>

#include "tests/support/estimates.h"

namespace plimsoll {
namespace {

TEST(Server, TheLoadThatTheConfigurationAsksFor) {
  const EstimatedCase c = EstimateText(
      R"({"model":"llama-3.1-8b","gpu":"h100-sxm","gpus":2,"tp":1,"dp":2,"max_model_len":8192,"max_num_seqs":64,
          "max_num_batched_tokens":4096,"prompt_tokens":700,"output_tokens":90,"concurrency":12})");
  const Operation operation = OperationOf(c.resolved, c.report);
  EXPECT_EQ(operation.prompt_tokens, 700);
  EXPECT_EQ(operation.output_tokens, 90);
  EXPECT_EQ(operation.concurrency, 12);
  EXPECT_EQ(operation.max_sequences, 64);
  EXPECT_EQ(operation.chunk, 4096);
  EXPECT_EQ(operation.replicas, 2);
  EXPECT_EQ(operation.capacity_tokens, c.report.kv.capacity_tokens);
  EXPECT_FALSE(operation.lockstep);
}

// llama-server reads a whole prompt and sizes its slots beforehand.
TEST(Server, SlotsHaveNoChunkAndNoCacheLimit) {
  const EstimatedCase c = EstimateText(
      R"({"model":"llama-3.1-8b","engine":"llama.cpp","format":"gguf-q4_k_m","gpu":"rtx-4090","max_model_len":8192})");
  const Operation operation = OperationOf(c.resolved, c.report);
  EXPECT_EQ(operation.chunk, 0);
  EXPECT_EQ(operation.capacity_tokens, 0);
}

TEST(Server, TheSimulatorGetsTheEnginesServer) {
  const EstimatedCase c =
      EstimateText(R"({"model":"llama-3.1-8b","gpu":"h100-sxm","max_model_len":8192,"max_num_seqs":64})");
  const SchedulerSetup setup = MakeSchedulerSetup(c.resolved, c.report);
  EXPECT_EQ(setup.max_model_len, 8192);
  EXPECT_EQ(setup.max_num_seqs, 64);
  ASSERT_NE(setup.metrics, nullptr);
  EXPECT_FALSE(setup.metrics->empty());
  StepLoad load;
  load.decode_sequences = 3;
  EXPECT_EQ(setup.model.Time(load).value(), MakeStepModel(c.resolved).Time(load).value());
  EXPECT_GT(setup.model.Time(load).value(), 0);
}

TEST(Server, SpeedOfNothingIsNothing) {
  EXPECT_EQ(EstimateSpeed(Resolved(), Report()).decode_tokens_per_s, 0);
}

}  // namespace
}  // namespace plimsoll
