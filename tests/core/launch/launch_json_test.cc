#include "core/launch/launch_json.h"

#include <gtest/gtest.h>

#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

TEST(LaunchJson, SaysWhatTheCommandPrints) {
  Config config;
  config.model = "llama-3.1-8b";
  config.gpu = {"rtx-4090"};
  config.max_model_len = 8192;
  const Result<LaunchText> launch = Launch(config, ShippedCatalog(), "");
  ASSERT_TRUE(launch.ok()) << launch.error().Message();
  const Result<Expectation> expected = Expect(config, ShippedCatalog(), launch->form);
  ASSERT_TRUE(expected.ok()) << expected.error().Message();
  const Json json = LaunchToJson(*launch, *expected);
  EXPECT_EQ(json.Find("text")->AsString(), launch->text);
  EXPECT_EQ(json.Find("form")->AsString(), "vllm-serve");
  EXPECT_EQ(json.Find("download_bytes")->AsInt(), launch->download.count());
  EXPECT_EQ(json.Find("expect")->items().size(), expected->lines.size());
  ASSERT_EQ(json.Find("metrics")->items().size(), expected->metrics.size());
  EXPECT_EQ(json.Find("metrics")->items()[0].Find("name")->AsString(), expected->metrics[0].name);
  EXPECT_EQ(json.Find("alerts")->AsString(), expected->alerts);
}

}  // namespace
}  // namespace plimsoll
