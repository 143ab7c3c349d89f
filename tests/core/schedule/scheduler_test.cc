#include "core/schedule/scheduler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "core/engines/server.h"
#include "core/schedule/simulation_report.h"
#include "tests/core/schedule/scheduler_twin.h"
#include "tests/support/speed_setup.h"

namespace plimsoll {
namespace {

SchedulerSetup Small(int64_t replicas) {
  SchedulerSetup setup;
  setup.model = Make(R"({"model":"llama-3.1-8b","gpu":"h100-sxm","max_model_len":8192})")->model;
  setup.replicas = replicas;
  setup.blocks = 200;
  setup.block_size = 16;
  setup.max_num_seqs = 8;
  setup.max_num_batched_tokens = 256;
  setup.max_model_len = 2048;
  return setup;
}

Workload Load(Arrival arrival, int64_t requests) {
  Workload workload;
  workload.arrival = arrival;
  workload.rate = 40;
  workload.users = 11;
  workload.requests = requests;
  workload.prompt.mean = 120;
  workload.output.mean = 40;
  SetShape("lognormal", 0.8, &workload.prompt);
  SetShape("lognormal", 0.8, &workload.output);
  workload.system_prompt = 32;
  return workload;
}

// Every session that falls to a replica when they are dealt like cards, its users likewise.
RequestList Hand(const RequestList& list, int replicas, int replica) {
  RequestList hand;
  hand.system_prompt = list.system_prompt;
  for (int64_t user = replica; user < list.initially_released; user += replicas) ++hand.initially_released;
  std::vector<int32_t> place(list.requests.size());
  for (size_t i = 0; i < list.requests.size(); ++i) {
    if (list.requests[i].session % replicas != replica) continue;
    place[i] = static_cast<int32_t>(hand.requests.size());
    hand.requests.push_back(list.requests[i]);
    if (list.requests[i].after >= 0)
      hand.requests.back().after = place[static_cast<size_t>(list.requests[i].after)];
  }
  return hand;
}

// Each replica does what a scheduler alone with its share of the requests does, step by step.
TEST(Scheduler, ReplicasAreSchedulersApart) {
  for (const Arrival arrival : {Arrival::kPoisson, Arrival::kClosedLoop, Arrival::kBurst}) {
    for (const int64_t turns : {1, 3}) {
      for (const int replicas : {2, 3, 5}) {
        Workload workload = Load(arrival, 60);
        workload.turns = turns;
        const RequestList list = *GenerateRequests(workload);
        const Simulation fast = Simulate(Small(replicas), list);
        int64_t output = 0, preemptions = 0;
        double end = 0;
        for (int replica = 0; replica < replicas; ++replica) {
          SchedulerTwin slow(Small(1), Hand(list, replicas, replica));
          slow.Run();
          output += slow.output_tokens;
          preemptions += slow.preemptions;
          end = std::max(end, slow.now);
          size_t next = 0;
          for (size_t i = 0; i < list.requests.size(); ++i) {
            if (list.requests[i].session % replicas != replica) continue;
            const RequestRecord& a = fast.records()[i];
            const RequestRecord& b = slow.records[next++];
            ASSERT_EQ(a.session, list.requests[i].session);
            ASSERT_EQ(a.prompt, b.prompt);
            ASSERT_EQ(a.output, b.output);
            ASSERT_EQ(a.cached, b.cached);
            ASSERT_NEAR(a.first_token, b.first_token, 1e-9 * std::max(1.0, b.finish));
            ASSERT_NEAR(a.finish, b.finish, 1e-9 * std::max(1.0, b.finish));
          }
        }
        const SimulationSummary summary = fast.Summarize({});
        EXPECT_EQ(summary.output_tokens, output);
        EXPECT_EQ(summary.preemptions, preemptions);
        EXPECT_NEAR(summary.duration, end, 1e-9 * end);
        EXPECT_EQ(summary.done, 60);
      }
    }
  }
}

// Sixty-four sessions come within a fifth of a second, and half of them wait when the last one comes. That each asks again a
// minute after its answer, when nobody waits, does not make the server keep up.
TEST(Scheduler, LaterTurnsDoNotHideThatAQueueGrew) {
  Workload workload;
  workload.arrival = Arrival::kPoisson;
  workload.rate = 400;
  workload.requests = 128;
  workload.turns = 2;
  workload.think_time = 60;
  workload.prompt.mean = 100;
  workload.output.mean = 40;
  SchedulerSetup setup = Small(1);
  setup.max_num_batched_tokens = 2048;
  const SimulationSummary summary = Simulate(setup, *GenerateRequests(workload)).Summarize({});
  EXPECT_EQ(summary.done, 128);
  EXPECT_TRUE(summary.saturated);
}

// Eight users whose answers end together send their next prompts at once. While these are tokenized one after the other
// nobody waits for a place, and the server keeps up.
TEST(Scheduler, WhatIsBeingReceivedDoesNotWait) {
  SchedulerSetup setup = Small(1);
  setup.received_in_turn = true;
  setup.max_num_batched_tokens = 2048;
  Workload workload;
  workload.users = 8;
  workload.requests = 16;
  workload.prompt.mean = 100;
  workload.output.mean = 40;
  const Simulation simulation = Simulate(setup, *GenerateRequests(workload));
  const SimulationSummary summary = simulation.Summarize({});
  EXPECT_FALSE(summary.saturated);
  const double one = 1e3 * setup.model.request_overhead(100).value();
  StepLoad all;
  all.decode_sequences = all.prefill_sequences = 8;
  all.prefill_tokens = 800;
  all.decode_kv_tokens[0] = 8 * 140;
  all.prefill_kv_pairs[0] = 8 * 5050;
  EXPECT_LT(summary.queue_ms.most, 1e3 * setup.model.Time(all).value()) << "the step that runs, and no more";
  EXPECT_GT(summary.ttft_ms.mean, one);
}

// Four times the server under four times the load: each user waits as long, and four times as much is served.
TEST(Scheduler, FourReplicasServeFourTimesAsMany) {
  Workload workload;
  workload.users = 6;
  workload.requests = 30;
  workload.prompt.mean = 100;
  workload.output.mean = 50;
  const Simulation one = Simulate(Small(1), *GenerateRequests(workload));
  workload.users = 24;
  workload.requests = 120;
  const Simulation four = Simulate(Small(4), *GenerateRequests(workload));
  const SimulationSummary a = one.Summarize({}), b = four.Summarize({});
  EXPECT_NEAR(b.ttft_ms.mean, a.ttft_ms.mean, 1e-9);
  EXPECT_NEAR(b.tpot_ms.most, a.tpot_ms.most, 1e-9);
  EXPECT_NEAR(b.inter_token_ms.mean, a.inter_token_ms.mean, 1e-9);
  EXPECT_NEAR(b.output_tokens_per_s, 4 * a.output_tokens_per_s, 1e-6);
  EXPECT_NEAR(b.mean_running, 4 * a.mean_running, 1e-9);
  EXPECT_NEAR(b.mean_kv_usage, a.mean_kv_usage, 1e-12);
  EXPECT_EQ(b.peak_kv_usage, a.peak_kv_usage);
  EXPECT_EQ(b.peak_running, 4 * a.peak_running);
  EXPECT_EQ(b.steps, 4 * a.steps);
  EXPECT_NE(SimulationHeadline(four, b).find(" on 4 replicas"), std::string::npos);
  EXPECT_EQ(SimulationHeadline(one, a).find("replica"), std::string::npos);
  EXPECT_EQ(four.setup().blocks, 4 * one.setup().blocks);
  EXPECT_EQ(four.setup().max_num_seqs, 4 * one.setup().max_num_seqs);
  ASSERT_FALSE(four.samples().empty());
  EXPECT_EQ(four.samples().back().output_tokens, b.output_tokens);
  EXPECT_EQ(four.samples().back().running, 0);
}

TEST(Scheduler, MoreReplicasThanSessionsStandIdle) {
  Workload workload;
  workload.arrival = Arrival::kBurst;
  workload.requests = 2;
  workload.prompt.mean = 100;
  workload.output.mean = 10;
  const Simulation simulation = Simulate(Small(8), *GenerateRequests(workload));
  EXPECT_TRUE(simulation.done());
  EXPECT_EQ(simulation.Summarize({}).done, 2);
  EXPECT_EQ(simulation.records()[0].finish, simulation.records()[1].finish) << "neither waits for the other";
  RequestList none;
  EXPECT_TRUE(Simulate(Small(8), none).done());
}

// A configuration's replicas are those of its data parallelism.
TEST(Scheduler, DataParallelismGivesReplicas) {
  const auto s =
      Make(R"({"model":"llama-3.1-8b","gpu":"h100-sxm","gpus":4,"dp":4,"tp":1,"max_model_len":8192})");
  EXPECT_EQ(MakeSchedulerSetup(s->resolved, Report()).replicas, 4);
}

}  // namespace
}  // namespace plimsoll
