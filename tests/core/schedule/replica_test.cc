#include "core/schedule/replica.h"

#include <cmath>
#include <string>

#include "core/catalog/catalog.h"
#include "core/catalog/catalog_data.h"
#include "core/engines/server.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/schedule/scheduler.h"
#include "gtest/gtest.h"
#include "tests/core/schedule/scheduler_twin.h"

namespace plimsoll {
namespace {

const Catalog& Shipped() {
  static const Catalog* catalog = [] {
    Result<Catalog> parsed = Catalog::Parse(EmbeddedCatalog().models, EmbeddedCatalog().gpus);
    return parsed.ok() ? new Catalog(std::move(*parsed)) : nullptr;
  }();
  return *catalog;
}

StepModel ModelOf(const std::string& model, const std::string& gpu) {
  Config config;
  config.model = model;
  config.gpu = {gpu};
  config.max_model_len = 8192;
  const Result<Resolved> resolved = Settle(config, Shipped());
  EXPECT_TRUE(resolved.ok()) << (resolved.ok() ? "" : resolved.error().Message());
  return MakeStepModel(*resolved);
}

SchedulerSetup SmallSetup(const std::string& model = "llama-3.1-8b") {
  SchedulerSetup setup;
  setup.model = ModelOf(model, "h100-sxm");
  setup.blocks = 200;
  setup.block_size = 16;
  setup.max_num_seqs = 8;
  setup.max_num_batched_tokens = 256;
  setup.max_model_len = 2048;
  return setup;
}

void ExpectEqual(const SchedulerSetup& setup, const Workload& workload, const std::string& what,
                 int32_t priorities = 1) {
  SCOPED_TRACE(what);
  Result<RequestList> list = GenerateRequests(workload);
  ASSERT_TRUE(list.ok()) << list.error().Message();
  for (size_t i = 0; i < list->requests.size(); ++i)
    list->requests[i].priority = static_cast<int32_t>(i * 7 % 11) % priorities;
  const Simulation fast = Simulate(setup, *list);
  SchedulerTwin slow(setup, *list);
  slow.Run();
  EXPECT_NEAR(fast.now(), slow.now, 1e-9 * std::max(1.0, slow.now));
  const SimulationSummary summary = fast.Summarize({});
  EXPECT_EQ(summary.preemptions, slow.preemptions);
  EXPECT_EQ(summary.output_tokens, slow.output_tokens);
  ASSERT_EQ(fast.records().size(), slow.records.size());
  for (size_t i = 0; i < slow.records.size(); ++i) {
    const RequestRecord& a = fast.records()[i];
    const RequestRecord& b = slow.records[i];
    ASSERT_EQ(a.end, b.end) << i;
    ASSERT_EQ(a.output, b.output) << i;
    ASSERT_EQ(a.preemptions, b.preemptions) << i;
    ASSERT_EQ(a.cached, b.cached) << i;
    ASSERT_EQ(a.computed_again, b.computed_again) << i;
    const double tolerance = 1e-9 * std::max(1.0, b.finish);
    ASSERT_NEAR(a.arrival, b.arrival, tolerance) << i;
    ASSERT_NEAR(a.received, b.received, tolerance) << i;
    ASSERT_NEAR(a.scheduled, b.scheduled, tolerance) << i;
    ASSERT_NEAR(a.first_token, b.first_token, tolerance) << i;
    ASSERT_NEAR(a.finish, b.finish, tolerance) << i;
  }
}

Workload Chat(Arrival arrival, int64_t requests, int64_t seed) {
  Workload workload;
  workload.arrival = arrival;
  workload.rate = 20;
  workload.users = 12;
  workload.requests = requests;
  workload.prompt = {LengthShape::kLogNormal, 120, 130, 1, 1500};
  workload.output = {LengthShape::kLogNormal, 90, 80, 1, 1500};
  workload.seed = seed;
  return workload;
}

TEST(Replica, EqualsTheStepByStepTwin) {
  for (int64_t seed = 1; seed <= 6; ++seed) {
    for (Arrival arrival : {Arrival::kBurst, Arrival::kPoisson, Arrival::kConstant, Arrival::kClosedLoop}) {
      ExpectEqual(SmallSetup(), Chat(arrival, 60, seed), "seed " + std::to_string(seed));
    }
  }
}

TEST(Replica, EqualsTheTwinWhenThePoolIsShort) {
  for (int64_t seed = 1; seed <= 6; ++seed) {
    SchedulerSetup setup = SmallSetup();
    setup.blocks = 60;
    setup.reserve_prompt = seed % 2 == 0;
    ExpectEqual(setup, Chat(Arrival::kPoisson, 60, seed), "short pool, seed " + std::to_string(seed));
  }
}

TEST(Replica, EqualsTheTwinForSessionsAndASystemPrompt) {
  for (int64_t seed = 1; seed <= 6; ++seed) {
    SchedulerSetup setup = SmallSetup();
    setup.blocks = 90 + seed * 20;
    Workload workload = Chat(seed % 2 == 0 ? Arrival::kClosedLoop : Arrival::kPoisson, 60, seed);
    workload.turns = 4;
    workload.think_time = 0.3;
    workload.system_prompt = 77;
    workload.prompt = {LengthShape::kUniform, 100, 60, 1, 1500};
    ExpectEqual(setup, workload, "sessions, seed " + std::to_string(seed));
    setup.prefix_caching = false;
    ExpectEqual(setup, workload, "sessions without caching, seed " + std::to_string(seed));
  }
}

TEST(Replica, EqualsTheTwinForPromptsThatAreSentAgain) {
  for (int64_t seed = 1; seed <= 6; ++seed) {
    SchedulerSetup setup = SmallSetup();
    setup.blocks = 60 + seed * 30;
    Workload workload = Chat(seed % 2 == 0 ? Arrival::kClosedLoop : Arrival::kPoisson, 80, seed);
    workload.different_prompts = 2 + 5 * seed;
    workload.turns = seed % 3 == 0 ? 3 : 1;
    ExpectEqual(setup, workload, "prompts again, seed " + std::to_string(seed));
    setup.prefix_caching = false;
    ExpectEqual(setup, workload, "prompts again without caching, seed " + std::to_string(seed));
  }
}

TEST(Replica, EqualsTheTwinByPriority) {
  for (int64_t seed = 1; seed <= 8; ++seed) {
    SchedulerSetup setup = SmallSetup();
    setup.by_priority = true;
    setup.reserve_prompt = seed % 2 == 0;
    setup.ahead = seed % 3 == 0;
    for (const int64_t blocks : {60, 90, 200}) {
      setup.blocks = blocks;
      for (Arrival arrival : {Arrival::kBurst, Arrival::kPoisson, Arrival::kClosedLoop})
        ExpectEqual(setup, Chat(arrival, 60, seed), "by priority, seed " + std::to_string(seed), 3);
    }
  }
}

// Several prompts are read at once, and give way for each other's chunks where the pool is short.
TEST(Replica, EqualsTheTwinWhenNoPromptTakesAWholeStep) {
  int64_t preemptions = 0;
  for (int64_t seed = 1; seed <= 8; ++seed) {
    SchedulerSetup setup = SmallSetup();
    setup.most_of_prompt = 30 + 11 * seed;
    setup.reserve_prompt = seed % 2 == 0;
    setup.ahead = seed % 3 == 0;
    setup.lookahead = seed % 4 == 1 ? 2 : 0;
    setup.chunked_prefill = seed != 5;
    for (const bool by_priority : {false, true}) {
      setup.by_priority = by_priority;
      for (const int64_t blocks : {60, 90, 200}) {
        setup.blocks = blocks;
        for (Arrival arrival : {Arrival::kBurst, Arrival::kPoisson, Arrival::kClosedLoop}) {
          Workload workload = Chat(arrival, 60, seed);
          workload.prompt = {LengthShape::kLogNormal, 300, 300, 1, 800};
          workload.turns = seed % 4 == 0 ? 2 : 1;
          const std::string what = "chunks, seed " + std::to_string(seed) + ", blocks " +
                                   std::to_string(blocks) + (by_priority ? ", by priority" : "");
          ExpectEqual(setup, workload, what, 3);
          preemptions += Simulate(setup, *GenerateRequests(workload)).Summarize({}).preemptions;
        }
      }
    }
  }
  EXPECT_GT(preemptions, 0) << "else nobody gave way in this test";
}

// Of a prompt of 1,000 tokens and one of 50 behind it, steps of 256 read 256, 256, 256 and 232 + 24, so that the short
// one ends in the fifth; with no more than 128 of one prompt it is read in the first.
TEST(Replica, ALongPromptLeavesRoomForShortOnes) {
  SchedulerSetup setup = SmallSetup();
  RequestList list;
  for (int32_t i = 0; i < 2; ++i) {
    Request request;
    request.prompt = i == 0 ? 1000 : 50;
    request.output = 1;
    request.session = i;
    list.requests.push_back(request);
  }
  const Simulation whole = Simulate(setup, list);
  EXPECT_EQ(whole.Summarize({}).steps, 5);
  EXPECT_GT(whole.records()[1].first_token, whole.records()[0].first_token);
  setup.most_of_prompt = 128;
  const Simulation shared = Simulate(setup, list);
  EXPECT_EQ(shared.Summarize({}).steps, 8) << "1,000 tokens, 128 at a time";
  StepLoad first;
  first.prefill_tokens = 128 + 50;
  first.prefill_sequences = 2;
  first.prefill_kv_pairs[0] = 128 * 129 / 2 + 50 * 51 / 2;
  EXPECT_NEAR(shared.records()[1].first_token, setup.model.Time(first).value(), 1e-12);
}

TEST(Replica, ThePriorityOfTheWaitingDecides) {
  SchedulerSetup setup = SmallSetup();
  setup.max_num_seqs = 1;
  RequestList list;
  for (int32_t i = 0; i < 4; ++i) {
    Request request;
    request.prompt = 100;
    request.output = 10;
    request.session = i;
    request.priority = i == 0 ? 9 : -i;  // the first one runs already when the others come
    request.arrival = i == 0 ? 0 : 0.001;
    list.requests.push_back(request);
  }
  const auto order = [&](bool by_priority) {
    setup.by_priority = by_priority;
    const Simulation simulation = Simulate(setup, list);
    std::vector<int> sorted = {0, 1, 2, 3};
    std::sort(sorted.begin(), sorted.end(), [&](int a, int b) {
      return simulation.records()[static_cast<size_t>(a)].scheduled <
             simulation.records()[static_cast<size_t>(b)].scheduled;
    });
    return sorted;
  };
  EXPECT_EQ(order(false), (std::vector<int>{0, 1, 2, 3}));
  EXPECT_EQ(order(true), (std::vector<int>{0, 3, 2, 1}));
}

// A hundred requests that send ten prompts of 160 tokens: nine whole blocks of each are found the second time.
TEST(Replica, APromptSentAgainIsFound) {
  SchedulerSetup setup = SmallSetup();
  Workload workload;
  workload.users = 1;
  workload.requests = 100;
  workload.different_prompts = 10;
  workload.prompt.mean = 160;
  workload.output.mean = 5;
  const Simulation simulation = Simulate(setup, *GenerateRequests(workload));
  for (size_t i = 0; i < 100; ++i) EXPECT_EQ(simulation.records()[i].cached, i < 10 ? 0 : 144) << i;
  EXPECT_EQ(simulation.Summarize({}).cached_tokens, 90 * 144);
}

TEST(Replica, EqualsTheTwinForHybridsWindowsAndSpeculation) {
  for (int64_t seed = 1; seed <= 4; ++seed) {
    SchedulerSetup setup = SmallSetup("gpt-oss-20b");
    setup.full_groups = 2;
    setup.window_groups = 2;
    setup.windows[0].most_blocks = 9;
    setup.windows[1].most_blocks = 3;
    setup.state_blocks = 3;
    setup.lookahead = seed % 3;
    setup.blocks = 300;
    Workload workload = Chat(Arrival::kPoisson, 50, seed);
    workload.turns = 2;
    ExpectEqual(setup, workload, "hybrid, seed " + std::to_string(seed));
    setup.chunked_prefill = false;
    ExpectEqual(setup, workload, "whole prompts, seed " + std::to_string(seed));
  }
}

// Prompts alone, admission by a share of the answers, retraction of who answered least.
TEST(Replica, EqualsTheTwinWhenPromptsGoAlone) {
  int64_t retracted = 0;
  for (int64_t seed = 1; seed <= 12; ++seed) {
    SchedulerSetup setup = SmallSetup();
    setup.prompts_alone = true;
    setup.blocks = seed % 3 == 0 ? 60 : seed % 3 == 1 ? 100 : 200;
    setup.answers = {0.7, 0.1, 0.6 / (20 * static_cast<double>(seed)), 16 * seed};
    setup.ahead = seed % 2 == 0;
    setup.block_size = seed % 5 == 0 ? 1 : 16;
    if (setup.block_size == 1) setup.blocks *= 16;
    const std::string what = "prompts alone, seed " + std::to_string(seed);
    for (Arrival arrival : {Arrival::kPoisson, Arrival::kClosedLoop, Arrival::kBurst}) {
      ExpectEqual(setup, Chat(arrival, 80, seed), what);
    }
    const Result<RequestList> list = GenerateRequests(Chat(Arrival::kBurst, 80, seed));
    ASSERT_TRUE(list.ok());
    retracted += Simulate(setup, *list).Summarize({}).preemptions;
  }
  EXPECT_GT(retracted, 0) << "else nobody gave way in this test";
}

// A step of prompts lets the others wait; mixed steps do not.
TEST(Replica, PromptsAloneMakeDecodingPause) {
  SchedulerSetup setup = SmallSetup();
  setup.max_num_batched_tokens = 512;
  setup.blocks = 2000;
  Workload workload = Chat(Arrival::kPoisson, 200, 3);
  const Result<RequestList> list = GenerateRequests(workload);
  ASSERT_TRUE(list.ok());
  const SimulationSummary mixed = Simulate(setup, *list).Summarize({});
  setup.prompts_alone = true;
  const SimulationSummary alone = Simulate(setup, *list).Summarize({});
  EXPECT_GT(alone.tpot_ms.mean, mixed.tpot_ms.mean);
  EXPECT_GT(alone.inter_token_ms.p99, mixed.inter_token_ms.p99);
  EXPECT_EQ(alone.output_tokens, mixed.output_tokens);
}

TEST(Replica, EqualsTheTwinHoweverArrivalsAreSeen) {
  for (int64_t seed = 1; seed <= 12; ++seed) {
    SchedulerSetup setup = SmallSetup();
    setup.blocks = seed % 3 == 0 ? 70 : 200;
    setup.ahead = seed % 2 == 0;
    setup.delivery = 0.35;
    setup.poll = seed % 4 == 1 ? 1 : 3 * seed;
    setup.hold = seed % 3 == 1 ? 7 : 0;
    setup.hold_tokens = 400;
    const std::string what = "arrivals seen in another way, seed " + std::to_string(seed);
    for (Arrival arrival : {Arrival::kPoisson, Arrival::kClosedLoop}) {
      ExpectEqual(setup, Chat(arrival, 80, seed), what);
    }
    Workload light = Chat(Arrival::kPoisson, 40, seed);
    light.rate = 3;
    ExpectEqual(setup, light, what + ", light");
  }
}

TEST(Replica, EqualsTheTwinWhenRequestsAreReceivedInTurn) {
  for (int64_t seed = 1; seed <= 8; ++seed) {
    SchedulerSetup setup = SmallSetup();
    setup.received_in_turn = true;
    setup.blocks = seed % 3 == 0 ? 70 : 200;
    setup.ahead = seed % 2 == 0;
    setup.poll = seed % 4 == 1 ? 1 : seed;
    for (Arrival arrival : {Arrival::kBurst, Arrival::kPoisson, Arrival::kConstant, Arrival::kClosedLoop}) {
      Workload workload = Chat(arrival, 80, seed);
      workload.turns = seed % 4 == 0 ? 3 : 1;
      ExpectEqual(setup, workload, "received in turn, seed " + std::to_string(seed));
    }
  }
}

// Requests that come while a server decodes: how many of its steps pass until their first token. A prompt of one
// token keeps the step as it is.
double StepsToFirstToken(const SchedulerSetup& setup) {
  RequestList list;
  Request always;
  always.prompt = 16;
  always.output = 1900;
  list.requests.push_back(always);
  const double step = [&] {
    StepLoad load;
    load.decode_sequences = 1;
    return setup.model.Time(load).value();
  }();
  for (int i = 0; i < 60; ++i) {  // spread evenly over the phases of a step
    Request late;
    late.arrival = step * (20 + 30.1 * i);
    late.prompt = 1;
    late.output = 1;
    late.session = i + 1;
    list.requests.push_back(late);
  }
  const Simulation simulation = Simulate(setup, list);
  double sum = 0;
  for (size_t i = 1; i < list.requests.size(); ++i) {
    const RequestRecord& record = simulation.records()[i];
    sum += record.first_token - record.arrival;
  }
  return sum / 60 / step;
}

TEST(Replica, AnArrivalWaitsForTheStepsThatAreScheduled) {
  SchedulerSetup setup = SmallSetup();
  const double plain = StepsToFirstToken(setup);
  EXPECT_GT(plain, 1.4) << "the rest of a step, and its own";
  EXPECT_LT(plain, 3) << "which a prompt makes longer";
  setup.ahead = true;
  EXPECT_NEAR(StepsToFirstToken(setup), plain + 1, 0.15) << "the step that was scheduled already";
  setup.delivery = 0.5;
  EXPECT_NEAR(StepsToFirstToken(setup), plain + 1.5, 0.2);
  setup = SmallSetup();
  setup.poll = 10;
  EXPECT_NEAR(StepsToFirstToken(setup), plain + 4.5, 1.2) << "half of the steps between two looks";
  setup = SmallSetup();
  setup.hold = 20;
  setup.hold_tokens = 200;
  EXPECT_NEAR(StepsToFirstToken(setup), plain + 20, 0.6);
  setup.hold_tokens = 1;
  EXPECT_NEAR(StepsToFirstToken(setup), plain, 1e-9) << "enough of them wait";
}

TEST(Replica, OneRequestAloneTakesItsStepsTimes) {
  const SchedulerSetup setup = SmallSetup();
  Workload workload;
  workload.arrival = Arrival::kBurst;
  workload.requests = 1;
  workload.prompt.mean = 100;
  workload.output.mean = 50;
  const Simulation simulation = Simulate(setup, *GenerateRequests(workload));
  StepLoad prompt;
  prompt.prefill_tokens = 100;
  prompt.prefill_sequences = 1;
  prompt.prefill_kv_pairs[0] = 5050;
  double expected = setup.model.Time(prompt).value();
  EXPECT_NEAR(simulation.records()[0].first_token, expected, 1e-12);
  for (int i = 0; i < 49; ++i) {
    StepLoad decode;
    decode.decode_sequences = 1;
    decode.decode_kv_tokens[0] = 101 + i;
    expected += setup.model.Time(decode).value();
  }
  EXPECT_NEAR(simulation.records()[0].finish, expected, 1e-9);
}

TEST(Replica, PrefixCachingFindsWholeBlocksOfEarlierTurns) {
  SchedulerSetup setup = SmallSetup();
  Workload workload;
  workload.requests = 3;
  workload.turns = 3;
  workload.users = 1;
  workload.prompt.mean = 100;
  workload.output.mean = 50;
  const Simulation simulation = Simulate(setup, *GenerateRequests(workload));
  EXPECT_EQ(simulation.records()[0].cached, 0);
  // 149 of the first turn's 150 tokens were read: nine whole blocks.
  EXPECT_EQ(simulation.records()[1].cached, 144);
  EXPECT_EQ(simulation.records()[2].cached, 299 / 16 * 16);
  setup.prefix_caching = false;
  const Simulation again = Simulate(setup, *GenerateRequests(workload));
  EXPECT_EQ(again.records()[2].cached, 0);
  EXPECT_LT(simulation.now(), again.now());
}

TEST(Replica, AFullyCachedPromptStillComputesItsLastBlock) {
  SchedulerSetup setup = SmallSetup();
  RequestList list;
  for (int i = 0; i < 2; ++i) {
    Request request;
    request.prompt = 160;
    request.output = 1;
    request.session = 0;
    request.after = i - 1;
    list.requests.push_back(request);
  }
  const Simulation simulation = Simulate(setup, list);
  EXPECT_EQ(simulation.records()[1].cached, 144);
}

TEST(Replica, RefusesWhatCanNeverRunAndGoesOn) {
  SchedulerSetup setup = SmallSetup();
  setup.blocks = 10;
  RequestList list;
  for (int64_t prompt : {161, 100, 5000}) {
    Request request;
    request.prompt = prompt;
    request.output = 100;
    request.session = static_cast<int32_t>(list.requests.size());
    list.requests.push_back(request);
  }
  const Simulation simulation = Simulate(setup, list);
  EXPECT_EQ(simulation.records()[0].end, RequestEnd::kPromptTooLong);
  EXPECT_EQ(simulation.records()[1].end, RequestEnd::kOutgrewPool);
  EXPECT_EQ(simulation.records()[1].output, 61);  // 160 tokens have room, the last of them is not read
  EXPECT_EQ(simulation.records()[2].end, RequestEnd::kPromptTooLong);
  EXPECT_TRUE(simulation.done());
}

// The clock does not go to the next arrival while somebody waits for nobody.
TEST(Replica, WhatOutgrowsThePoolEndsAtOnce) {
  SchedulerSetup setup = SmallSetup();
  setup.blocks = 10;
  RequestList list;
  for (const double arrival : {0.0, 1000.0}) {
    Request request;
    request.arrival = arrival;
    request.prompt = 100;
    request.output = 100;
    request.session = static_cast<int32_t>(list.requests.size());
    list.requests.push_back(request);
  }
  const Simulation simulation = Simulate(setup, list);
  EXPECT_EQ(simulation.records()[0].end, RequestEnd::kOutgrewPool);
  EXPECT_LT(simulation.records()[0].finish, 10);
  EXPECT_GE(simulation.records()[1].scheduled, 1000);
  SchedulerTwin slow(setup, list);
  slow.Run();
  EXPECT_NEAR(simulation.records()[0].finish, slow.records[0].finish, 1e-9);
  EXPECT_NEAR(simulation.now(), slow.now, 1e-6);
}

TEST(Replica, EveryBlockComesBack) {
  SchedulerSetup setup = SmallSetup();
  Simulation simulation(setup, *GenerateRequests(Chat(Arrival::kPoisson, 200, 3)));
  while (!simulation.Advance(7)) {
    ASSERT_LE(simulation.samples().back().used_blocks, setup.blocks);
  }
  EXPECT_EQ(simulation.samples().back().used_blocks, 0);
  EXPECT_EQ(simulation.samples().back().running, 0);
}

TEST(Replica, SaysWhenItCannotKeepUp) {
  Workload workload = Chat(Arrival::kPoisson, 400, 1);
  workload.rate = 1000;
  EXPECT_TRUE(Simulate(SmallSetup(), *GenerateRequests(workload)).Summarize({}).saturated);
  workload.rate = 0.5;
  EXPECT_FALSE(Simulate(SmallSetup(), *GenerateRequests(workload)).Summarize({}).saturated);
}

TEST(Replica, SamplesStayFew) {
  Workload workload = Chat(Arrival::kPoisson, 20000, 1);
  workload.rate = 100;
  SchedulerSetup setup = SmallSetup();
  setup.blocks = 2000;
  setup.max_num_seqs = 64;
  EXPECT_LE(Simulate(setup, *GenerateRequests(workload)).samples().size(), 4096u);
}

TEST(DurationHistogram, ARunEqualsItsSteps) {
  DurationHistogram one, many;
  one.AddRun(0.010, 0.020, 1001, 3);
  for (int i = 0; i <= 1000; ++i) many.Add(0.010 + 0.00001 * i, 3);
  EXPECT_NEAR(one.Summarize().p50, many.Summarize().p50, 0.16);
  EXPECT_NEAR(one.Summarize().p50, 15.0, 0.16);
  EXPECT_NEAR(one.Summarize().p99, many.Summarize().p99, 0.2);
  EXPECT_NEAR(one.Summarize().mean, 15.0, 1e-6);
}

}  // namespace
}  // namespace plimsoll
