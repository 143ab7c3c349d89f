// The Speed, Capacity and Schedule tabs as somebody uses them.
#include <gtest/gtest.h>

#include <cmath>

#include "core/base/text.h"
#include "core/engines/settle.h"
#include "core/schedule/simulation_report.h"
#include "imgui_internal.h"
#include "tests/ui/page_driver.h"

namespace plimsoll {
namespace {

// A small load that runs.
constexpr const char* kServed = "m=llama-3.1-8b&g=h100-sxm&ctx=8192&c=4&in=512&out=128";

class LoadTabs : public ::testing::Test {
 protected:
  void Open(const char* tab, const char* fragment = kServed) {
    ASSERT_TRUE(page.state().LoadFragment(fragment)) << page.state().notice();
    page.Frames();
    page.Click(tab, "tab");
    Settle();
  }
  // Until the simulation is finished and shown.
  void Settle() {
    page.Frames(3);
    for (int i = 0; i < 2000 && (page.output.again || page.state().errands.open("schedule")); ++i)
      page.Frames(1);
    page.Frames(1);
    EXPECT_FALSE(page.output.again);
  }
  void Choose(const char* field, const char* option) {
    page.Click(field, "combobox");
    page.Click(option, "option");
    Settle();
  }
  void TypeInto(const char* field, const char* text) {
    page.Click(field);
    if (*text == 0) page.Press(ImGuiKey_Delete);
    page.Type(text);
    page.Press(ImGuiKey_Enter);
    Settle();
  }
  const Json* Member(const char* name) { return page.state().config().workload.Find(name); }

