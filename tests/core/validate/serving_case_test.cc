#include "core/validate/serving_case.h"

#include <gtest/gtest.h>

#include "tests/support/estimates.h"
#include "tests/support/json_text.h"

namespace plimsoll {
namespace {

const EstimatedCase& Server() {
  static const EstimatedCase* const server = new EstimatedCase(EstimateText(
      R"({"model":"llama-3.1-8b","gpu":"h100-sxm","max_model_len":8192,"prompt_tokens":500,"output_tokens":100})"));
  return *server;
}

Result<ServingPrediction> Predict(const char* workload, bool median = false) {
  return PredictServing(Server().resolved, Server().report, JsonOfText(workload), median);
}

TEST(ServingCase, WhatArrivesIsServed) {
  const Result<ServingPrediction> p = Predict(
      R"({"arrival":"constant","arrival_rate":2,"num_prompts":200,"input_len":{"mean":500},"output_len":{"mean":100}})");
  ASSERT_TRUE(p.ok()) << p.error().Message();
  EXPECT_NEAR(p->output_tokens_per_s, 200, 10) << "two requests of 100 tokens a second";
  EXPECT_GT(p->ttft_ms, 0);
  EXPECT_GT(p->tpot_ms, 0);
}

// The mean lengths that a benchmark reports are those of what it drew: ours are stretched to them.
TEST(ServingCase, LengthsAreStretchedToTheirMeans) {
  const Result<ServingPrediction> p = Predict(
      R"({"arrival":"constant","arrival_rate":2,"num_prompts":40,"input_len":{"mean":500,"dist":"lognormal"},
          "output_len":{"mean":100,"dist":"lognormal"}})");
  ASSERT_TRUE(p.ok());
  EXPECT_NEAR(p->output_tokens_per_s, 200, 25) << "forty draws alone would miss by more";
}

TEST(ServingCase, TheServersOwnLimitsCount) {
  const char* plain = R"({"concurrency":32,"input_len":{"mean":500},"output_len":{"mean":100}})";
  const char* one =
      R"({"concurrency":32,"max_num_seqs":1,"input_len":{"mean":500},"output_len":{"mean":100}})";
  const char* small =
      R"({"concurrency":32,"kv_cache_tokens":1300,"input_len":{"mean":500},"output_len":{"mean":100}})";
  const Result<ServingPrediction> free = Predict(plain), seated = Predict(one), tight = Predict(small);
  ASSERT_TRUE(free.ok() && seated.ok() && tight.ok());
  EXPECT_GT(seated->ttft_ms, 5 * free->ttft_ms) << "one at a time";
  EXPECT_LT(seated->tpot_ms, free->tpot_ms);
  EXPECT_GT(tight->ttft_ms, 3 * free->ttft_ms) << "two at a time";
  EXPECT_LT(tight->output_tokens_per_s, free->output_tokens_per_s);
}

// A client that holds back makes a rate that cannot be followed a closed loop: nobody waits for long.
TEST(ServingCase, AClientThatHoldsBackIsAClosedLoop) {
  const Result<ServingPrediction> open = Predict(
      R"({"arrival":"poisson","arrival_rate":5000,"num_prompts":2000,"input_len":{"mean":500},"output_len":{"mean":100}})");
  const Result<ServingPrediction> held = Predict(
      R"({"arrival":"poisson","arrival_rate":5000,"concurrency":8,"num_prompts":2000,"input_len":{"mean":500},
          "output_len":{"mean":100}})");
  ASSERT_TRUE(open.ok() && held.ok());
  EXPECT_LT(held->ttft_ms, open->ttft_ms / 10);
}

TEST(ServingCase, MediansWhereTheCasePublishedMedians) {
  const char* burst = R"({"arrival":"poisson","arrival_rate":40,"num_prompts":300,"input_len":{"mean":500,
      "dist":"lognormal"},"output_len":{"mean":100,"dist":"lognormal"}})";
  const Result<ServingPrediction> mean = Predict(burst), median = Predict(burst, true);
  ASSERT_TRUE(mean.ok() && median.ok());
  EXPECT_LT(median->ttft_ms, mean->ttft_ms) << "the tail is long";
  EXPECT_EQ(median->output_tokens_per_s, mean->output_tokens_per_s);
}

TEST(ServingCase, WhatCannotBeAnsweredSaysWhy) {
  const Result<ServingPrediction> long_requests = Predict(
      R"({"concurrency":2,"kv_cache_tokens":400,"input_len":{"mean":500},"output_len":{"mean":100}})");
  ASSERT_FALSE(long_requests.ok());
  EXPECT_EQ(long_requests.error().field, "workload");
  EXPECT_NE(long_requests.error().given.find("tokens"), std::string::npos);
  const Result<ServingPrediction> wrong = Predict(R"({"arrival":"by owl"})");
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().field, "workload.arrival");
}

// Beyond the length that the configuration asks for: a measured run did run.
// What ran had room: weights that leave a default share nothing are served with a larger one, as a case that tells it says.
TEST(ServingCase, ARunWithoutRoomByItsFlagsHadOthers) {
  const EstimatedCase untold = EstimateText(
      R"({"model":"deepseek-r1","format":"fp8-block","engine":"sglang","engine_version":"0.5.9","gpu":"b200","gpus":4,"tp":4,
          "kv_cache_dtype":"fp8","max_model_len":9472})");
  const EstimatedCase told = EstimateText(
      R"({"model":"deepseek-r1","format":"fp8-block","engine":"sglang","engine_version":"0.5.9","gpu":"b200","gpus":4,"tp":4,
          "kv_cache_dtype":"fp8","max_model_len":9472,"mem_fraction_static":0.95})");
  const Json workload =
      JsonOfText(R"({"concurrency":4,"input_len":{"mean":7373},"output_len":{"mean":922}})");
  const Result<ServingPrediction> assumed = PredictServing(untold.resolved, untold.report, workload, false);
  const Result<ServingPrediction> known = PredictServing(told.resolved, told.report, workload, false);
  ASSERT_TRUE(assumed.ok() && known.ok());
  EXPECT_NEAR(assumed->ttft_ms / known->ttft_ms, 1, 0.05);
  EXPECT_NEAR(assumed->tpot_ms / known->tpot_ms, 1, 0.02);
  const Json logged = JsonOfText(
      R"({"concurrency":4,"kv_cache_tokens":2000,"input_len":{"mean":7373},"output_len":{"mean":922}})");
  EXPECT_FALSE(PredictServing(untold.resolved, untold.report, logged, false).ok())
      << "its log says otherwise";
}

TEST(ServingCase, RequestsLongerThanTheConfiguredLengthRun) {
  EXPECT_TRUE(Predict(R"({"concurrency":2,"input_len":{"mean":12000},"output_len":{"mean":100}})").ok());
}

}  // namespace
}  // namespace plimsoll
