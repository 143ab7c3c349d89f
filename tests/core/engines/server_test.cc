#include "core/engines/server.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/config/workload.h"
#include "core/schedule/scheduler.h"
#include "core/schedule/simulation_report.h"
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

TEST(Server, AnEngineTakesItsOwnAdmission) {
  const auto setup = [](const char* engine) {
    const EstimatedCase c =
        EstimateText(std::string(R"({"model":"llama-3.1-8b","gpu":"h100-sxm","engine":")") + engine + "\"}");
    return MakeSchedulerSetup(c.resolved, c.report);
  };
  EXPECT_TRUE(setup("sglang").polls);
  EXPECT_FALSE(setup("sglang").holds);
  EXPECT_TRUE(setup("tensorrt-llm").holds);
  EXPECT_FALSE(setup("tensorrt-llm").polls);
  for (const char* other : {"vllm", "lmdeploy", "llama.cpp"}) {
    EXPECT_FALSE(setup(other).polls || setup(other).holds) << other;
  }
}

// Of eight prompts that come at once the scheduler sees the last after all eight are parsed and tokenized; llama-server's
// connections have threads of their own.
TEST(Server, PythonServersReceiveRequestsOneAfterTheOther) {
  const auto last = [](const char* engine, const char* format) {
    const EstimatedCase c =
        EstimateText(std::string(R"({"model":"llama-3.1-8b","engine":")") + engine + R"(","format":")" +
                     format + R"(","gpu":"h100-sxm","max_model_len":2048,"max_num_seqs":8})");
    const SchedulerSetup setup = MakeSchedulerSetup(c.resolved, c.report);
    Workload workload;
    workload.arrival = Arrival::kBurst;
    workload.requests = 8;
    workload.prompt.mean = 100;
    workload.output.mean = 2;
    const Simulation simulation = Simulate(setup, *GenerateRequests(workload));
    return simulation.records()[7].scheduled / (7.999 * setup.model.request_overhead(100).value());
  };
  EXPECT_GE(last("vllm", "bf16"), 1);
  EXPECT_GE(last("sglang", "bf16"), 1);
  EXPECT_EQ(last("llama.cpp", "gguf-q4_k_m"), 0);
}

// managers/scheduler.py of SGLang: prompts first and alone.
TEST(Server, PromptsRunAloneWhereTheEngineReadsThemSo) {
  const EstimatedCase alone =
      EstimateText(R"({"model":"llama-3.1-8b","engine":"sglang","gpu":"h100-sxm","max_model_len":8192})");
  EXPECT_TRUE(MakeSchedulerSetup(alone.resolved, alone.report).prompts_alone);
  EXPECT_TRUE(OperationOf(alone.resolved, alone.report).prompts_alone);
  const EstimatedCase beside =
      EstimateText(R"({"model":"llama-3.1-8b","gpu":"h100-sxm","max_model_len":8192})");
  EXPECT_FALSE(MakeSchedulerSetup(beside.resolved, beside.report).prompts_alone);
}

