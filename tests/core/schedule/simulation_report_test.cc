#include "core/schedule/simulation_report.h"

#include <gtest/gtest.h>

#include "core/engines/server.h"
#include "core/engines/settle.h"
#include "core/estimate/estimate.h"
#include "tests/support/json_text.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

const MetricNames& AllSignals() {
  static const MetricNames names = {
      {Signal::kCacheUsage, "a:usage", "x"}, {Signal::kWaiting, "a:waiting", "x"},
      {Signal::kRunning, "a:running", "x"},  {Signal::kPreemptions, "a:preempted", "x"},
      {Signal::kFirstToken, "a:ttft", "x"},  {Signal::kPerToken, "a:tpot", "x"}};
  return names;
}

SchedulerSetup SetupWith(int64_t blocks) {
  Config config;
  config.model = "llama-3.1-8b";
  config.gpu = {"h100-sxm"};
  config.max_model_len = 8192;
  const Result<Resolved> resolved = Settle(config, ShippedCatalog());
  SchedulerSetup setup;
  setup.model = MakeStepModel(*resolved);
  setup.blocks = blocks;
  setup.max_num_seqs = 8;
  setup.max_num_batched_tokens = 256;
  setup.max_model_len = 2048;
  setup.metrics = &AllSignals();
  return setup;
}

Simulation RunOn(int64_t blocks, int64_t requests = 12, int64_t prompt = 100) {
  Workload workload;
  workload.users = 4;
  workload.requests = requests;
  workload.prompt.mean = static_cast<double>(prompt);
  workload.output.mean = 20;
  return Simulate(SetupWith(blocks), *GenerateRequests(workload));
}

TEST(SimulationReport, EveryEndHasAName) {
  EXPECT_EQ(RequestEndName(RequestEnd::kPending), "pending");
  EXPECT_EQ(RequestEndName(RequestEnd::kDone), "done");
  EXPECT_EQ(RequestEndName(RequestEnd::kTruncated), "truncated");
  EXPECT_EQ(RequestEndName(RequestEnd::kPromptTooLong), "prompt_too_long");
  EXPECT_EQ(RequestEndName(RequestEnd::kOutgrewPool), "outgrew_pool");
}

TEST(SimulationReport, MetricsReadAsTheEngineWouldExportThem) {
  const Simulation simulation = RunOn(1000);
  SimulationSummary summary;
  summary.mean_kv_usage = 0.5;
  summary.peak_kv_usage = 0.75;
  summary.mean_waiting = 1.5;
  summary.peak_waiting = 6;
  summary.mean_running = 3;
  summary.peak_running = 8;
  summary.preemptions = 4;
  summary.ttft_ms.mean = 200;
  summary.ttft_ms.p50 = 150;
  summary.ttft_ms.most = 900;
  summary.tpot_ms.mean = 20;
  summary.tpot_ms.p50 = 15;
  summary.tpot_ms.most = 40;
  const std::vector<MetricReading> readings = ReadMetrics(simulation, summary, {});
  const struct {
    const char* name;
    double mean, peak, alert;
  } expected[] = {{"a:usage", 0.5, 0.75, 0.92}, {"a:waiting", 1.5, 6, 2},  {"a:running", 3, 8, 8},
                  {"a:preempted", 0, 4, 0},     {"a:ttft", 0.2, 0.9, 0.3}, {"a:tpot", 0.02, 0.04, 0.03}};
  ASSERT_EQ(readings.size(), std::size(expected));
  for (size_t i = 0; i < readings.size(); ++i) {
    EXPECT_EQ(readings[i].name, expected[i].name);
    EXPECT_DOUBLE_EQ(readings[i].mean, expected[i].mean) << readings[i].name;
    EXPECT_DOUBLE_EQ(readings[i].peak, expected[i].peak) << readings[i].name;
    EXPECT_DOUBLE_EQ(readings[i].alert, expected[i].alert) << readings[i].name;
  }
  Objective objective;
  objective.ttft_ms = 500;
  objective.tpot_ms = 25;
  const std::vector<MetricReading> asked = ReadMetrics(simulation, summary, objective);
  EXPECT_DOUBLE_EQ(asked[4].alert, 0.5) << "what was asked for, where it was";
  EXPECT_DOUBLE_EQ(asked[5].alert, 0.025);
}

