#include "core/check/check_json.h"

#include <gtest/gtest.h>

#include "core/check/check.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

TEST(CheckJson, CarriesTheContractsKeys) {
  const Result<CheckResult> result = Check("#m=qwen3-32b&q=awq-int4&g=rtx-4090&ctx=40960", ShippedCatalog());
  ASSERT_TRUE(result.ok());
  const Json json = CheckToJson(*result, ShippedCatalog());
  for (const char* key : {"kind", "config", "understood", "not_understood", "problems", "measured",
                          "predicted", "failure", "report"}) {
    EXPECT_TRUE(json.Has(key)) << key;
  }
  EXPECT_EQ(json.Find("kind")->AsString(), "link");
  const Json* failure = json.Find("failure");
  for (const char* key : {"stage", "missing_bytes", "cause", "fixes"}) EXPECT_TRUE(failure->Has(key)) << key;
  ASSERT_FALSE(failure->Find("fixes")->items().empty());
  for (const Json& fix : failure->Find("fixes")->items()) {
    ASSERT_TRUE(fix.Has("set") && fix.Has("cost"));
    EXPECT_TRUE(fix.Find("set")->is_object());
    EXPECT_FALSE(fix.Find("cost")->AsString().empty());
  }
  for (const Json& problem : json.Find("problems")->items()) {
    for (const char* key : {"code", "option", "message", "fix"}) EXPECT_TRUE(problem.Has(key)) << key;
  }
  EXPECT_TRUE(json.Find("report")->Has("fits"));
}

TEST(CheckJson, WithoutAnAnswerThereIsNoReport) {
  const Json json = CheckToJson(CheckResult(), ShippedCatalog());
  EXPECT_TRUE(json.Find("report")->is_null());
  EXPECT_TRUE(json.Find("failure")->is_null());
}

TEST(CheckJson, EffectsAreNamed) {
  EXPECT_EQ(ReadEffectName(ReadEffect::kKey), "key");
  EXPECT_EQ(ReadEffectName(ReadEffect::kFree), "free");
  EXPECT_EQ(ReadEffectName(ReadEffect::kNotModelled), "not_modelled");
}

}  // namespace
}  // namespace plimsoll
