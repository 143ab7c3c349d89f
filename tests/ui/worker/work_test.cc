// Questions that take longer than a frame: what comes back is what the solver says, and nothing makes it fall over.
#include "web/worker/work.h"

#include <gtest/gtest.h>

#include "core/config/config_url.h"
#include "core/config/trace_reader.h"
#include "core/engines/server.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "core/estimate/steady_rates.h"
#include "core/schedule/simulation_band.h"
#include "core/solve/find.h"
#include "core/solve/map.h"
#include "tests/support/shipped_catalog.h"
#include "web/found.h"
#include "web/map_cells.h"
#include "web/page_question.h"
#include "web/playback.h"
#include "web/worker/find_work.h"

namespace plimsoll {
namespace {

Config ConfigOf(std::string_view link) { return DecodeConfigUrl(link)->config; }

Json Done(std::string_view kind, const Config& config, std::string_view ask) {
  const std::string answer = DoWork(kind, PageQuestionJson(config, {}, ask).Dump(), ShippedCatalog());
  return *Json::Parse(answer, "answer");
}

TEST(Work, ASearchIsTheFindersOwn) {
  const Config config = ConfigOf("m=qwen3-8b&g=rtx-4090&ctx=8192&c=2");
  for (const char* words :
       {"card!every", "rank.mtok!card!every", "run!upto.15", "run!task.code!license.open!engine.any"}) {
    const FindAsk ask = *DecodeFindAsk(words);
    const Result<FindAnswer> expected =
        Find(*FindQuestionOf(ask, config, {}, ShippedCatalog()), ShippedCatalog());
    ASSERT_TRUE(expected.ok());
    const Found shown = ShownOf(*expected, ask);
    const Result<Found> found = FoundFromJson(Done("find", config, words));
    ASSERT_TRUE(found.ok()) << found.error().Message();
    EXPECT_EQ(found->count, shown.count);
    EXPECT_EQ(found->not_known, static_cast<int64_t>(expected->not_known.size()));
    EXPECT_EQ(found->excluded, expected->excluded);
    EXPECT_EQ(found->binding, expected->binding);
    EXPECT_EQ(found->cheapest_without, expected->cheapest_without);
    ASSERT_EQ(found->rows.size(), shown.rows.size());
    for (size_t i = 0; i < shown.rows.size(); ++i) {
      const FindRow &a = found->rows[i], &b = shown.rows[i];
      EXPECT_EQ(a.config, b.config);
      EXPECT_EQ(a.model + a.gpu + a.format, b.model + b.gpu + b.format);
      EXPECT_EQ(a.users, b.users);
      EXPECT_EQ(a.decode_tokens_per_s, b.decode_tokens_per_s);
      EXPECT_EQ(a.price_per_mtok, b.price_per_mtok);
      EXPECT_EQ(a.weights.count(), b.weights.count());
      EXPECT_EQ(a.verdict, b.verdict);
    }
  }
}

TEST(Work, ASimulationIsTheSchedulersOwn) {
  Config config = ConfigOf("m=qwen3-8b&g=rtx-4090&ctx=8192&c=1&in=900&out=100");
  config.workload = Json::MakeObject();
  config.workload.Set("ttft_ms", 300).Set("users", 6);
  const Result<Resolved> resolved = Settle(config, ShippedCatalog());
  const Report report = EstimateResolved(*resolved);
  const SchedulerSetup setup = MakeSchedulerSetup(*resolved, report);
  for (const std::string trace : {"", "0,500,20\n0,700,30\n0.1,900,40\n"}) {
    Workload workload = WorkloadOf(*resolved);
    if (!trace.empty()) workload.trace = *ReadTrace(trace, "");
    const RequestList list = *GenerateRequests(workload);
    const Result<Playback> found = PlaybackFromJson(Done("schedule", config, trace));
    ASSERT_TRUE(found.ok()) << found.error().Message();
    EXPECT_EQ(SimulationSummaryJson(found->summary),
              SimulationSummaryJson(Simulate(setup, list).Summarize(workload.objective)));
    EXPECT_EQ(found->band, SimulationBandText(SimulateBand(setup, list)));
    EXPECT_EQ(found->beside, BesideSteadyRates(SteadyRatesOf(*resolved, report, workload),
                                               Simulate(setup, list).Summarize({}), workload));
    EXPECT_EQ(found->beside.find("it is for 6 users") != std::string::npos, trace.empty()) << found->beside;
    EXPECT_EQ(found->records.size(), list.requests.size());
  }
}

// Four users whose prompts wait for each other: the band's words are those of the command, for a closed loop.
TEST(Work, ASimulationOfUsersSaysThatTheyWaitForATurn) {
  const Config config = ConfigOf("m=qwen3-8b&g=rtx-4090&ctx=8192&c=4&in=900&out=100");
  const Result<Playback> found = PlaybackFromJson(Done("schedule", config, ""));
  ASSERT_TRUE(found.ok()) << found.error().Message();
  const Result<Resolved> resolved = Settle(config, ShippedCatalog());
  EXPECT_EQ(found->band,
            SimulationBandText(SimulateBand(MakeSchedulerSetup(*resolved, EstimateResolved(*resolved)),
                                            *GenerateRequests(WorkloadOf(*resolved)))));
  EXPECT_NE(found->band.find("some of its users wait for a turn"), std::string::npos) << found->band;
}

TEST(Work, ASimulationSaysWhatTheEngineHasNoOptionFor) {
  Config config = ConfigOf("m=qwen3-8b&g=rtx-4090&ctx=8192&c=1&in=900&out=100");
  config.workload = Json::MakeObject();
  config.workload.Set("scheduler_recv_interval", 30);
  const Result<Playback> found = PlaybackFromJson(Done("schedule", config, ""));
  ASSERT_TRUE(found.ok()) << found.error().Message();
  EXPECT_NE(found->beside.find("The engine has no scheduler_recv_interval: passed over."), std::string::npos)
      << found->beside;
}

TEST(Work, AMapIsTheMakersOwn) {
  const Config config = ConfigOf("m=llama-3.1-8b&g=rtx-4090&ctx=8192");
  MapQuestion question;
  ASSERT_FALSE(DecodeMapAxes("x.gpus!y.format!z.max_model_len!c.users", &question).has_value());
  MapQuestion asked = question;
  asked.base = config;
  Result<MapMaker> maker = MapMaker::Start(asked, ShippedCatalog());
  ASSERT_TRUE(maker.ok());
  while (!maker->Advance(1000)) {
  }
  const Result<MapSheet> sheet =
      MapCellsFromJson(Done("map", config, "x.gpus!y.format!z.max_model_len!c.users"), asked);
  ASSERT_TRUE(sheet.ok()) << sheet.error().Message();
  EXPECT_EQ(sheet->question.ys, maker->sheet().question.ys);
  ASSERT_EQ(sheet->cells.size(), maker->sheet().cells.size());
  for (size_t i = 0; i < sheet->cells.size(); ++i) {
    const MapCell &a = sheet->cells[i], &b = maker->sheet().cells[i];
    EXPECT_EQ(a.understood, b.understood);
    EXPECT_EQ(a.figure, b.figure);
    EXPECT_EQ(a.tp, b.tp);
    if (b.understood) {
      EXPECT_EQ(a.verdict, b.verdict);
    }
  }
  EXPECT_EQ(sheet->ConfigOf(2, 0, 1, ShippedCatalog()), maker->sheet().ConfigOf(2, 0, 1, ShippedCatalog()));
}

TEST(Work, WhatCannotBeAnsweredIsAnError) {
  const Config config = ConfigOf("m=llama-3.1-8b&g=rtx-4090");
  EXPECT_NE(Done("find", config, "walk").Find("error"), nullptr);
  EXPECT_NE(Done("map", config, "x.colour").Find("error"), nullptr);
  EXPECT_NE(Done("find", ConfigOf("m=no-such&g=rtx-4090"), "").Find("error"), nullptr);
  EXPECT_NE(Done("range-users", config, "users").Find("error"), nullptr) << "it has no limits";
  for (const char* text : {"", "{", "[]", "{\"config\":3}", "null", "{\"config\":{},\"ask\":7}"}) {
    for (const char* kind : {"find", "map", "range-rate", "no such kind"}) {
      const Result<Json> answer = Json::Parse(DoWork(kind, text, ShippedCatalog()), "answer");
      EXPECT_TRUE(answer.ok()) << kind << text;
    }
  }
  EXPECT_FALSE(StartWork("no such kind", "{}", ShippedCatalog()).ok());
  for (const char* text : {"{}", "{\"rows\":[3]}", "{\"rows\":[{\"config\":{\"tp\":\"x\"}}]}"})
    EXPECT_FALSE(FoundFromJson(*Json::Parse(text, "answer")).ok()) << text;
  for (const char* text :
       {"{}", "{\"xs\":[1],\"ys\":[1],\"zs\":[1],\"cells\":[]}", "{\"xs\":[],\"ys\":[1],\"zs\":[1]}"})
    EXPECT_FALSE(MapCellsFromJson(*Json::Parse(text, "answer"), {}).ok()) << text;
}

}  // namespace
}  // namespace plimsoll
