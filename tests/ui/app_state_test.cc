#include "web/app_state.h"

#include <gtest/gtest.h>

#include "core/estimate/report_json.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

TEST(AppState, StartsWithAnAnswer) {
  AppState state(ShippedCatalog());
  EXPECT_TRUE(state.report().fits());
  EXPECT_TRUE(state.notice().empty());
}

TEST(AppState, ALinkRoundTrips) {
  AppState state(ShippedCatalog());
  ASSERT_TRUE(state.LoadFragment("#m=llama-3.1-70b&q=awq-int4&g=rtx-4090&ctx=16384"));
  EXPECT_EQ(state.FragmentText(), "m=llama-3.1-70b&q=awq-int4&g=rtx-4090&ctx=16384");
}

// What a newer page wrote into a link is still there after this one has changed something.
TEST(AppState, ALinkLosesNothing) {
  AppState state(ShippedCatalog());
  ASSERT_TRUE(state.LoadFragment("#m=llama-3.1-8b&future=a%20b&g=rtx-4090&other"));
  EXPECT_EQ(state.FragmentText(), "m=llama-3.1-8b&g=rtx-4090&future=a%20b&other");
  EXPECT_NE(state.notice().find("future"), std::string::npos);
  ASSERT_TRUE(state.Dispatch({{"max_model_len", Json(4096)}}));
  EXPECT_EQ(state.FragmentText(), "m=llama-3.1-8b&g=rtx-4090&ctx=4096&future=a%20b&other");
  // The same configuration by a link without them.
  const int64_t version = state.version();
  ASSERT_TRUE(state.LoadFragment("m=llama-3.1-8b&g=rtx-4090&ctx=4096"));
  EXPECT_EQ(state.FragmentText(), "m=llama-3.1-8b&g=rtx-4090&ctx=4096");
  EXPECT_GT(state.version(), version) << "so that the address bar follows";
  // Another configuration altogether brings its own.
  ASSERT_TRUE(state.LoadFragment("m=llama-3.1-8b&future=1"));
  ASSERT_TRUE(state.LoadJson(R"({"model":"qwen3-8b"})"));
  EXPECT_EQ(state.FragmentText(), "m=qwen3-8b");
}

TEST(AppState, ASwitchGoesBackToTheDefaultWhereThatSaysTheSame) {
  AppState state(ShippedCatalog());
  const ConfigKey& eager = *FindConfigKey("enforce_eager");
  ASSERT_TRUE(state.Turn(eager, true));
  EXPECT_EQ(state.config().enforce_eager, true);
  ASSERT_TRUE(state.Turn(eager, false));
  EXPECT_FALSE(state.config().enforce_eager.has_value());
  const ConfigKey& caching = *FindConfigKey("enable_prefix_caching");
  ASSERT_TRUE(state.Dispatch({{"enable_prefix_caching", Json(true)}}));
  ASSERT_TRUE(state.Turn(caching, false));
  EXPECT_EQ(state.config().enable_prefix_caching, false) << "the default is on";
}

TEST(AppState, TextIsReadAsAFlagIs) {
  AppState state(ShippedCatalog());
  ASSERT_TRUE(state.Dispatch({{"gpus", Json(2)}, {"reserved_mib", Json("500,700")}})) << state.notice();
  EXPECT_EQ(state.config().reserved_mib, (std::vector<double>{500, 700}));
  ASSERT_TRUE(state.Dispatch({{"lora", Json(R"({"max_loras":2,"max_rank":32})")}})) << state.notice();
  EXPECT_EQ(state.config().lora->max_rank, 32);
  ASSERT_TRUE(state.Dispatch({{"max_model_len", Json("auto")}}));
  EXPECT_EQ(state.config().max_model_len, -1);
  EXPECT_FALSE(state.Dispatch({{"tp", Json("three")}}));
}

TEST(AppState, RefusalsKeepTheLastGoodState) {
  AppState state(ShippedCatalog());
  const Config before = state.config();
  const int64_t version = state.version();
  for (const char* fragment : {"m=no-such-model", "m=llama-3.1-8b&g=nothing", "m=llama-3.1-8b&n=-3", "m=~!!!",
                               "m=llama-3.1-8b&ctx=99999999999999999999"}) {
    EXPECT_FALSE(state.LoadFragment(fragment)) << fragment;
    EXPECT_FALSE(state.notice().empty()) << fragment;
    EXPECT_EQ(state.config(), before) << fragment;
  }
  EXPECT_EQ(state.version(), version);
  EXPECT_TRUE(state.Dispatch({{"gpus", Json(2)}}));
  EXPECT_TRUE(state.notice().empty());
}

TEST(AppState, ALinkToATabNeedsNoModel) {
  AppState fresh(ShippedCatalog());
  const Config start = fresh.config();
  for (const char* tab : {"check", "launch", "compare", "find", "map", "schedule"}) {
    AppState state(ShippedCatalog());
    ASSERT_TRUE(state.LoadFragment("m=qwen3-8b&g=h200")) << state.notice();
    ASSERT_TRUE(state.LoadFragment(std::string("t=") + tab)) << state.notice();
    EXPECT_EQ(state.tab(), tab);
    EXPECT_TRUE(state.config() == start) << tab;
    EXPECT_TRUE(state.notice().empty()) << state.notice();
  }
  // What else it sets is kept, and said; without a tab nothing is guessed.
  AppState state(ShippedCatalog());
  ASSERT_TRUE(state.LoadFragment("g=h200&t=launch")) << state.notice();
  EXPECT_EQ(state.config().model, start.model);
  EXPECT_EQ(state.config().gpu, std::vector<std::string>{"h200"});
  EXPECT_NE(state.notice().find("names no model"), std::string::npos);
  EXPECT_FALSE(state.LoadFragment("g=h200"));
  EXPECT_FALSE(state.LoadFragment("g=no-such-card&t=launch"));
}

