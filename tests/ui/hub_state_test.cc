#include "web/hub_state.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/shipped_catalog.h"
#include "web/app_state.h"

namespace plimsoll {
namespace {

constexpr const char* kFetched =
    R"({"repository":"Org/Repo","revision":"abc","gguf":"","ggufs":[{"path":"a/M-Q8_0.gguf","size":8500000000}],
        "config":{"model":{"architectures":["LlamaForCausalLM"],"model_type":"llama","torch_dtype":"bfloat16",
        "num_hidden_layers":32,"hidden_size":4096,"intermediate_size":14336,"num_attention_heads":32,
        "num_key_value_heads":8,"vocab_size":128256,"max_position_embeddings":8192,"tie_word_embeddings":false,
        "_name_or_path":"Org/Repo"}},"file":null})";

TEST(HubState, WhatTheCatalogHasIsTakenAndNobodyIsAsked) {
  AppState state(ShippedCatalog());
  ASSERT_TRUE(state.DispatchJson(R"({"view.hub":{"name":"Qwen/Qwen3-32B-AWQ"}})"));
  EXPECT_EQ(state.config().model, "qwen3-32b");
  EXPECT_EQ(state.config().format.AsString(), "awq-int4");
  EXPECT_EQ(state.view.asked, 0);
}

TEST(HubState, WhatIsFetchedBecomesTheModelUntilAnotherIsChosen) {
  AppState state(ShippedCatalog());
  ASSERT_TRUE(state.DispatchJson(R"({"view.hub":{"name":"Org/Repo","token":"secret"}})"));
  EXPECT_EQ(state.view.ask, "fetch-model");
  EXPECT_NE(state.hub.RequestText().find("secret"), std::string::npos);
  EXPECT_EQ(state.hub.ShownText().find("secret"), std::string::npos);
  EXPECT_EQ(state.FragmentText().find("secret"), std::string::npos);
  ASSERT_TRUE(state.TakeHubJson(kFetched));
  EXPECT_EQ(state.hub.stage, HubState::Stage::kTaken);
  EXPECT_EQ(state.report().weights.total_params, 8030261248);
  ASSERT_TRUE(state.Dispatch({{"model", Json("qwen3-8b")}}));
  EXPECT_EQ(state.hub.stage, HubState::Stage::kNone);
}

TEST(HubState, ARefusalLeavesEverythingAsItWas) {
  AppState state(ShippedCatalog());
  const Config before = state.config();
  state.AskHub("Org/Repo");
  EXPECT_FALSE(state.TakeHubJson(R"({"error":"it is not there"})"));
  EXPECT_EQ(state.hub.text, "it is not there");
  EXPECT_FALSE(state.TakeHubJson(
      R"({"config":{"model":{"architectures":["NobodyKnowsThis"],"model_type":"nobody","hidden_size":64}}})"));
  EXPECT_NE(state.hub.text.find("NobodyKnowsThis"), std::string::npos);
  EXPECT_FALSE(state.TakeHubJson("[1"));
  state.AskHub("no repository");
  EXPECT_EQ(state.hub.stage, HubState::Stage::kFailed);
  EXPECT_EQ(state.config(), before);
}

TEST(HubState, AGgufIsNamedWithItsSize) {
  EXPECT_EQ(GgufLabel("a/M-Q8_0.gguf", 8500000000), "M-Q8_0.gguf, 8.5 GB");
  EXPECT_EQ(GgufLabel("M-Q8_0.gguf", -1), "M-Q8_0.gguf");
}

}  // namespace
}  // namespace plimsoll
