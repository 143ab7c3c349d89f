#include "core/config/workload.h"

#include <cmath>

#include "gtest/gtest.h"

namespace plimsoll {
namespace {

TEST(Workload, IsTheSameForASeedAndAnotherForAnother) {
  Workload workload;
  workload.requests = 50;
  workload.prompt = {LengthShape::kLogNormal, 200, 210, 1, 100000};
  workload.output = workload.prompt;
  const RequestList a = *GenerateRequests(workload), b = *GenerateRequests(workload);
  workload.seed = 2;
  const RequestList c = *GenerateRequests(workload);
  bool differs = false;
  for (size_t i = 0; i < a.requests.size(); ++i) {
    EXPECT_EQ(a.requests[i].prompt, b.requests[i].prompt);
    differs = differs || a.requests[i].prompt != c.requests[i].prompt;
  }
  EXPECT_TRUE(differs);
  // Pinned: both builds must draw the same numbers, for ever.
  Random random(1);
  EXPECT_EQ(random.Next(), 0x910a2dec89025cc1u);
}

TEST(Workload, DistributionsHaveTheMomentsAskedFor) {
  Random random(7);
  const LengthSpec spec{LengthShape::kLogNormal, 220, 231, 1, int64_t{1} << 30};
  double sum = 0, squares = 0;
  constexpr int kDraws = 200000;
  for (int i = 0; i < kDraws; ++i) {
    const double length = static_cast<double>(random.Length(spec));
    sum += length;
    squares += length * length;
  }
  const double mean = sum / kDraws;
  EXPECT_NEAR(mean, 220, 3);
  EXPECT_NEAR(std::sqrt(squares / kDraws - mean * mean), 231, 12);
  double gaps = 0;
  for (int i = 0; i < kDraws; ++i) gaps += random.Exponential(4);
  EXPECT_NEAR(gaps / kDraws, 0.25, 0.003);
}

TEST(Workload, TurnsCarryTheirHistory) {
  Workload workload;
  workload.arrival = Arrival::kPoisson;
  workload.rate = 1;
  workload.requests = 6;
  workload.turns = 3;
  workload.think_time = 5;
  workload.prompt.mean = 100;
  workload.output.mean = 20;
  workload.system_prompt = 40;
  const RequestList list = *GenerateRequests(workload);
  EXPECT_EQ(list.requests[0].prompt, 100);
  EXPECT_EQ(list.requests[1].prompt, 220);
  EXPECT_EQ(list.requests[1].after, 0);
  EXPECT_EQ(list.requests[1].delay, 5);
  EXPECT_EQ(list.requests[2].prompt, 340);
  EXPECT_EQ(list.requests[3].prompt, 100);
  EXPECT_EQ(list.requests[3].session, 1);
  EXPECT_EQ(list.requests[3].after, -1);
}

TEST(Workload, NamesTheFieldThatIsWrong) {
  const auto field = [](auto change) {
    Workload workload;
    workload.prompt.mean = workload.output.mean = 10;
    change(&workload);
    const Result<RequestList> list = GenerateRequests(workload);
    return list.ok() ? std::string() : list.error().field;
  };
  EXPECT_EQ(field([](Workload*) {}), "");
  EXPECT_EQ(field([](Workload* w) { w->users = 0; }), "users");
  EXPECT_EQ(field([](Workload* w) { w->requests = 0; }), "requests");
  EXPECT_EQ(field([](Workload* w) { w->arrival = Arrival::kPoisson; }), "arrival_rate");
  EXPECT_EQ(field([](Workload* w) { w->prompt.mean = std::nan(""); }), "prompt_tokens");
  EXPECT_EQ(field([](Workload* w) { w->output.mean = -1; }), "output_tokens");
  EXPECT_EQ(field([](Workload* w) { w->think_time = 1e300; }), "think_time");
}

TEST(Workload, ReadsAnObjectAndNamesTheMemberThatIsWrong) {
  Workload defaults;
  defaults.users = 7;
  defaults.prompt.mean = 1000;
  defaults.output.mean = 100;
  const auto read = [&](const char* text) {
    return ReadWorkload(*Json::Parse(text, "w"), defaults, "workload");
  };
  const Workload same = *read("{}");
  EXPECT_EQ(same.arrival, Arrival::kClosedLoop);
  EXPECT_EQ(same.users, 7);
  const Workload full = *read(
      R"({"arrival":"poisson","arrival_rate":2.5,"requests":90,"turns":4,"think_time":1.5,"system_prompt":64,)"
      R"("seed":9,"ttft_ms":500,"tpot_ms":40,"prompt_shape":"uniform","output_shape":"lognormal","spread":0.25})");
  EXPECT_EQ(full.arrival, Arrival::kPoisson);
  EXPECT_EQ(full.rate, 2.5);
  EXPECT_EQ(full.requests, 90);
  EXPECT_EQ(full.turns, 4);
  EXPECT_EQ(full.think_time, 1.5);
  EXPECT_EQ(full.system_prompt, 64);
  EXPECT_EQ(full.seed, 9);
  EXPECT_EQ(full.objective.ttft_ms, 500);
  EXPECT_EQ(full.objective.tpot_ms, 40);
  EXPECT_EQ(full.prompt.shape, LengthShape::kUniform);
  EXPECT_EQ(full.prompt.deviation, 250);
  EXPECT_EQ(full.output.shape, LengthShape::kLogNormal);
  EXPECT_EQ(full.output.deviation, 25);
  const Workload server = *read(
      R"({"scheduler_recv_interval":10,"batch_wait_timeout_iters":20,"batch_wait_max_tokens_ratio":0.5})");
  EXPECT_EQ(server.poll, 10);
  EXPECT_EQ(server.hold, 20);
  EXPECT_EQ(server.hold_share, 0.5);
  EXPECT_EQ(server.most_of_prompt, 0);
  EXPECT_EQ(read(R"({"long_prefill_token_threshold":"2k"})")->most_of_prompt, 2048);
  EXPECT_EQ(read(R"({"prompt_shape":"chat","spread":0.1})")->prompt.deviation, 1000 * kChatDeviation);
  const auto field = [&](const char* text) {
    const Result<Workload> wrong = read(text);
    return wrong.ok() ? std::string() : wrong.error().field;
  };
  EXPECT_EQ(field(R"({"users":0})"), "workload.users");
  EXPECT_EQ(field(R"({"turns":1.5})"), "workload.turns");
  EXPECT_EQ(field(R"({"arrival_rate":-1})"), "workload.arrival_rate");
  EXPECT_EQ(field(R"({"arrival_rate":"2"})"), "workload.arrival_rate");
  EXPECT_EQ(field(R"({"arrival":5})"), "workload.arrival");
  EXPECT_EQ(field(R"({"output_shape":"bell"})"), "workload.output_shape");
  EXPECT_EQ(field(R"({"spread":"wide"})"), "workload.spread");
  EXPECT_EQ(field(R"({"seed":1e300})"), "workload.seed");
  EXPECT_EQ(field(R"([])"), "workload");
}

TEST(Workload, TokensAreTakenAsPeopleWriteThem) {
  const Result<Json> json = Json::Parse(
      R"({"system_prompt":"2k","input_len":"4K tokens","output_len":{"mean":"1k","max":"2k"}})", "w");
  ASSERT_TRUE(json.ok());
  const Result<Workload> read = ReadWorkload(*json, Workload(), "w");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->system_prompt, 2048);
  EXPECT_EQ(read->prompt.mean, 4096);
  EXPECT_EQ(read->output.mean, 1024);
  EXPECT_EQ(read->output.most, 2048);
  const Result<Json> bad = Json::Parse(R"({"system_prompt":"2q"})", "w");
  EXPECT_FALSE(ReadWorkload(*bad, Workload(), "w").ok());
  const Result<Json> users = Json::Parse(R"({"users":"2k"})", "w");
  EXPECT_FALSE(ReadWorkload(*users, Workload(), "w").ok());
}

TEST(Workload, DrawsHaveTheMeansThatAreAskedFor) {
  Workload workload;
  workload.arrival = Arrival::kPoisson;
  workload.rate = 4;
  workload.requests = 4000;
  workload.prompt.mean = 500;
  SetShape("lognormal", 1, &workload.prompt);
  workload.output.mean = 100;
  const Result<RequestList> list = GenerateRequests(workload);
  ASSERT_TRUE(list.ok());
  double prompts = 0, before = 0;
  for (const Request& request : list->requests) {
    prompts += static_cast<double>(request.prompt);
    EXPECT_GE(request.arrival, before);
    before = request.arrival;
  }
  EXPECT_NEAR(prompts / 4000, 500, 30);
  EXPECT_NEAR(before, 1000, 50) << "4000 requests, four a second";
}

TEST(Workload, TurnsHoldWhatWasSaidBefore) {
  Workload workload;
  workload.requests = 6;
  workload.turns = 3;
  workload.system_prompt = 50;
  workload.prompt.mean = 100;
  workload.output.mean = 20;
  const Result<RequestList> list = GenerateRequests(workload);
  ASSERT_TRUE(list.ok());
  const int64_t prompts[] = {100, 220, 340, 100, 220, 340};
  for (size_t i = 0; i < 6; ++i) EXPECT_EQ(list->requests[i].prompt, prompts[i]) << i;
  EXPECT_EQ(list->requests[2].after, 1);
  EXPECT_EQ(list->requests[3].after, -1);
}

TEST(Workload, PromptsAreSentAgain) {
  Workload workload;
  workload.requests = 30;
  workload.different_prompts = 7;
  workload.prompt = {LengthShape::kUniform, 200, 100, 1, 1000};
  workload.output.mean = 5;
  const Result<RequestList> list = GenerateRequests(workload);
  ASSERT_TRUE(list.ok());
  ASSERT_EQ(list->beginnings.size(), 7u);
  for (size_t i = 0; i < 30; ++i) {
    EXPECT_EQ(list->requests[i].prompt, list->requests[i % 7].prompt);
    EXPECT_EQ(list->requests[i].beginning, static_cast<int32_t>(i % 7));
    EXPECT_EQ(list->BeginningTokens(list->requests[i]), list->requests[i].prompt - 1);
  }
  workload.different_prompts = -1;
  EXPECT_EQ(GenerateRequests(workload).error().field, "different_prompts");
}

// Whatever the order of the rows, requests come by their arrivals; those of one moment as they stand in the trace.
TEST(Workload, ATraceIsTakenInTheOrderOfItsArrivals) {
  const auto prompts = [](std::vector<TraceRow> rows) {
    Workload workload;
    workload.trace = std::move(rows);
    const Result<RequestList> list = GenerateRequests(workload);
    std::vector<int64_t> taken;
    for (const Request& request : list->requests) taken.push_back(request.prompt);
    return taken;
  };
  EXPECT_EQ(prompts({{2, 20, 1, 0}, {1, 10, 1, 0}, {2, 21, 1, 0}, {0, 5, 1, 0}}),
            (std::vector<int64_t>{5, 10, 20, 21}));
  EXPECT_EQ(prompts({{0, 9, 1, 0}, {0, 8, 1, 0}, {3, 7, 1, 0}}), (std::vector<int64_t>{9, 8, 7}));
}

TEST(Workload, ReadsTheSchedulingPolicy) {
  const auto read = [](const char* json) {
    return ReadWorkload(*Json::Parse(json, ""), Workload(), "workload");
  };
  EXPECT_TRUE(read(R"({"scheduling_policy":"priority"})")->by_priority);
  EXPECT_FALSE(read(R"({"scheduling_policy":"fcfs"})")->by_priority);
  EXPECT_EQ(read(R"({"scheduling_policy":"lifo"})").error().field, "workload.scheduling_policy");
  EXPECT_EQ(read(R"({"different_prompts":20})")->different_prompts, 20);
}

}  // namespace
}  // namespace plimsoll
