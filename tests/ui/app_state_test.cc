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

TEST(AppState, ANewPlaceIsAnotherModelOrCard) {
  AppState state(ShippedCatalog());
  const int64_t place = state.place();
  ASSERT_TRUE(state.Dispatch({{"max_model_len", Json(2048)}}));
  EXPECT_EQ(state.place(), place);
  ASSERT_TRUE(state.Dispatch({{"gpu", Json("h200")}}));
  EXPECT_EQ(state.place(), place + 1);
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
