#include "core/schedule/scheduler_setup.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

TEST(SchedulerSetup, BlocksByHand) {
  SchedulerSetup setup;
  setup.block_size = 16;
  EXPECT_EQ(BlocksOf(setup, 0), 0);
  EXPECT_EQ(BlocksOf(setup, 1), 1);
  EXPECT_EQ(BlocksOf(setup, 16), 1);
  EXPECT_EQ(BlocksOf(setup, 17), 2);
  setup.full_groups = 3;
  EXPECT_EQ(BlocksOf(setup, 17), 6);
}

// What a workload says of when the server looks for requests.
TEST(SchedulerSetup, AdmissionComesWithTheWorkload) {
  Workload workload;
  SchedulerSetup setup;
  setup.max_num_batched_tokens = 1000;
  setup.polls = setup.holds = true;
  EXPECT_EQ(TakeAdmission(workload, &setup), "");
  EXPECT_EQ(setup.poll, 1);
  EXPECT_EQ(setup.hold, 0);
  workload.poll = 30;
  workload.hold = 20;
  workload.hold_share = 0.25;
  EXPECT_EQ(TakeAdmission(workload, &setup), "");
  EXPECT_EQ(setup.poll, 30);
  EXPECT_EQ(setup.hold, 20);
  EXPECT_EQ(setup.hold_tokens, 250);
  workload.most_of_prompt = 512;
  TakeAdmission(workload, &setup);
  EXPECT_EQ(setup.most_of_prompt, 512);
}

TEST(SchedulerSetup, WhatAnEngineHasNoOptionForIsPassedOver) {
  Workload workload;
  workload.poll = 30;
  workload.hold = 20;
  workload.most_of_prompt = 512;
  workload.by_priority = true;
  SchedulerSetup mixes;
  EXPECT_EQ(TakeAdmission(workload, &mixes),
            "The engine has no scheduler_recv_interval, batch_wait_timeout_iters: passed over.");
  EXPECT_EQ(mixes.poll, 1);
  EXPECT_EQ(mixes.hold, 0);
  EXPECT_EQ(mixes.most_of_prompt, 512);
  EXPECT_TRUE(mixes.by_priority);
  SchedulerSetup alone;
  alone.polls = alone.prompts_alone = true;
  EXPECT_EQ(TakeAdmission(workload, &alone),
            "The engine has no batch_wait_timeout_iters, long_prefill_token_threshold, scheduling_policy: "
            "passed over.");
  EXPECT_EQ(alone.poll, 30);
  EXPECT_EQ(alone.most_of_prompt, 0);
  EXPECT_FALSE(alone.by_priority);
}

TEST(SchedulerSetup, WindowsStopGrowingAndStatesNeverGrow) {
  SchedulerSetup setup;
  setup.block_size = 16;
  setup.full_groups = 1;
  setup.window_groups = 2;
  setup.windows[0].most_blocks = 3;
  setup.windows[1].most_blocks = 5;
  setup.windows[2].most_blocks = 100;  // not one of the two
  setup.state_blocks = 2;
  EXPECT_EQ(BlocksOf(setup, 16), 1 + 1 + 1 + 2);
  EXPECT_EQ(BlocksOf(setup, 64), 4 + 3 + 4 + 2);
  EXPECT_EQ(BlocksOf(setup, 16 * 1000), 1000 + 3 + 5 + 2);
  EXPECT_EQ(BlocksOf(setup, 0), 0) << "a sequence that is not there has no state either";
}

// Ten tokens at 3 bytes; windows hold 4 of them at 5, of a state of 100 there are three.
TEST(SchedulerSetup, BytesOfAPrompt) {
  SlotRules rules;
  rules.token = Bytes(3);
  rules.window_token = Bytes(5);
  rules.window = 4;
  rules.sequence = Bytes(100);
  EXPECT_EQ(PromptBytes(rules, 10, 2), Bytes(30 + 3 * (100 + 20)));
  EXPECT_EQ(PromptBytes(rules, 2, 0), Bytes(6 + 100 + 10));
}

}  // namespace
}  // namespace plimsoll