TEST(SimulationReport, HeadlinesSayWhatLimits) {
  const Simulation simulation = RunOn(1000);
  SimulationSummary summary;
  EXPECT_EQ(SimulationHeadline(simulation, summary), "Nothing to simulate.");
  summary.requests = 100;
  EXPECT_EQ(SimulationHeadline(simulation, summary), "Cannot run: no request fits into the KV cache.");
  EXPECT_EQ(SimulationHeadline(RunOn(0), summary), "Cannot run: there is no room for a KV cache.");
  summary.done = 100;
  summary.requests_per_s = 2.5;
  summary.output_tokens_per_s = 1234;
  summary.ttft_ms.p50 = 50;
  summary.tpot_ms.p50 = 12.34;
  EXPECT_EQ(
      SimulationHeadline(simulation, summary),
      "Serves 2.50 requests/s and 1,234 output tokens/s; half of the answers begin within 50.0 ms and take "
      "12.3 ms per token.");
  summary.refused = 1;
  EXPECT_NE(SimulationHeadline(simulation, summary).find(" 1 request was refused as too long."),
            std::string::npos);
  summary.refused = 0;
  summary.preemptions = 10;
  EXPECT_EQ(SimulationHeadline(simulation, summary).substr(0, 6), "Serves") << "one in ten is no thrash";
  summary.preemptions = 11;
  summary.computed_again = 5000;
  EXPECT_EQ(
      SimulationHeadline(simulation, summary),
      "Thrashes: 11 preemptions, 5,000 tokens computed again; 2.50 requests/s and 1,234 output tokens/s.");
  summary.saturated = true;
  summary.peak_waiting = 40;
  Workload paced;
  paced.arrival = Arrival::kConstant;
  paced.rate = 2;
  paced.requests = 4;
  paced.prompt.mean = 100;
  paced.output.mean = 20;
  EXPECT_EQ(
      SimulationHeadline(Simulate(SetupWith(1000), *GenerateRequests(paced)), summary),
      "Cannot keep up: it serves 2.50 requests/s and 1,234 output tokens/s, and the queue grows to 40; 11 "
      "preemptions, 5,000 tokens computed again.");
  // Users ask when they have been answered: whoever waits, the queue does not grow.
  summary.preemptions = 0;
  EXPECT_EQ(SimulationHeadline(simulation, summary),
            "Serves 2.50 requests/s and 1,234 output tokens/s; up to 40 of its users wait for a turn; half "
            "of the answers begin within 50.0 ms and take 12.3 ms per token.");
}

TEST(SimulationReport, WherePromptsWereFound) {
  SimulationSummary summary;
  EXPECT_EQ(FoundText(summary), "");
  summary.prompt_tokens = 10000;
  summary.cached_tokens = 4000;
  EXPECT_EQ(FoundText(summary), "4,000 of 10,000 prompt tokens were found in the cache");
  summary.found_in_ram = summary.loaded_tokens = 1500;
  EXPECT_EQ(FoundText(summary),
            "4,000 of 10,000 prompt tokens were found in the cache, 1,500 of them in RAM");
  summary.loaded_tokens = 1700;
  EXPECT_EQ(
      FoundText(summary),
      "4,000 of 10,000 prompt tokens were found in the cache, 1,500 of them in RAM; 200 tokens were loaded "
      "from RAM after preemptions instead of computed again");
  summary.cached_tokens = summary.found_in_ram = 0;
  EXPECT_EQ(FoundText(summary),
            "1,700 tokens were loaded from RAM after preemptions instead of computed again");
  summary.loaded_tokens = 0;
  summary.copying = 2.5;
  EXPECT_EQ(FoundText(summary), "2.5 s went into copies of prompts to RAM and back, for which all waited");
}

// A server that copies nothing says nothing of it.
TEST(SimulationReport, CopiesComeBackFromJson) {
  SimulationSummary summary;
  EXPECT_FALSE(SimulationSummaryJson(summary).Has("copying_s"));
  summary.copying = 2.5;
  EXPECT_EQ(SimulationSummaryFromJson(SimulationSummaryJson(summary)).copying, 2.5);
}