  PageDriver page = PageDriver(1440, 4000);  // all of a tab at once: what is out of sight cannot be clicked
};

TEST_F(LoadTabs, SpeedSaysWhatBoundsTheCurves) {
  Open("Speed");
  const std::string batch = page.Get("All users, tok/s", "img").value;
  EXPECT_NE(batch.find("bound by memory bandwidth"), std::string::npos) << batch;
  EXPECT_TRUE(page.Shows("Reading weights", "row"));
  EXPECT_TRUE(page.Shows("Output tokens per joule", "row"));
  EXPECT_TRUE(page.Shows("Download of the weights", "row"));
  page.Click("H200 SXM 141GB", "button");
  EXPECT_EQ(page.state().config().gpu.front(), "h200");
}

// More users than a step has room for: figures and curve read the same, and nothing collapses.
TEST_F(LoadTabs, FiguresAndCurvesAgree) {
  Open("Speed", "m=gpt-oss-120b&g=h100-sxm&n=4&ctx=16384&c=1024");
  const SpeedReport& speed = page.state().report().speed;
  EXPECT_GT(speed.decode_tokens_per_s, 5);
  const std::string total = CountText(std::llround(speed.decode_tokens_per_s_total));
  EXPECT_EQ(page.Get("Decode, all users", "figure").value.find(total), 0U);
  const std::string curve = page.Get("All users, tok/s", "img").value;
  EXPECT_NE(curve.find(" to " + total + ";"), std::string::npos) << curve << " against " << total;
}

TEST_F(LoadTabs, TheCurvesSayWhereComputeTakesOver) {
  // A card with little arithmetic for its bandwidth, and answers that leave room for many.
  Open("Speed", "m=llama-3.1-8b&g=rtx-3090&q=awq-int4&ctx=1024&in=64&out=64");
  const std::string wide = page.Get("All users, tok/s", "img").value;
  EXPECT_NE(wide.find("then compute"), std::string::npos) << wide;
}

TEST_F(LoadTabs, PricesMakeABreakEven) {
  Open("Speed");
  EXPECT_NE(page.Get("Buying pays after", "row").value.find(" hours of use"), std::string::npos)
      << "the catalog's prices stand in until others are given";
  TypeInto("Renting a card, $ per hour", "2.5");
  TypeInto("Buying a card, $", "25000");
  TypeInto("Power, $ per kWh", "0");
  EXPECT_EQ(page.Get("Buying pays after", "row").value, "10,000 hours of use, 417 days");
  TypeInto("Hours of use a day", "8");
  EXPECT_EQ(page.Get("Buying pays after", "row").value, "10,000 hours of use, 1,250 days");
  EXPECT_EQ(page.Get("Rent, all cards", "row").value, "$2.50 per hour");
  TypeInto("Power, $ per kWh", "9");
  EXPECT_EQ(page.Get("Buying pays after", "row").value, "never: power alone costs more than renting");
  TypeInto("Download, Gbit/s", "10");
  EXPECT_EQ(page.state().view.cost.link_bits_per_s, 1e10);
}

TEST_F(LoadTabs, APriceThatIsNoneIsRefused) {
  Open("Speed");
  TypeInto("Buying a card, $", "cheap");
  EXPECT_NE(page.state().notice().find("Buying a card"), std::string::npos) << page.state().notice();
  EXPECT_EQ(page.state().view.cost.usd_per_card, 0);
  TypeInto("Hours of use a day", "25");
  EXPECT_EQ(page.state().view.cost.hours_per_day, 24);
}

TEST_F(LoadTabs, OperatingPointsSayWhatUsersGet) {
  Open("Capacity");
  const SemanticNode point = page.Get("Retrieval", "button");
  EXPECT_NE(point.value.find("tok/s, first token in"), std::string::npos) << point.value;
  page.Click("Retrieval", "button");
  EXPECT_EQ(page.state().config().max_model_len, 8192);
  EXPECT_GT(page.state().config().concurrency.value_or(0), 1);
  // What the point said is what the configuration then does.
  const SpeedReport& speed = page.state().report().speed;
  EXPECT_NE(point.value.find("each " + DecimalText(speed.decode_tokens_per_s, 0) + " tok/s"),
            std::string::npos)
      << point.value << " | " << speed.decode_tokens_per_s;
}

TEST_F(LoadTabs, ACellAsksForItsUsersAtItsLength) {
  Open("Capacity");
  EXPECT_TRUE(page.Shows("4 × 8,192 tokens", "button"));  // what is asked for has its cell
  page.Click("16 × 4,096 tokens", "button");
  EXPECT_EQ(page.state().config().concurrency, 16);
  EXPECT_EQ(page.state().config().max_model_len, 4096);
  EXPECT_EQ(page.state().config().max_num_seqs, std::nullopt);  // the engine runs more than that anyway
  page.state().LoadFragment("m=llama-3.1-8b&g=h100-sxm&ctx=5000&c=10&t=capacity");
  page.Frames(3);
  EXPECT_TRUE(page.Shows("10 × 5,000 tokens", "button"));
}

TEST_F(LoadTabs, ACellOfSlotsIsAsManySlots) {
  Open("Capacity", "m=llama-3.1-8b&e=llamacpp&g=h100-sxm&ctx=8192");
  page.Click("4 × 4,096 tokens", "button");
  EXPECT_EQ(page.state().config().concurrency, 4);
  EXPECT_EQ(page.state().config().max_num_seqs, 4);
  EXPECT_EQ(page.state().config().max_model_len, 16384);
  page.Frames(3);
  // The share is that of the card's room, of which a cache twice as large takes twice as much.
  const std::string share = page.Get("4 × 4,096 tokens", "button").value;
  EXPECT_NE(share.find('%'), std::string::npos) << share;
  page.Click("32 × 4,096 tokens", "button");
  page.Frames(3);
  EXPECT_TRUE(page.state().report().fits());
  EXPECT_EQ(page.Get("4 × 4,096 tokens", "button").value, share);
}

TEST_F(LoadTabs, EveryKindOfArrivalAndLengthRuns) {
  Open("Schedule");
  EXPECT_EQ(page.Get("Requests", "combobox").value, "Users ask again");
  for (const char* arrival : {"At random (Poisson)", "Evenly spaced", "All at once", "Users ask again"}) {
    Choose("Requests", arrival);
    EXPECT_EQ(page.state().notice(), "");
    EXPECT_EQ(page.Get("Requests", "combobox").value.find(arrival), 0U) << arrival;
    ASSERT_NE(page.state().schedule.shown(), nullptr) << arrival;
    EXPECT_EQ(page.state().schedule.shown()->summary.done, page.state().schedule.shown()->summary.requests)
        << arrival;
  }
  for (const char* shape : {"Uniform", "Log-normal", "As in chat logs", "All the same"}) {
    Choose("Lengths", shape);
    EXPECT_EQ(page.Get("Lengths", "combobox").value.find(shape), 0U) << shape;
    EXPECT_GT(page.state().schedule.shown()->summary.done, 0) << shape;
  }
  EXPECT_EQ(Member("prompt_shape")->AsString(), "fixed");
}

TEST_F(LoadTabs, ALoadSurvivesItsLink) {
  Open("Schedule");
  Choose("Requests", "At random (Poisson)");
  Choose("Lengths", "As in chat logs");
  TypeInto("Requests per second, typed", "3.5");
  TypeInto("Requests in all, typed", "60");
  page.Click("Sessions, system prompt, seed");
  TypeInto("Turns of a session", "3");
  TypeInto("Seed", "7");
  TypeInto("Each token within, ms", "30");
  EXPECT_TRUE(page.Shows("Sessions per second", "slider"));
  const std::string fragment = page.state().FragmentText();
  const SimulationSummary before = page.state().schedule.shown()->summary;
  PageDriver other(1440, 4000);
  ASSERT_TRUE(other.state().LoadFragment(fragment)) << other.state().notice();
  EXPECT_EQ(other.state().config(), page.state().config());
  other.Click("Schedule", "tab");
  for (int i = 0; i < 2000 && other.output.again; ++i) other.Frames(1);
  const SimulationSummary after = other.state().schedule.shown()->summary;
  EXPECT_EQ(after.duration, before.duration);
  EXPECT_EQ(after.goodput_requests_per_s, before.goodput_requests_per_s);
  EXPECT_EQ(other.state().schedule.workload().turns, 3);
  EXPECT_EQ(other.state().schedule.workload().seed, 7);
}

// A link's load may name users and lengths of its own: the sliders show what is simulated, and change it.
TEST_F(LoadTabs, SlidersShowAndChangeWhatALinksLoadNames) {
  Open("Schedule", kServed);
  const char* const load =
      R"({"concurrency":20,"input_len":{"mean":300,"dist":"uniform","min":200,"max":400},"output_len":40,"seed":3})";
  ASSERT_TRUE(page.state().Dispatch({{"workload", *Json::Parse(load, "load")}})) << page.state().notice();
  Settle();
  const auto simulated = [&]() -> const Workload& { return page.state().schedule.workload(); };
  EXPECT_EQ(simulated().users, 20);
  EXPECT_EQ(page.Get("Users", "slider").value, "20");
  EXPECT_EQ(page.Get("Prompt tokens", "slider").value, "300");
  EXPECT_EQ(page.Get("Output tokens", "slider").value, "40");
  EXPECT_EQ(page.Get("Lengths", "combobox").value.find("Uniform"), 0U);
  EXPECT_EQ(page.Get("Requests in all", "slider").value, "160");
  TypeInto("Users, typed", "7");
  EXPECT_EQ(simulated().users, 7);
  EXPECT_EQ(page.Get("Users", "slider").value, "7");
  EXPECT_EQ(page.state().config().concurrency, 7);
  EXPECT_FALSE(page.state().config().workload.Has("concurrency"));
  TypeInto("Prompt tokens, typed", "250");
  EXPECT_EQ(simulated().prompt.mean, 250);
  EXPECT_EQ(simulated().prompt.shape, LengthShape::kUniform) << "its shape stays";
  TypeInto("Output tokens, typed", "90");
  EXPECT_EQ(simulated().output.mean, 90);
  EXPECT_EQ(simulated().seed, 3);
}

TEST_F(LoadTabs, GoodputFollowsTheLimits) {
  Open("Schedule");
  EXPECT_EQ(page.Get("Goodput", "figure").value.find("no limit set"), 0U);
  TypeInto("First token within, ms", "0.001");
  EXPECT_EQ(page.Get("Goodput", "figure").value, "0.00 req/s, 0 % within the limits");
  TypeInto("First token within, ms", "1000000");
  EXPECT_NE(page.Get("Goodput", "figure").value.find("100 % within"), std::string::npos);
  TypeInto("First token within, ms", "");
  EXPECT_EQ(page.Get("Goodput", "figure").value.find("no limit set"), 0U);
}

TEST_F(LoadTabs, PercentilesAndMetricsAreThere) {
  Open("Schedule");
  for (const char* row :
       {"Time to first token", "Time per output token", "Between two tokens", "Whole request"}) {
    EXPECT_NE(page.Get(row, "row").value.find("99 % "), std::string::npos) << row;
  }
  for (const char* metric :
       {"vllm:kv_cache_usage_perc", "vllm:num_requests_waiting", "vllm:num_preemptions_total"}) {
    EXPECT_NE(page.Get(metric, "row").value.find("alert above"), std::string::npos) << metric;
  }
  Open("Schedule", "m=llama-3.1-8b&g=h100-sxm&e=llama.cpp&q=gguf-q4_k_m&ctx=8192&c=4");
  EXPECT_TRUE(page.Shows("llamacpp:requests_deferred", "row"));
  EXPECT_FALSE(page.Shows("vllm:num_preemptions_total", "row"));
}

TEST_F(LoadTabs, TheCursorScrubsAndPlays) {
  Open("Schedule");
  page.DragTo("Time", 0.25F);
  EXPECT_NEAR(page.state().schedule.cursor, 0.25, 0.03);
  page.DragTo("Time", 1);
  EXPECT_EQ(page.state().schedule.cursor, 1);
  page.Press(ImGuiKey_Home);
  EXPECT_EQ(page.state().schedule.cursor, 0);
  page.Press(ImGuiKey_End);
  EXPECT_EQ(page.state().schedule.cursor, 1);
  page.Press(ImGuiKey_LeftArrow);
  EXPECT_NEAR(page.state().schedule.cursor, 1 - 1.0 / 64, 1e-9);
  page.Press(ImGuiKey_End);
  page.Click("Play");
  EXPECT_LT(page.state().schedule.cursor, 0.1);
  page.Frames(30);
  EXPECT_GT(page.state().schedule.cursor, 0.02);
  page.Click("Pause");
  page.Frames(3);
  const double still = page.state().schedule.cursor;
  page.Frames(10);
  EXPECT_EQ(page.state().schedule.cursor, still);
}

TEST_F(LoadTabs, ASessionTurnByTurn) {
  Open("Schedule");
  page.Click("Sessions, system prompt, seed");
  TypeInto("Turns of a session", "4");
  TypeInto("Session", "2");
  ASSERT_TRUE(page.Shows("Turn 4", "row"));
  EXPECT_EQ(page.Get("Turn 1", "row").value.find("0 cached"), 0U);
  // With room for everything a turn computes only what is new: 512 tokens and what does not fill a block.
  const std::string later = page.Get("Turn 4", "row").value;
  EXPECT_NE(later.find(" cached, 5"), std::string::npos) << later;
  EXPECT_EQ(page.Get("Session", "spinbutton").value.find("2 of "), 0U);
}

TEST_F(LoadTabs, ATraceIsShownOrRefusedByItsLine) {
  Open("Schedule");
  Choose("Requests", "From a trace (CSV)");
  EXPECT_EQ(page.state().schedule.SetTrace("arrival,prompt,output\n0,100,20\n1,x,3\n")->field,
            "trace line 3");
  EXPECT_EQ(page.state().schedule.SetTrace("0,100,20\n1,50,30\n2.5,60,40\n"), std::nullopt);
  Settle();
  EXPECT_EQ(page.state().schedule.shown()->summary.done, 3);
  EXPECT_EQ(page.state().schedule.shown()->summary.output_tokens, 90);
  Choose("Requests", "Users ask again");
  EXPECT_TRUE(page.state().schedule.trace().empty());
  EXPECT_GT(page.state().schedule.shown()->summary.done, 3);
}

TEST_F(LoadTabs, ImpossibleLoadsAreAnswered) {
  Open("Schedule", "m=llama-3.1-70b&g=t4");
  EXPECT_TRUE(page.Shows("Cannot run: there is no room for a KV cache.", "status"));
  Open("Schedule", "m=llama-3.1-8b&g=h100-sxm&ctx=4096&in=9000");
  EXPECT_EQ(page.state().schedule.shown()->summary.done, 0);
  EXPECT_TRUE(page.Shows("Cannot run: no request fits into the KV cache.", "status"));
  Open("Schedule");
  TypeInto("Users, typed", "0");
  EXPECT_NE(page.state().notice().find("concurrency"), std::string::npos) << page.state().notice();
  TypeInto("Requests in all, typed", "900000");
  EXPECT_NE(page.state().schedule.problem().find("20,000"), std::string::npos);
}

TEST_F(LoadTabs, NoTabSticksOutOnAPhone) {
  page.input.width = 390;
  page.input.height = 844;
  page.input.coarse = true;
  for (const char* tab : {"Speed", "Capacity", "Schedule"}) {
    Open(tab, "m=llama-3.1-8b&g=rtx-4090&ctx=16384&c=8");
    for (const SemanticNode& node : page.app().semantics().nodes()) {
      EXPECT_LE(node.x + node.width, 391) << tab << ' ' << node.label;
      const bool touched = node.role == "combobox" || node.role == "slider" || node.role == "spinbutton";
      if (touched) {
        EXPECT_GE(node.height, 44) << tab << ' ' << node.label;
      }
    }
  }
}

TEST_F(LoadTabs, ALoadOfTenThousandRequestsStaysInViewWhileASliderMoves) {
  Open("Schedule", "m=llama-3.1-8b&g=h100-sxm&ctx=8192&c=256&in=200&out=200&w=~eyJyZXF1ZXN0cyI6MTAwMDB9");
  EXPECT_EQ(page.state().schedule.shown()->summary.done, 10000);
  // While the slider moves, the last finished one stays in view.
  const SemanticNode slider = page.Get("Prompt tokens", "slider");
  ImGui::GetIO().AddMousePosEvent(slider.x + slider.width / 2, slider.y + slider.height / 2);
  ImGui::GetIO().AddMouseButtonEvent(0, true);
  for (int i = 0; i < 30; ++i) {
    ImGui::GetIO().AddMousePosEvent(slider.x + slider.width * (0.4F + 0.005F * static_cast<float>(i)),
                                    slider.y + slider.height / 2);
    page.Frames(1);
    EXPECT_NE(page.state().schedule.shown(), nullptr);
  }
  ImGui::GetIO().AddMouseButtonEvent(0, false);
  Settle();
  EXPECT_EQ(page.state().schedule.shown()->summary.done, 10000);
  EXPECT_EQ(page.state().schedule.workload().prompt.mean,
            static_cast<double>(page.state().resolved().prompt_tokens));
}

TEST_F(LoadTabs, ARunThatIsStoppedStandsAndStartsAgain) {
  Open("Schedule");
  page.answers = false;
  page.state().SetWorkload("requests", Json(5000));
  Errands& errands = page.state().errands;
  page.Frames(4);
  for (const Errand& errand : errands.TakeQuestions()) errands.Progress(errand.id, 0.4);
  page.Frames(60);
  EXPECT_TRUE(page.Shows("Simulating: 40 %", "status"));
  page.Click("Stop");
  EXPECT_TRUE(page.Shows("Stopped at 40 %", "status"));
  EXPECT_FALSE(errands.open("schedule"));
  page.Click("Start again");
  EXPECT_TRUE(errands.open("schedule"));
  page.answers = true;
  Settle();
  EXPECT_EQ(page.state().schedule.shown()->summary.done, 5000);
  EXPECT_FALSE(page.Shows("Stop"));
}

}  // namespace
}  // namespace plimsoll