TEST(AppState, AnotherModelDropsAContextItCannotHave) {
  AppState state(ShippedCatalog());
  ASSERT_TRUE(state.LoadFragment("m=llama-3.1-8b&g=h200&ctx=131072"));
  ASSERT_TRUE(state.Dispatch({{"model", Json("llama-2-7b")}}));
  EXPECT_EQ(state.resolved().max_model_len, 4096);
}

TEST(AppState, GgufMeansLlamaCppAndBack) {
  AppState state(ShippedCatalog());
  ASSERT_TRUE(state.Dispatch({{"format", Json("gguf-q4_k_m")}})) << state.notice();
  EXPECT_EQ(state.resolved().engine->id, "llama.cpp");
  ASSERT_TRUE(state.Dispatch({{"engine", Json("vllm")}})) << state.notice();
  EXPECT_EQ(state.resolved().format->id.rfind("gguf-", 0), std::string::npos);
}

TEST(AppState, CardsStayWhenAnotherEngineHasNoDegrees) {
  AppState state(ShippedCatalog());
  ASSERT_TRUE(state.LoadFragment("m=llama-3.1-8b&g=rtx-4090&tp=2")) << state.notice();
  ASSERT_TRUE(state.Dispatch({{"engine", Json("llama.cpp")}})) << state.notice();
  EXPECT_EQ(state.resolved().cards.size(), 2u);
  EXPECT_FALSE(state.config().tp.has_value());
  for (const Diagnostic& remark : state.report().diagnostics) EXPECT_NE(remark.code, "keys_ignored");
}

TEST(AppState, ALinkOpensATabAndCarriesIt) {
  AppState state(ShippedCatalog());
  ASSERT_TRUE(state.LoadFragment("m=llama-3.1-8b&g=rtx-4090&t=compare"));
  EXPECT_TRUE(state.notice().empty()) << state.notice();
  EXPECT_EQ(state.tab(), "compare");
  EXPECT_EQ(state.FragmentText(), "m=llama-3.1-8b&g=rtx-4090&t=compare");
  const int64_t version = state.version(), answer = state.answer_version();
  state.OpenTab("Speed");
  EXPECT_EQ(state.FragmentText(), "m=llama-3.1-8b&g=rtx-4090&t=speed");
  EXPECT_GT(state.version(), version);
  EXPECT_EQ(state.answer_version(), answer) << "nothing has to be computed again";
  ASSERT_TRUE(state.LoadFragment("m=llama-3.1-8b&g=rtx-4090"));
  EXPECT_EQ(state.tab(), kFirstTab);
}

TEST(AppState, PricesOfTheReaderTravelInTheLink) {
  AppState state(ShippedCatalog());
  ASSERT_TRUE(state.LoadFragment("m=llama-3.1-8b&g=h100-sxm"));
  ASSERT_TRUE(state.DispatchJson(R"({"view.rent":1.75})")) << state.notice();
  EXPECT_EQ(state.FragmentText(), "m=llama-3.1-8b&g=h100-sxm&price=h100-sxm.1.75");
  AppState other(ShippedCatalog());
  ASSERT_TRUE(other.LoadFragment(state.FragmentText()));
  EXPECT_EQ(other.view.cost.rents, state.view.cost.rents);
  ASSERT_TRUE(other.DispatchJson(R"({"view.rent":null})"));
  EXPECT_EQ(other.FragmentText(), "m=llama-3.1-8b&g=h100-sxm");
}

TEST(AppState, NullGoesBackToTheDefault) {
  AppState state(ShippedCatalog());
  ASSERT_TRUE(state.Dispatch({{"max_num_seqs", Json(3)}}));
  EXPECT_FALSE(state.IsDefault("max_num_seqs"));
  ASSERT_TRUE(state.Dispatch({{"max_num_seqs", Json()}}));
  EXPECT_TRUE(state.IsDefault("max_num_seqs"));
}

TEST(AppState, ReportIsWhatTheCommandPrints) {
  AppState state(ShippedCatalog());
  const auto text = EstimateJson(state.config(), ShippedCatalog(), 0);
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(state.ReportText(), *text);
}

TEST(TypedNumber, UnderstandsWhatPeopleType) {
  EXPECT_EQ(TypedNumber("16,384"), Json(16384));
  EXPECT_EQ(TypedNumber("16k"), Json(16384));
  EXPECT_EQ(TypedNumber(" 1.5M "), Json(1572864));
  EXPECT_EQ(TypedNumber("0.92"), Json(0.92));
  EXPECT_EQ(TypedNumber(""), Json());
  EXPECT_EQ(TypedNumber("many"), Json("many"));
  EXPECT_EQ(TypedNumber("1e999"), Json("1e999"));
  EXPECT_EQ(TypedNumber("k"), Json("k"));
}

}  // namespace
}  // namespace plimsoll