// Replicas' counts come together, and back from JSON.
TEST(SimulationReport, LoadsOfReplicasAreCounted) {
  SchedulerSetup setup = SetupWith(20);
  setup.host.units = 1000;
  setup.host.load = 1e-4;
  setup.host.waits = true;
  Workload workload;
  workload.users = 4;
  workload.requests = 40;
  workload.different_prompts = 8;
  workload.prompt.mean = 100;
  workload.output.mean = 20;
  const SimulationSummary one = Simulate(setup, *GenerateRequests(workload)).Summarize({});
  EXPECT_GT(one.found_in_ram, 0);
  EXPECT_LE(one.found_in_ram, one.cached_tokens);
  EXPECT_LE(one.found_in_ram, one.loaded_tokens);
  const SimulationSummary back = SimulationSummaryFromJson(SimulationSummaryJson(one));
  EXPECT_EQ(back.found_in_ram, one.found_in_ram);
  EXPECT_EQ(back.loaded_tokens, one.loaded_tokens);
  setup.replicas = 2;
  const SimulationSummary two = Simulate(setup, *GenerateRequests(workload)).Summarize({});
  EXPECT_GT(two.found_in_ram, 0);
  EXPECT_GT(two.loaded_tokens, 0);
}

TEST(SimulationReport, RecordsBeyondTheLimitAreCounted) {
  const Simulation simulation = RunOn(1000);
  const Json json = SimulationToJson(simulation, {}, 5);
  EXPECT_EQ(json.Find("requests")->items().size(), 5u);
  EXPECT_EQ(*json.Find("requests_left_out")->AsInt(), 7);
  EXPECT_EQ(*SimulationToJson(simulation, {}, 100).Find("requests_left_out")->AsInt(), 0);
  const Json& request = json.Find("requests")->items()[0];
  EXPECT_EQ(*request.Find("prompt")->AsInt(), 100);
  EXPECT_EQ(*request.Find("output")->AsInt(), 20);
  EXPECT_EQ(request.Find("end")->AsString(), "done");
  const Json& summary = *json.Find("summary");
  EXPECT_EQ(*summary.Find("done")->AsInt(), 12);
  EXPECT_EQ(*summary.Find("output_tokens")->AsInt(), 240);
  EXPECT_FALSE(*summary.Find("saturated")->AsBool());
  for (const Json& sample : json.Find("timeline")->items()) {
    EXPECT_LE(*sample.Find("kv_usage")->AsDouble(), 1);
  }
}

TEST(SimulationReport, TheWorkloadOfAConfiguration) {
  Config config;
  Resolved resolved;
  resolved.config = &config;
  resolved.concurrency = 3;
  resolved.prompt_tokens = 700;
  resolved.output_tokens = 90;
  const Workload few = WorkloadOf(resolved);
  EXPECT_EQ(few.users, 3);
  EXPECT_EQ(few.requests, 32);
  EXPECT_EQ(few.prompt.mean, 700);
  EXPECT_EQ(few.output.mean, 90);
  resolved.concurrency = 100;
  EXPECT_EQ(WorkloadOf(resolved).requests, 800) << "eight rounds";
  resolved.concurrency = 1000000;
  EXPECT_EQ(WorkloadOf(resolved).requests, kMostRequests);
  config.workload = JsonOfText(R"({"arrival_rate":2.5})");
  resolved.concurrency = 3;
  const Workload rated = WorkloadOf(resolved);
  EXPECT_EQ(rated.rate, 2.5);
  EXPECT_EQ(rated.prompt.mean, 700) << "what it leaves open stays";
}

// A load's own users decide how many requests make enough rounds.
TEST(SimulationReport, AWorkloadsOwnUsersAndLengthsGoBeforeTheKeys) {
  Config config;
  Resolved resolved;
  resolved.config = &config;
  resolved.concurrency = 3;
  resolved.prompt_tokens = 700;
  config.workload =
      JsonOfText(R"({"users":20,"input_len":{"mean":500,"dist":"uniform","min":300,"max":700}})");
  EXPECT_EQ(WorkloadOf(resolved).users, 20);
  EXPECT_EQ(WorkloadOf(resolved).requests, 160);
  EXPECT_EQ(WorkloadOf(resolved).prompt.mean, 500);
  config.workload = JsonOfText(R"({"concurrency":20,"num_prompts":50})");
  EXPECT_EQ(WorkloadOf(resolved).requests, 50);
  config.workload = JsonOfText(R"({"arrival":"burst","users":20})");
  EXPECT_EQ(WorkloadOf(resolved).requests, 20) << "all of them at once, once";
}

