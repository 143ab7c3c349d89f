#include "web/playback.h"

#include <gtest/gtest.h>

#include "core/config/config_url.h"
#include "core/engines/server.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

// A pool so small that requests wait, are preempted and refused.
Simulation Crowded() {
  const Config config = DecodeConfigUrl("m=llama-3.1-8b&g=h100-sxm&ctx=8192")->config;
  const Result<Resolved> resolved = Settle(config, ShippedCatalog());
  SchedulerSetup setup = MakeSchedulerSetup(*resolved, EstimateResolved(*resolved));
  setup.blocks = 400;
  Workload workload;
  workload.arrival = Arrival::kPoisson;
  workload.rate = 20;
  workload.requests = 200;
  workload.turns = 2;
  workload.prompt = {LengthShape::kLogNormal, 700, 700};
  workload.output = {LengthShape::kUniform, 200, 100};
  return Simulate(setup, *GenerateRequests(workload));
}

TEST(Playback, ComesBackAsItWentButForPartsOfMicroseconds) {
  const Simulation simulation = Crowded();
  const Objective objective = {500, 50};
  Playback went = PlaybackOf(simulation, objective);
  went.band = "a band";
  went.beside = "an estimate";
  ASSERT_GT(went.summary.preemptions, 0) << "or the example shows nothing";
  const Result<Json> text = Json::Parse(PlaybackToJson(went).Dump(), "playback");
  const Result<Playback> came = PlaybackFromJson(*text);
  ASSERT_TRUE(came.ok()) << came.error().Message();
  EXPECT_EQ(came->now, simulation.now());
  EXPECT_EQ(came->blocks, 400);
  EXPECT_EQ(came->headline, SimulationHeadline(simulation, went.summary));
  EXPECT_EQ(came->band, "a band");
  EXPECT_EQ(came->beside, "an estimate");
  EXPECT_EQ(SimulationSummaryJson(came->summary), SimulationSummaryJson(simulation.Summarize(objective)));
  ASSERT_EQ(came->metrics.size(), went.metrics.size());
  ASSERT_FALSE(went.metrics.empty());
  for (size_t i = 0; i < went.metrics.size(); ++i) {
    EXPECT_EQ(came->metrics[i].name, went.metrics[i].name);
    EXPECT_EQ(came->metrics[i].meaning, went.metrics[i].meaning);
    EXPECT_EQ(came->metrics[i].mean, went.metrics[i].mean);
    EXPECT_EQ(came->metrics[i].peak, went.metrics[i].peak);
    EXPECT_EQ(came->metrics[i].alert, went.metrics[i].alert);
  }
  ASSERT_EQ(came->samples.size(), simulation.samples().size());
  for (size_t i = 0; i < came->samples.size(); ++i) {
    const TimelineSample &a = came->samples[i], &b = simulation.samples()[i];
    EXPECT_NEAR(a.time, b.time, 1e-6);
    EXPECT_EQ(a.running, b.running);
    EXPECT_EQ(a.waiting, b.waiting);
    EXPECT_EQ(a.used_blocks, b.used_blocks);
    EXPECT_EQ(a.preemptions, b.preemptions);
    EXPECT_EQ(a.output_tokens, b.output_tokens);
  }
  ASSERT_EQ(came->records.size(), simulation.records().size());
  for (size_t i = 0; i < came->records.size(); ++i) {
    const RequestRecord &a = came->records[i], &b = simulation.records()[i];
    EXPECT_NEAR(a.arrival, b.arrival, 1e-6);
    EXPECT_NEAR(a.scheduled, b.scheduled, 1e-6);
    EXPECT_NEAR(a.first_token, b.first_token, 1e-6);
    EXPECT_NEAR(a.finish, b.finish, 1e-6);
    EXPECT_EQ(a.prompt, b.prompt);
    EXPECT_EQ(a.output, b.output);
    EXPECT_EQ(a.cached, b.cached);
    EXPECT_EQ(a.computed_again, b.computed_again);
    EXPECT_EQ(a.preemptions, b.preemptions);
    EXPECT_EQ(a.session, b.session);
    EXPECT_EQ(a.turn, b.turn);
    EXPECT_EQ(a.end, b.end);
  }
}

TEST(Playback, LinesThatAreNoneAreRefused) {
  Json json = PlaybackToJson(PlaybackOf(Crowded(), {}));
  for (const char* wrong : {"1 2 3\n", "x", "1 2 3 4 5 6 7 8 9 10 11 5\n", "1 2 3 4 5 6 7 8 9 10 11 4",
                            "1 2 3 4 5 6 7 8 9 10 11 -1\n"}) {
    json.Set("records", wrong);
    EXPECT_FALSE(PlaybackFromJson(json).ok()) << wrong;
  }
  json.Set("records", "1 2 3 4 5 6 7 8 9 10 11 4\n");
  EXPECT_TRUE(PlaybackFromJson(json).ok());
  json.Set("samples", "1 2 3 4 5\n");
  EXPECT_FALSE(PlaybackFromJson(json).ok());
}

}  // namespace
}  // namespace plimsoll