// The closed form is what its scheduler does in the long run, step by step, for users out of step: light and heavy loads, loads
// that the reading of prompts bounds, and more users than seats.
TEST(Server, TheEstimateIsTheSteadyStateOfTheScheduler) {
  struct Load {
    const char* config;
    double rate, first;  // how far they may be apart
  };
  const std::vector<Load> loads = {
      {R"({"model":"llama-3.1-8b","gpu":"h100-sxm","max_model_len":8192,"concurrency":1})", 0.01, 0.02},
      {R"({"model":"llama-3.1-8b","gpu":"h100-sxm","max_model_len":8192,"concurrency":16})", 0.02, 0.08},
      {R"({"model":"llama-3.1-8b","gpu":"h100-sxm","max_model_len":8192,"concurrency":128})", 0.03, 0.08},
      {R"({"model":"llama-3.1-8b","gpu":"h100-sxm","max_model_len":8192,"concurrency":600})", 0.03, 0.08},
      {R"({"model":"llama-3.1-8b","gpu":"h100-sxm","max_model_len":16384,"concurrency":64,"prompt_tokens":8192,)"
       R"("output_tokens":16})",
       0.06, 0.08},
      {R"({"model":"llama-3.1-8b","gpu":"h100-sxm","max_model_len":8192,"concurrency":64,"prompt_tokens":128,)"
       R"("output_tokens":1024})",
       0.03, 0.08},
      // Prompts on either side of the 1024 tokens that are captured take different steps, and the estimate knows one length.
      {R"({"model":"gpt-oss-120b","gpu":"h100-sxm","gpus":4,"max_model_len":16384,"concurrency":64,)"
       R"("prompt_tokens":2048})",
       0.05, 0.08},
      // Askers are there at the end of a step, just before or after it: as steps are not of one length, at either.
      {R"({"model":"gpt-oss-120b","gpu":"h100-sxm","gpus":4,"max_model_len":16384,"concurrency":16,)"
       R"("prompt_tokens":128,"output_tokens":1024})",
       0.03, 0.08},
      {R"({"model":"llama-3.1-8b","gpu":"h100-sxm","max_model_len":16384,"concurrency":16,"prompt_tokens":8192,)"
       R"("output_tokens":64})",
       0.06, 0.08},
      {R"({"model":"llama-3.1-70b","format":"awq-int4","gpu":"rtx-4090","gpus":4,"max_model_len":16384,)"
       R"("concurrency":8})",
       0.02, 0.08},
      {R"({"model":"llama-3.1-8b","engine":"sglang","gpu":"a100-sxm-80gb","max_model_len":8192,"concurrency":16,)"
       R"("prompt_tokens":2048})",
       0.03, 0.08},
      {R"({"model":"llama-3.1-8b","engine":"tensorrt-llm","gpu":"h100-sxm","max_model_len":8192,"concurrency":64})",
       0.03, 0.08},
      // Without copies of prompts to RAM, of which the estimate knows nothing.
      {R"({"model":"llama-3.1-8b","engine":"llama.cpp","format":"gguf-q4_k_m","gpu":"rtx-4090",)"
       R"("max_model_len":32768,"max_num_seqs":4,"concurrency":4,"cache_ram_mib":0})",
       0.02, 0.08},
  };
  for (const Load& load : loads) {
    const EstimatedCase c = EstimateText(load.config);
    const SpeedReport speed = EstimateSpeed(c.resolved, c.report);
    Workload workload = WorkloadOf(c.resolved);
    workload.requests = 160 * std::max<int64_t>(workload.users, 25);
    for (LengthSpec* length : {&workload.prompt, &workload.output}) {
      length->shape = LengthShape::kUniform;
      length->deviation = 0.25 * length->mean;
    }
    Result<RequestList> requests = GenerateRequests(workload);
    ASSERT_TRUE(requests.ok()) << load.config;
    const SimulationSummary simulated =
        Simulate(MakeSchedulerSetup(c.resolved, c.report), std::move(*requests)).Summarize(Objective());
    const auto apart = [](double a, double b) { return std::abs(a / b - 1); };
    EXPECT_LT(apart(speed.tpot_ms, simulated.tpot_ms.mean), load.rate) << load.config;
    EXPECT_LT(apart(speed.decode_tokens_per_s_total, simulated.output_tokens_per_s), load.rate + 0.03)
        << load.config;
    // The mean: who asks just before a step ends is in the next one, who asks just after waits for one more, and the median is
    // of either kind.
    EXPECT_LT(apart(speed.ttft_ms, simulated.ttft_ms.mean), load.first) << load.config;
  }
}

TEST(Server, SpeedOfNothingIsNothing) {
  EXPECT_EQ(EstimateSpeed(Resolved(), Report()).decode_tokens_per_s, 0);
}

}  // namespace
}  // namespace plimsoll