TEST(SimulationReport, AWorkloadThatFollowsAKeyDoesNotNameItself) {
  const Json all = JsonOfText(
      R"({"concurrency":5,"users":6,"seed":2,"input_len":{"mean":500,"dist":"lognormal","std":90},"output_len":64})");
  EXPECT_EQ(WorkloadFollowing(all, "concurrency").Dump(),
            R"({"seed":2,"input_len":{"mean":500,"dist":"lognormal","std":90},"output_len":64})");
  EXPECT_EQ(
      WorkloadFollowing(all, "prompt_tokens").Dump(),
      R"({"concurrency":5,"users":6,"seed":2,"output_len":64,"input_len":{"dist":"lognormal","std":90}})");
  EXPECT_EQ(WorkloadFollowing(all, "output_tokens").Dump(),
            R"({"concurrency":5,"users":6,"seed":2,"input_len":{"mean":500,"dist":"lognormal","std":90}})");
}

// Requests that come by themselves are not kept up with when, at the last one's arrival, more than a quarter
// of what runs at once and a twentieth of what came still wait.
TEST(SimulationReport, SaturatedIsAQueueAtTheLastArrival) {
  const auto run = [](double rate, int64_t requests) {
    Workload workload;
    workload.arrival = Arrival::kConstant;
    workload.rate = rate;
    workload.requests = requests;
    workload.prompt.mean = 100;
    workload.output.mean = 50;
    return Simulate(SetupWith(2000), *GenerateRequests(workload)).Summarize({}).saturated;
  };
  EXPECT_FALSE(run(0.5, 100));
  EXPECT_TRUE(run(10000, 400));
  EXPECT_FALSE(RunOn(1000).Summarize({}).saturated) << "a closed loop comes as it is answered";
}

TEST(SimulationReport, GoodIsWhatMeetsBothObjectives) {
  const Simulation simulation = RunOn(1000);
  const auto good = [&simulation](double ttft, double tpot) {
    Objective objective;
    objective.ttft_ms = ttft;
    objective.tpot_ms = tpot;
    return simulation.Summarize(objective).goodput_requests_per_s;
  };
  const double all = simulation.Summarize({}).requests_per_s;
  EXPECT_DOUBLE_EQ(good(0, 0), all);
  EXPECT_DOUBLE_EQ(good(1e9, 1e9), all);
  EXPECT_EQ(good(1e9, 1e-9), 0);
  EXPECT_EQ(good(1e-9, 1e9), 0);
  const double half = simulation.Summarize({}).ttft_ms.p50;
  EXPECT_GT(good(half * 1.0001, 0), 0.4 * all);
  EXPECT_LT(good(half * 0.9999, 0), 0.6 * all);
}

TEST(SimulationReport, ASummaryComesBackFromItsJson) {
  const SimulationSummary summary = RunOn(20).Summarize({100, 10});
  ASSERT_GT(summary.steps, 0);
  const Json json = SimulationSummaryJson(summary);
  EXPECT_EQ(*json.Find("requests")->AsInt(), 12);
  EXPECT_EQ(*json.Find("tpot_ms")->Find("p95")->AsDouble(), summary.tpot_ms.p95);
  const SimulationSummary back = SimulationSummaryFromJson(json);
  EXPECT_EQ(SimulationSummaryJson(back), json);
  EXPECT_EQ(back.peak_waiting, summary.peak_waiting);
  EXPECT_EQ(back.queue_ms.most, summary.queue_ms.most);
  EXPECT_EQ(back.saturated, summary.saturated);
  EXPECT_EQ(SimulationSummaryFromJson(Json("none")).done, 0);
}

}  // namespace
}  // namespace plimsoll
