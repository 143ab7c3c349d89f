#include "core/base/json_members.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

TEST(JsonMembers, WhatStandsThereOrNothingOfItsKind) {
  const Json json =
      *Json::Parse(R"({"t": "a", "n": 2.5, "c": 7, "s": true, "l": ["x", 1, "y"], "o": {"t": "b"}})", "");
  EXPECT_EQ(TextIn(json, "t"), "a");
  EXPECT_EQ(TextIn(json, "n"), "");
  EXPECT_EQ(TextIn(json, "absent"), "");
  EXPECT_EQ(NumberIn(json, "n"), 2.5);
  EXPECT_EQ(NumberIn(json, "c"), 7);
  EXPECT_EQ(NumberIn(json, "t"), 0);
  EXPECT_EQ(CountIn(json, "c"), 7);
  EXPECT_EQ(CountIn(json, "n"), 0);
  EXPECT_TRUE(SwitchIn(json, "s"));
  EXPECT_FALSE(SwitchIn(json, "c"));
  EXPECT_EQ(ItemsIn(json, "l").size(), 3u);
  EXPECT_TRUE(ItemsIn(json, "o").empty());
  EXPECT_EQ(TextsIn(json, "l"), (std::vector<std::string>{"x", "", "y"}));
  EXPECT_EQ(TextIn(Json(), "t"), "");  // no object at all
}

}  // namespace
}  // namespace plimsoll
