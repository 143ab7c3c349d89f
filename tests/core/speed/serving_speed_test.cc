#include "core/speed/serving_speed.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "core/engines/server.h"
#include "core/estimate/estimate.h"
#include "tests/support/estimates.h"
#include "tests/support/speed_setup.h"

namespace plimsoll {
namespace {

TEST(SpeedAt, ClosedLoopObeysLittlesLaw) {
  const auto s = Make(R"({"model":"llama-3.1-8b","gpu":"h100-sxm"})");
  for (const double concurrency : {1.0, 8.0, 64.0}) {
    Operation o;
    o.concurrency = concurrency;
    const SpeedReport speed = SpeedAt(s->model, o);
    const double stay = speed.ttft_ms + 255 * speed.tpot_ms;
    EXPECT_NEAR(speed.decode_tokens_per_s_total / 256 * stay / 1e3, concurrency, concurrency * 1e-6);
  }
}

TEST(SpeedAt, WaitingRequestsRaiseTheTimeToFirstTokenNotTheRate) {
  const auto s = Make(R"({"model":"llama-3.1-8b","gpu":"rtx-4090"})");
  Operation o;
  o.max_sequences = 16;
  o.concurrency = 16;
  const SpeedReport full = SpeedAt(s->model, o);
  o.concurrency = 64;
  const SpeedReport queued = SpeedAt(s->model, o);
  EXPECT_DOUBLE_EQ(queued.tpot_ms, full.tpot_ms);
  EXPECT_GT(queued.ttft_ms, 10 * full.ttft_ms);
  EXPECT_NEAR(queued.decode_tokens_per_s_total / full.decode_tokens_per_s_total, 1, 0.05);
}

// The prompt of one takes what those who decode leave of a step's budget, not of a prompt.
TEST(SpeedAt, MoreUsersThanAPromptHasTokensDoNotBreakIt) {
  const auto s = Make(R"({"model":"gpt-oss-120b","gpu":"h100-sxm","gpus":4})");
  Operation o;
  o.prompt_tokens = 1024;
  o.chunk = 8192;
  double before = 0;
  for (const double users : {256.0, 512.0, 1000.0, 1024.0, 1100.0, 2048.0}) {
    o.concurrency = users;
    const SpeedReport speed = SpeedAt(s->model, o);
    EXPECT_GT(speed.decode_tokens_per_s_total, before) << users;
    before = speed.decode_tokens_per_s_total;
  }
}

// Of n others that come in a step on average, one waits for half: n / 2 times a request's work, and a little for those of
// the steps before.
TEST(SpeedAt, RequestsOfOneStepAreReceivedInTurn) {
  const auto s = Make(R"({"model":"llama-3.1-8b","gpu":"h100-sxm"})");
  Operation o;
  o.prompt_tokens = 128;
  o.output_tokens = 256;
  o.chunk = 8192;
  o.any_time = true;
  for (const double users : {4.0, 8.0}) {
    o.concurrency = users;
    o.received_in_turn = false;
    const SpeedReport together = SpeedAt(s->model, o);
    o.received_in_turn = true;
    const SpeedReport in_turn = SpeedAt(s->model, o);
    const double all = in_turn.decode_tokens_per_s_total / 256 * in_turn.tpot_ms / 1e3;
    const double prompts = all * (users - 1) / users;
    const double work = 1e3 * s->model.request_overhead(128).value();
    EXPECT_NEAR((in_turn.ttft_ms - together.ttft_ms) / (prompts / 2 * work), 1.1, 0.1) << users;
  }
}

// Users of a closed loop ask again when they are told: delivery and reception say how much is left of the running step.
// SGLang's tokens take some steps on their way, vLLM's part of one; after six it may be any time of a step.
TEST(SpeedAt, AskingAgainHasAPhaseOfTheSteps) {
  for (const char* engine : {"vllm", "sglang", "tensorrt-llm"}) {
    const std::string config =
        R"({"model":"llama-3.1-8b","gpu":"h100-sxm","engine":")" + std::string(engine) + R"("})";
    const auto s = Make(config.c_str());
    Operation o;
    o.prompt_tokens = 128;
    o.output_tokens = 1024;
    o.chunk = 8192;
    o.concurrency = 2;
    const SpeedReport phased = SpeedAt(s->model, o);
    o.any_time = true;
    const SpeedReport any = SpeedAt(s->model, o);
    const double step = any.tpot_ms / 1e3;
    const double there = s->model.delivery_steps() + s->model.request_overhead(128).value() / step;
    const double rest = there < 6 ? std::ceil(there) - there : 0.5;
    EXPECT_NEAR((phased.ttft_ms - any.ttft_ms) / any.tpot_ms, rest - 0.5, 0.03) << engine << " " << there;
  }
}

TEST(SpeedAtRate, ServesWhatArrivesUpToItsLimit) {
  const auto s = Make(R"({"model":"llama-3.1-8b","gpu":"h100-sxm"})");
  Operation o;
  o.concurrency = 0;
  o.max_sequences = 256;
  const SpeedReport slow = SpeedAtRate(s->model, o, 0.5);
  EXPECT_NEAR(slow.decode_tokens_per_s_total, 128, 1);
  const SpeedReport busy = SpeedAtRate(s->model, o, 8);
  EXPECT_GT(busy.tpot_ms, slow.tpot_ms);
  EXPECT_NEAR(busy.decode_tokens_per_s_total, 8 * 256, 20);
  const SpeedReport beyond = SpeedAtRate(s->model, o, 10000);
  EXPECT_LT(beyond.decode_tokens_per_s_total, 10000 * 256);
  EXPECT_TRUE(std::isfinite(beyond.ttft_ms));
}

TEST(EstimateSpeed, EveryModelOnEveryCardIsFiniteAndPositive) {
  for (const Model& model : TestCatalog().models()) {
    if (model.refused()) continue;
    for (const char* engine : {"vllm", "llama.cpp", "sglang"}) {
      Config config;
      config.model = model.id;
      config.engine = engine;
      config.gpu = {"h200"};
      Result<Report> report = Estimate(config, TestCatalog());
      ASSERT_TRUE(report.ok()) << model.id;
      if (report->verdict == Verdict::kInvalid) continue;
      const SpeedReport& speed = report->speed;
      for (const double value :
           {speed.decode_tokens_per_s, speed.decode_tokens_per_s_total, speed.prefill_tokens_per_s,
            speed.ttft_ms, speed.tpot_ms, speed.low, speed.high}) {
        EXPECT_TRUE(std::isfinite(value) && value > 0) << model.id << " " << engine;
      }
      EXPECT_LT(speed.low, speed.decode_tokens_per_s);
      EXPECT_GT(speed.high, speed.decode_tokens_per_s);
      // No kernel reads faster than the memory gives: one stream cannot beat the bandwidth.
      EXPECT_LT(speed.decode_tokens_per_s,
                4800e9 / (2e6 + static_cast<double>(report->weights.active_params) * 0.2))
          << model.id;
    }
  }
}

TEST(EstimateSpeed, HostileWorkloadsStayFinite) {
  for (
      const char* json :
      {R"({"model":"llama-3.1-8b","gpu":"rtx-4090","prompt_tokens":1,"output_tokens":1,"concurrency":1})",
       R"({"model":"llama-3.1-8b","gpu":"rtx-4090","prompt_tokens":1000000000,"output_tokens":1000000000,"concurrency":1000000})",
       R"({"model":"llama-3.1-70b","gpu":"rtx-4090","prompt_tokens":14,"output_tokens":4000000,"concurrency":2})",
       R"({"model":"llama-3.1-8b","engine":"llama.cpp","gpu":"p40","prompt_tokens":100000000,"n_ubatch":1})",
       R"({"model":"llama-3.1-8b","gpu":"rtx-4090","gpus":3,"pp":3})"}) {
    const auto s = Make(json);
    const SpeedReport speed = EstimateSpeed(s->resolved, EstimateResolved(s->resolved));
    EXPECT_TRUE(std::isfinite(speed.decode_tokens_per_s)) << json;
    EXPECT_TRUE(std::isfinite(speed.ttft_ms)) << json;
    EXPECT_GT(speed.decode_tokens_per_s, 0) << json;
  }
}

TEST(EstimateSpeed, PublishedSingleStreamMeasurements) {
  // llama-bench, build b2843, XiongjieDai/GPU-Benchmarks-on-LLM-Inference: one of each kind. The table is
  // fitted on these rows among others, so this guards against regressions and is no evidence of accuracy.
  struct Measured {
    const char* json;
    double tokens_per_s;
    double within;
  };
  const Measured kRows[] = {
      {R"({"model":"llama-3-8b","format":"gguf-q4_k_m","engine":"llama.cpp","engine_version":"b2843","gpu":"rtx-3090","prompt_tokens":1,"output_tokens":512})",
       115.42, 0.15},
      {R"({"model":"llama-3-70b","format":"gguf-q4_k_m","engine":"llama.cpp","engine_version":"b2843","gpu":"rtx-3090","gpus":2,"prompt_tokens":1,"output_tokens":512})",
       16.57, 0.15},
      {R"({"model":"llama-3-8b","format":"gguf-f16","engine":"llama.cpp","engine_version":"b2843","gpu":"apple-m2-ultra","prompt_tokens":1,"output_tokens":512})",
       36.9, 0.2},
  };
  for (const Measured& row : kRows) {
    const auto s = Make(row.json);
    const SpeedReport speed = EstimateSpeed(s->resolved, EstimateResolved(s->resolved));
    EXPECT_NEAR(speed.decode_tokens_per_s / row.tokens_per_s, 1, row.within) << row.json;
  }
}

TEST(SpeedAt, OneRequestByHand) {
  const auto s = Make(R"({"model":"llama-3.1-8b","gpu":"h100-sxm"})");
  Operation o;
  o.prompt_tokens = 1000;
  o.output_tokens = 201;
  const SpeedReport speed = SpeedAt(s->model, o);
  const double prefill = PrefillTime(s->model, 1000, 0).value();
  const double step = s->model.Time(Decode(s->model, 1, 1100)).value();  // half of the output is there
  EXPECT_DOUBLE_EQ(speed.tpot_ms, step * 1e3);
  EXPECT_DOUBLE_EQ(speed.ttft_ms, (s->model.request_overhead(1000).value() + prefill) * 1e3);
  EXPECT_DOUBLE_EQ(speed.decode_tokens_per_s, 1 / step);
  EXPECT_DOUBLE_EQ(speed.prefill_tokens_per_s, 1000 / prefill);
  EXPECT_DOUBLE_EQ(speed.decode_tokens_per_s_total, 201 / (speed.ttft_ms / 1e3 + 200 * step));
  EXPECT_DOUBLE_EQ(speed.low, speed.decode_tokens_per_s * (1 - s->model.decode_band(1).below));
  EXPECT_DOUBLE_EQ(speed.high, speed.decode_tokens_per_s * (1 + s->model.decode_band(1).above));
  o.concurrency = 8;  // several: as wide as servers' runs lie
  const SpeedReport several = SpeedAt(s->model, o);
  EXPECT_DOUBLE_EQ(several.low, several.decode_tokens_per_s * (1 - s->model.below()));
  EXPECT_DOUBLE_EQ(several.high, several.decode_tokens_per_s * (1 + s->model.above()));
}

TEST(SpeedAt, ReplicasDivideTheRequests) {
  const auto s = Make(R"({"model":"llama-3.1-8b","gpu":"h100-sxm"})");
  Operation one, two;
  one.concurrency = 6;
  two.concurrency = 12;
  two.replicas = 2;
  EXPECT_DOUBLE_EQ(SpeedAt(s->model, two).tpot_ms, SpeedAt(s->model, one).tpot_ms);
  EXPECT_DOUBLE_EQ(SpeedAt(s->model, two).decode_tokens_per_s_total,
                   2 * SpeedAt(s->model, one).decode_tokens_per_s_total);
}

// A cache of tokens is shared by sequences of all ages: each holds its prompt and half of its answer.
TEST(SpeedAt, AFullCacheLimitsLikeSeats) {
  const auto s = Make(R"({"model":"llama-3.1-8b","gpu":"h100-sxm"})");
  Operation seats, cache;
  seats.concurrency = cache.concurrency = 100;
  seats.max_sequences = 10;
  cache.capacity_tokens = 10 * (1024 + 128);
  EXPECT_DOUBLE_EQ(SpeedAt(s->model, cache).tpot_ms, SpeedAt(s->model, seats).tpot_ms);
  EXPECT_DOUBLE_EQ(SpeedAt(s->model, cache).ttft_ms, SpeedAt(s->model, seats).ttft_ms);
  cache.capacity_tokens = 100;
  seats.max_sequences = 1;
  EXPECT_DOUBLE_EQ(SpeedAt(s->model, cache).tpot_ms, SpeedAt(s->model, seats).tpot_ms) << "one always runs";
}

TEST(SpeedAt, LockstepReadsAllPromptsFirst) {
  const auto s = Make(R"({"model":"llama-3.1-8b","gpu":"h100-sxm"})");
  Operation o;
  o.concurrency = 16;
  o.lockstep = true;
  const SpeedReport speed = SpeedAt(s->model, o);
  const double step = s->model.Time(Decode(s->model, 16, 1024 + 128)).value();
  const double alone = PrefillTime(s->model, 1024, 0).value() + s->model.request_overhead(1024).value();
  // Half of the others' prompts lie before the mean first token, and half of them behind it, among 256
  // outputs.
  const double half = speed.ttft_ms / 1e3 - alone;
  EXPECT_GT(half, 0);
  EXPECT_NEAR(speed.tpot_ms / 1e3, step + half / 256, 1e-9);
  EXPECT_NEAR(speed.decode_tokens_per_s_total, 16 * 256 / (alone + 2 * half + step * 255), 1e-6);
}

TEST(EstimateSpeed, SaysWhatBoundsThePromptAndTheAnswer) {
  EXPECT_EQ(SpeedOf(R"({"model":"llama-3.1-70b","format":"fp8","gpu":"h200"})").decode_bound, "memory");
  EXPECT_EQ(SpeedOf(R"({"model":"llama-3.1-70b","format":"fp8","gpu":"h200"})").prefill_bound, "compute");
  EXPECT_EQ(SpeedOf(R"({"model":"qwen3-0.6b","gpu":"b200"})").decode_bound, "latency");
  EXPECT_EQ(SpeedOf(R"({"model":"llama-3.1-70b","gpu":"h200","gpus":2,"cpu_offload_gb":40})").decode_bound,
            "host_link");
}

}  // namespace
}  // namespace plimsoll
