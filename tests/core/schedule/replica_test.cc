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

void ExpectEqual(const SchedulerSetup& setup, const RequestList& list) {
  const Simulation fast = Simulate(setup, list);
  SchedulerTwin slow(setup, list);
  slow.Run();
  EXPECT_NEAR(fast.now(), slow.now, 1e-9 * std::max(1.0, slow.now));
  const SimulationSummary summary = fast.Summarize({});
  EXPECT_EQ(summary.preemptions, slow.preemptions);
  EXPECT_EQ(summary.output_tokens, slow.output_tokens);
  EXPECT_EQ(summary.found_in_ram, slow.found_in_ram);
  EXPECT_EQ(summary.loaded_tokens, slow.loaded_tokens);
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

void ExpectEqual(const SchedulerSetup& setup, const Workload& workload, const std::string& what,
                 int32_t priorities = 1) {
  SCOPED_TRACE(what);
  Result<RequestList> list = GenerateRequests(workload);
  ASSERT_TRUE(list.ok()) << list.error().Message();
  for (size_t i = 0; i < list->requests.size(); ++i)
    list->requests[i].priority = static_cast<int32_t>(i * 7 % 11) % priorities;
  ExpectEqual(setup, *list);
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

// Whose prompts begin alike in one way or another: later turns, a system's prompt, prompts sent again.
Workload Returning(Arrival arrival, int64_t seed) {
  Workload workload = Chat(arrival, 60, seed);
  workload.turns = seed % 2 == 0 ? 3 : 1;
  workload.think_time = 0.2;
  workload.system_prompt = seed % 4 == 1 ? 90 : 0;
  workload.different_prompts = seed % 4 == 3 ? 4 + seed : 0;
  workload.prompt = {LengthShape::kUniform, 150, 100, 1, 600};
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

// Some of what a draft proposes is accepted: a step's decoding, and how its time grows, count for that many tokens.
TEST(Replica, EqualsTheTwinWhenDraftsAreAccepted) {
  Config config;
  config.model = "llama-3.1-70b";
  config.format = "fp8";
  config.gpu = {"h200"};
  config.speculative = Speculative{SpeculativeMethod::kDraft, "llama-3.2-1b", "", 4};
  const Result<Resolved> resolved = Settle(config, Shipped());
  ASSERT_TRUE(resolved.ok()) << resolved.error().Message();
  SchedulerSetup setup = SmallSetup();
  setup.TakeModel(MakeStepModel(*resolved));
  ASSERT_GT(setup.model.tokens_per_step(), 1.5);
  for (int64_t seed = 1; seed <= 4; ++seed) {
    for (Arrival arrival : {Arrival::kBurst, Arrival::kPoisson, Arrival::kClosedLoop}) {
      ExpectEqual(setup, Chat(arrival, 60, seed), "drafts, seed " + std::to_string(seed));
    }
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

// A tier that holds `units` blocks, each of which takes as long to load as computing one or two of its tokens does.
HostTier Tier(int64_t units, bool waits) {
  HostTier tier;
  tier.units = units;
  tier.load = 2e-4;
  tier.waits = waits;
  tier.layers = 32;
  tier.least = waits ? 0 : 10;
  return tier;
}

TEST(Replica, EqualsTheTwinWithATierInRam) {
  int64_t loaded = 0, alone = 0, preemptions = 0;
  for (int64_t seed = 1; seed <= 12; ++seed) {
    for (const int64_t units : {5, 40, 150, 100000}) {
      SchedulerSetup setup = SmallSetup();
      setup.blocks = seed % 4 == 0 ? 40 + seed : 60 + seed * 10;
      setup.host = Tier(units, seed % 3 != 0);
      if (seed % 3 != 0 && seed % 7 == 0) setup.host.load = 2e-2;  // a slow link: others come meanwhile
      setup.reserve_prompt = seed % 2 == 0;
      setup.ahead = seed % 5 == 0;
      setup.by_priority = seed % 6 == 1;
      setup.prefix_caching = seed % 8 != 2;
      setup.lookahead = seed % 5 == 1 ? 2 : 0;
      setup.full_groups = seed % 9 == 3 ? 2 : 1;
      if (seed % 3 == 0) {
        setup.prompts_alone = true;
        setup.answers = {0.7, 0.1, 0.6 / 200, 160};
      }
      for (Arrival arrival : {Arrival::kPoisson, Arrival::kClosedLoop, Arrival::kBurst}) {
        const Workload workload = Returning(arrival, seed);
        ExpectEqual(setup, workload, "tier of " + std::to_string(units) + ", seed " + std::to_string(seed),
                    3);
        const SimulationSummary summary = Simulate(setup, *GenerateRequests(workload)).Summarize({});
        loaded += summary.loaded_tokens;
        alone += summary.loaded_tokens - summary.found_in_ram;
        preemptions += summary.preemptions;
      }
    }
  }
  EXPECT_GT(loaded, 0) << "else nothing was loaded in this test";
  EXPECT_GT(alone, 0) << "nor after somebody gave way";
  EXPECT_GT(preemptions, 0);
}

// As TensorRT-LLM has it: room for whole answers is reserved, and a step waits for all that it loads.
TEST(Replica, EqualsTheTwinWithATierAndWholeAnswers) {
  int64_t loaded = 0;
  for (int64_t seed = 1; seed <= 12; ++seed) {
    SchedulerSetup setup = SmallSetup();
    setup.blocks = 60 + seed * 10;
    setup.reserve_output = true;
    setup.host = Tier(setup.blocks + seed * 20, false);
    setup.host.layers = 1;
    setup.host.least = 0;
    setup.host.moves = seed % 4 != 1;
    setup.full_groups = seed % 9 == 3 ? 2 : 1;
    setup.hold = seed % 3 == 0 ? 4 : 0;
    setup.ahead = seed % 2 == 0;
    for (Arrival arrival : {Arrival::kPoisson, Arrival::kClosedLoop, Arrival::kBurst}) {
      Workload workload = Chat(arrival, 60, seed);
      workload.turns = seed % 2 == 0 ? 3 : 1;
      workload.think_time = 0.2;
      workload.different_prompts = seed % 2 == 1 ? 4 + seed : 0;
      workload.prompt = {LengthShape::kUniform, 150, 100, 1, 600};
      ExpectEqual(setup, workload, "whole answers and a tier, seed " + std::to_string(seed), 3);
      loaded += Simulate(setup, *GenerateRequests(workload)).Summarize({}).loaded_tokens;
    }
  }
  EXPECT_GT(loaded, 0);
}

// As LMCache has it: whole chunks of prompts alone, and the step that reads them waits until they are written.
TEST(Replica, EqualsTheTwinWithChunksOfPrompts) {
  int64_t loaded = 0;
  for (int64_t seed = 1; seed <= 12; ++seed) {
    SchedulerSetup setup = SmallSetup();
    setup.blocks = 60 + seed * 10;
    setup.host = Tier(40 + seed * 20, false);
    setup.host.layers = 1;
    setup.host.least = 0;
    setup.host.chunk = 1 + seed % 4;
    setup.host.prompts_only = seed % 3 != 0;
    setup.host.write = 1e-4;
    setup.reserve_prompt = seed % 2 == 0;
    setup.ahead = seed % 5 == 0;
    setup.prefix_caching = seed % 8 != 2;
    setup.full_groups = seed % 9 == 3 ? 2 : 1;
    for (Arrival arrival : {Arrival::kPoisson, Arrival::kClosedLoop, Arrival::kBurst}) {
      const Workload workload = Returning(arrival, seed);
      ExpectEqual(setup, workload, "chunks, seed " + std::to_string(seed));
      loaded += Simulate(setup, *GenerateRequests(workload)).Summarize({}).loaded_tokens;
    }
  }
  EXPECT_GT(loaded, 0);
}

struct Turn {
  double arrival;
  int32_t session;
  int64_t prompt, output;
};
RequestList ListOf(const std::vector<Turn>& turns) {
  RequestList list;
  for (const Turn& turn : turns) {
    Request request;
    request.arrival = turn.arrival;
    request.session = turn.session;
    request.prompt = turn.prompt;
    request.output = turn.output;
    list.requests.push_back(request);
  }
  return list;
}

// A pool of 20 blocks and a tier of 100, each of which takes a tenth of a second to load.
SchedulerSetup ShortOfBlocks(bool waits) {
  SchedulerSetup setup = SmallSetup();
  setup.blocks = 20;
  setup.host = Tier(100, waits);
  setup.host.load = 0.1;
  return setup;
}

Seconds TimeOfChunk(const SchedulerSetup& setup, int64_t from, int64_t count) {
  StepLoad load;
  load.prefill_tokens = count;
  load.prefill_sequences = 1;
  load.prefill_kv_pairs[0] = CausalPairs(from, count, kWholeSequence);
  return setup.model.Time(load);
}

// Session 0 has 10 whole blocks. Session 1 takes 19 of the 20, so that one of them is left, and of its second prompt 9
// come from RAM.
TEST(Replica, WhatThePoolForgotComesFromRam) {
  const RequestList list = ListOf({{0, 0, 160, 1}, {10, 1, 300, 1}, {20, 0, 176, 1}});
  for (const bool waits : {true, false}) {
    SchedulerSetup setup = ShortOfBlocks(waits);
    const Simulation simulation = Simulate(setup, list);
    const RequestRecord& again = simulation.records()[2];
    EXPECT_EQ(again.cached, 160);
    EXPECT_EQ(simulation.Summarize({}).cached_tokens, 160);
    EXPECT_EQ(simulation.Summarize({}).found_in_ram, 144);
    EXPECT_EQ(simulation.Summarize({}).loaded_tokens, 144);
    const double step = TimeOfChunk(setup, 160, 16).value();
    EXPECT_NEAR(again.first_token - again.arrival, waits ? 0.9 + step : 0.9 + step / 32, 1e-9);
    ExpectEqual(setup, list);
    setup.host = {};
    const Simulation without = Simulate(setup, list);
    EXPECT_EQ(without.records()[2].cached, 16);
    EXPECT_EQ(without.Summarize({}).loaded_tokens, 0);
  }
}

// What is quicker to load than to compute costs the time of the first layer.
TEST(Replica, ALoadBehindALongerStepCostsALayer) {
  SchedulerSetup setup = ShortOfBlocks(false);
  setup.host.load = 1e-5;
  const RequestList list = ListOf({{0, 0, 160, 1}, {10, 1, 300, 1}, {20, 0, 300, 1}});
  const RequestRecord again = Simulate(setup, list).records()[2];
  EXPECT_NEAR(again.first_token - again.arrival, TimeOfChunk(setup, 160, 140).value() + 9e-5 / 32, 1e-12);
}

// TensorRT-LLM's step waits for nine blocks that the pool forgets for it, and then for nine that come back while nine of
// the other's go.
TEST(Replica, AStepWaitsForWhatThePoolForgets) {
  SchedulerSetup setup = ShortOfBlocks(false);
  setup.host.layers = 1;
  setup.host.moves = true;
  const RequestList list = ListOf({{0, 0, 160, 1}, {10, 1, 300, 1}, {20, 0, 176, 1}, {30, 2, 16, 1}});
  const Simulation simulation = Simulate(setup, list);
  const auto waited = [&](size_t i) {
    return simulation.records()[i].first_token - simulation.records()[i].arrival;
  };
  EXPECT_NEAR(waited(0), TimeOfChunk(setup, 0, 160).value(), 1e-9) << "there was room";
  const double two_steps = TimeOfChunk(setup, 0, 256).value() + TimeOfChunk(setup, 256, 44).value();
  EXPECT_NEAR(waited(1), two_steps + 0.9, 1e-9);
  EXPECT_NEAR(waited(2), TimeOfChunk(setup, 160, 16).value() + 0.9, 1e-9);
  EXPECT_NEAR(waited(3), TimeOfChunk(setup, 0, 16).value() + 0.1, 1e-9) << "which loads nothing";
  ExpectEqual(setup, list);
}

// LMCache in chunks of four blocks: of 160 tokens of prompt and 40 of answer RAM has 128, of which the pool has 16 still;
// of a shorter prompt it finds one chunk only. Tokens that a step reads are written, at 10 ms a block.
TEST(Replica, ChunksOfPromptsAreWrittenWithTheStep) {
  SchedulerSetup setup = ShortOfBlocks(false);
  setup.host.layers = 1;
  setup.host.least = 0;
  setup.host.chunk = 4;
  setup.host.prompts_only = true;
  setup.host.write = 0.01;
  const auto last = [&](int64_t prompt) {
    const RequestList list = ListOf({{0, 0, 160, 40}, {10, 1, 300, 1}, {20, 0, prompt, 1}});
    ExpectEqual(setup, list);
    return Simulate(setup, list).records()[2];
  };
  const RequestRecord whole = last(240);
  EXPECT_EQ(whole.cached, 128);
  EXPECT_NEAR(whole.first_token - whole.arrival, TimeOfChunk(setup, 128, 112).value() + 0.7 + 0.07, 1e-9);
  EXPECT_EQ(last(100).cached, 64);
  setup.host.chunk = 1;
  EXPECT_EQ(last(100).cached, 96);
  EXPECT_EQ(last(240).cached, 160);
  setup.host.prompts_only = false;
  EXPECT_EQ(last(240).cached, 192);
}

// A token takes a byte, and a kilobyte takes as long to copy as computing ten tokens.
SchedulerSetup SlotSetup(int64_t slots, int64_t bytes_of_ram) {
  SchedulerSetup setup = SmallSetup();
  setup.block_size = 1;
  setup.blocks = 20000;
  setup.max_num_seqs = slots;
  setup.prefix_caching = false;
  setup.reserve_output = true;
  setup.slots.on = true;
  setup.slots.token = Bytes(1);
  setup.slots.ram = bytes_of_ram != 0;
  setup.slots.limit = Bytes(std::max<int64_t>(0, bytes_of_ram));
  setup.slots.limit_tokens = 3000;
  setup.slots.seconds_per_byte = 1e-5;
  return setup;
}

TEST(Replica, EqualsTheTwinWithSlots) {
  int64_t loaded = 0, kept = 0;
  for (int64_t seed = 1; seed <= 16; ++seed) {
    for (const int64_t ram : {0, -1, 700, 1000000}) {
      SchedulerSetup setup = SlotSetup(1 + seed % 5, ram);
      setup.slots.one_pool = seed % 2 == 0;
      setup.slots.ram_for_idle = seed % 3 != 0;
      if (setup.slots.one_pool) setup.blocks = seed % 4 == 0 ? 2200 : 5000;
      if (seed % 5 == 2) setup.slots.similarity = seed % 2 == 0 ? 0.5 : -1;
      if (seed % 4 == 3) {
        setup.slots.checkpoint = 64;
        setup.slots.sequence = Bytes(100);
        setup.slots.window_token = Bytes(2);
        setup.slots.window = 50;
      }
      for (Arrival arrival : {Arrival::kPoisson, Arrival::kClosedLoop}) {
        Workload workload = Returning(arrival, seed);
        if (seed % 8 == 7) workload.turns = 4;  // of prompts that are sent again
        ExpectEqual(setup, workload, "slots, seed " + std::to_string(seed) + ", RAM " + std::to_string(ram));
        const SimulationSummary summary = Simulate(setup, *GenerateRequests(workload)).Summarize({});
        EXPECT_EQ(summary.loaded_tokens, summary.found_in_ram) << "nobody gives way";
        loaded += summary.found_in_ram;
        kept += summary.cached_tokens - summary.found_in_ram;
      }
    }
  }
  EXPECT_GT(loaded, 0);
  EXPECT_GT(kept, 0);
}

// Two slots and three conversations in turn: the third takes the slot of the first, whose second turn that of the
// second, and so on. With RAM each comes back for two copies, of what leaves the slot and of what returns to it.
TEST(Replica, AConversationThatLostItsSlotComesFromRam) {
  const RequestList list =
      ListOf({{0, 0, 100, 11}, {10, 1, 200, 11}, {20, 2, 100, 11}, {30, 0, 150, 1}, {40, 1, 240, 1}});
  const Simulation without = Simulate(SlotSetup(2, 0), list);
  for (size_t i = 0; i < 5; ++i) EXPECT_EQ(without.records()[i].cached, 0) << i;
  EXPECT_EQ(without.Summarize({}).loaded_tokens, 0);
  const SchedulerSetup setup = SlotSetup(2, 10000);
  const Simulation with = Simulate(setup, list);
  const auto first_token = [&](size_t i) {
    return with.records()[i].first_token - with.records()[i].arrival;
  };
  EXPECT_EQ(with.records()[3].cached, 110) << "100 tokens of prompt and 10 of the answer";
  EXPECT_EQ(with.records()[4].cached, 210);
  EXPECT_EQ(with.Summarize({}).cached_tokens, 320);
  EXPECT_EQ(with.Summarize({}).found_in_ram, 320);
  EXPECT_NEAR(with.Summarize({}).copying, (110 + 2 * 320) * 1e-5, 1e-12);
  EXPECT_NEAR(first_token(2), TimeOfChunk(setup, 0, 100).value() + 110e-5, 1e-9) << "session 0 goes";
  EXPECT_NEAR(first_token(3), TimeOfChunk(setup, 110, 40).value() + (210 + 110) * 1e-5, 1e-9)
      << "session 1 goes, session 0 comes";
  EXPECT_NEAR(first_token(4), TimeOfChunk(setup, 210, 30).value() + (110 + 210) * 1e-5, 1e-9);
  ExpectEqual(setup, list);
  // 300 bytes are too few for sessions 1 (210) and 0 (110) at once, or 2 and 1.
  const Simulation small = Simulate(SlotSetup(2, 300), list);
  EXPECT_EQ(small.records()[3].cached, 0) << "session 0 made room for session 1";
  EXPECT_EQ(small.records()[4].cached, 0) << "and that for session 2";
  ExpectEqual(SlotSetup(2, 300), list);
}

// The server has one thread: while it copies, those that answer wait.
TEST(Replica, OthersWaitForCopies) {
  SchedulerSetup setup = SlotSetup(2, 10000);
  setup.slots.seconds_per_byte = 1;
  const RequestList list = ListOf({{0, 0, 100, 2}, {10, 1, 100, 1000}, {10.01, 2, 100, 1}});
  const Simulation simulation = Simulate(setup, list);
  EXPECT_GT(simulation.Summarize({}).inter_token_ms.most, 101e3) << "session 0's 101 tokens";
  ExpectEqual(setup, list);
}

// Three cells too few for what an idle slot holds and the next request: the idle slot is emptied.
TEST(Replica, IdleSlotsOfOnePoolGiveWay) {
  SchedulerSetup setup = SlotSetup(2, 0);
  setup.slots.one_pool = true;
  const RequestList list = ListOf({{0, 0, 100, 11}, {10, 1, 100, 10}, {20, 0, 150, 1}});
  setup.blocks = 220;
  EXPECT_EQ(Simulate(setup, list).records()[2].cached, 110);
  ExpectEqual(setup, list);
  setup.blocks = 217;
  EXPECT_EQ(Simulate(setup, list).records()[2].cached, 0);
  ExpectEqual(setup, list);
}

// SGLang leaves what is shorter than ten tokens.
TEST(Replica, AShortLoadIsNotWorthIt) {
  SchedulerSetup setup = ShortOfBlocks(false);
  setup.block_size = 1;
  setup.blocks = 40;
  for (const int64_t tokens : {9, 10}) {
    const RequestList list = ListOf({{0, 0, tokens, 1}, {10, 1, 40, 1}, {20, 0, 30, 1}});
    EXPECT_EQ(Simulate(setup, list).records()[2].cached, tokens == 9 ? 0 : 10);
  }
}

// While a request waits for its load, one that came later is served; where the step loads, it waits with it.
TEST(Replica, OthersRunWhileOneIsLoaded) {
  const RequestList list = ListOf({{0, 0, 160, 1}, {10, 1, 300, 1}, {20, 0, 176, 1}, {20, 2, 32, 1}});
  const Simulation waits = Simulate(ShortOfBlocks(true), list);
  EXPECT_LT(waits.records()[3].first_token, waits.records()[2].first_token - 0.8);
  EXPECT_EQ(waits.samples().back().waiting, 0);
  const Simulation layers = Simulate(ShortOfBlocks(false), list);
  EXPECT_EQ(layers.records()[3].first_token, layers.records()[2].first_token);
}

// Loads go over one link, one after the other.
TEST(Replica, LoadsFollowEachOther) {
  SchedulerSetup setup = ShortOfBlocks(true);
  setup.blocks = 24;
  const RequestList list =
      ListOf({{0, 0, 160, 1}, {5, 1, 160, 1}, {10, 2, 380, 1}, {20, 0, 176, 1}, {20, 1, 176, 1}});
  const Simulation simulation = Simulate(setup, list);
  EXPECT_EQ(simulation.records()[3].cached, 160);
  EXPECT_EQ(simulation.records()[4].cached, 160);
  EXPECT_NEAR(simulation.records()[4].scheduled - simulation.records()[3].scheduled, 1.0, 1e-3);
  ExpectEqual(setup, list);
}

// Two requests with one beginning that only RAM has: it is loaded once, and found on the card by the second.
TEST(Replica, ABeginningIsLoadedOnceForAll) {
  SchedulerSetup setup = ShortOfBlocks(true);
  setup.blocks = 40;
  RequestList list = ListOf({{0, 0, 170, 1}, {10, 1, 600, 1}, {20, 2, 180, 1}, {20, 3, 190, 1}});
  list.beginnings = {160, 0};
  list.requests[1].beginning = 1;
  const SimulationSummary summary = Simulate(setup, list).Summarize({});
  EXPECT_EQ(summary.loaded_tokens, 128) << "two blocks were left on the card";
  EXPECT_EQ(summary.cached_tokens, 2 * 160);
  ExpectEqual(setup, list);
  setup.prefix_caching = false;  // then each has its own
  EXPECT_EQ(Simulate(setup, list).Summarize({}).loaded_tokens, 2 * 160);
  ExpectEqual(setup, list);
}

// RAM has lost the last four of ten blocks of a beginning to another prompt of 19; the other six are loaded.
TEST(Replica, WhatIsLeftOfABeginningIsLoaded) {
  for (const bool waits : {true, false}) {
    SchedulerSetup setup = ShortOfBlocks(waits);
    setup.host.units = 25;
    RequestList list = ListOf({{0, 0, 170, 1}, {10, 1, 310, 1}, {20, 2, 180, 1}});
    list.beginnings = {160, 0};
    list.requests[1].beginning = 1;
    EXPECT_EQ(Simulate(setup, list).records()[2].cached, 96);
    EXPECT_EQ(Simulate(setup, list).Summarize({}).loaded_tokens, 96);
    ExpectEqual(setup, list);
  }
}

// The same of what is left on the card: of ten blocks the last four have gone.
TEST(Replica, WhatIsLeftOfABeginningIsReused) {
  SchedulerSetup setup = SmallSetup();
  setup.blocks = 20;
  RequestList list = ListOf({{0, 0, 170, 1}, {10, 1, 220, 1}, {20, 2, 180, 1}});
  list.beginnings = {160, 0};
  list.requests[1].beginning = 1;
  EXPECT_EQ(Simulate(setup, list).records()[2].cached, 96);
  ExpectEqual(setup, list);
}

// The third session's answer grows while blocks are held for a load that takes ten seconds. It has them, for else nobody
// might ever end; the load begins anew, and what was under way is not taken for loaded.
TEST(Replica, WhoRunsAloneHasTheBlocksOfLoads) {
  SchedulerSetup setup = ShortOfBlocks(true);
  setup.host.load = 1;
  const RequestList list = ListOf({{0, 0, 160, 1}, {10, 1, 310, 1}, {20, 2, 20, 280}, {20.01, 0, 176, 1}});
  const Simulation simulation = Simulate(setup, list);
  EXPECT_EQ(simulation.Summarize({}).preemptions, 0);
  EXPECT_EQ(simulation.Summarize({}).loaded_tokens, 320);
  EXPECT_EQ(simulation.Summarize({}).found_in_ram, 160);
  EXPECT_NEAR(simulation.records()[3].scheduled, 40, 0.1);
  ExpectEqual(setup, list);
}

// Two loads hold 9 blocks each of 20, and either prompt needs 13: the second gives its blocks back, of which the first
// takes two more.
TEST(Replica, LoadsDoNotHoldEachOtherUp) {
  SchedulerSetup setup = ShortOfBlocks(true);
  setup.reserve_prompt = false;
  const RequestList list =
      ListOf({{0, 0, 145, 1}, {5, 1, 145, 1}, {10, 2, 310, 1}, {20, 0, 200, 1}, {20, 1, 200, 1}});
  const Simulation simulation = Simulate(setup, list);
  EXPECT_TRUE(simulation.done());
  EXPECT_EQ(simulation.Summarize({}).done, 5);
  EXPECT_EQ(simulation.Summarize({}).loaded_tokens, 144 + 144 + 32);
  ExpectEqual(setup, list);
}

// A prompt that has been read takes the place of what the first of the queue would have loaded, which then needs fewer
// blocks to begin with: it is admitted in the next step, not when something ends.
TEST(Replica, TheQueueIsAskedAgainWhenRamChanges) {
  SchedulerSetup setup = ShortOfBlocks(true);
  setup.reserve_prompt = false;
  setup.blocks = 26;
  setup.max_num_batched_tokens = 64;
  setup.host.units = 12;
  const RequestList list = ListOf(
      {{0, 0, 161, 1}, {5, 2, 400, 1}, {7, 0, 162, 1}, {8, 2, 401, 1}, {20, 1, 300, 50}, {20, 0, 176, 1}});
  ExpectEqual(setup, list);
}

// Two sequences have ten blocks each when both need an eleventh. The second gives way with 160 tokens, and the first takes
// the last three of its blocks: these come back from RAM, and are not computed again.
TEST(Replica, WhoGaveWayIsLoadedInsteadOfComputed) {
  SchedulerSetup setup = ShortOfBlocks(true);
  setup.max_num_batched_tokens = 512;  // both prompts in one step
  const RequestList list = ListOf({{0, 0, 140, 60}, {0, 1, 140, 60}});
  const Simulation loaded = Simulate(setup, list);
  EXPECT_EQ(loaded.records()[1].preemptions, 1);
  EXPECT_EQ(loaded.records()[1].computed_again, 112);
  EXPECT_EQ(loaded.Summarize({}).loaded_tokens, 48);
  EXPECT_EQ(loaded.Summarize({}).found_in_ram, 0) << "no prompt comes twice";
  ExpectEqual(setup, list);
  setup.host = {};
  EXPECT_EQ(Simulate(setup, list).records()[1].computed_again, 160);
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
