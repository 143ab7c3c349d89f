#include "core/base/loose_json.h"

#include <gtest/gtest.h>

#include <string>

namespace plimsoll {
namespace {

std::string Loose(std::string_view text) {
  const std::optional<Json> value = ParseLooseJson(text);
  return value ? value->Dump() : "nothing";
}

TEST(LooseJson, ReadsJson) {
  EXPECT_EQ(Loose(R"({"method":"mtp","n":1})"), R"({"method":"mtp","n":1})");
  EXPECT_EQ(Loose(R"( [1, 2.5, null, true] )"), "[1,2.5,null,true]");
}

TEST(LooseJson, ReadsWhatAShellLeavesOfIt) {
  EXPECT_EQ(Loose("{method:mtp,num_speculative_tokens:1}"), R"({"method":"mtp","num_speculative_tokens":1})");
  EXPECT_EQ(Loose("{'image': 2, 'video': 0,}"), R"({"image":2,"video":0})");
  EXPECT_EQ(Loose("[True, None, qwen3:8b]"), R"([true,null,"qwen3:8b"])");
}

TEST(LooseJson, BracketsThatDoNotCloseAreNothing) {
  for (const char* text : {"{", "[1", "{a", "{a:", "\"x", "{} {}", "[1] x"})
    EXPECT_EQ(Loose(text), "nothing") << text;
  EXPECT_EQ(Loose(std::string(100000, '[')), "nothing");
}

TEST(LooseJson, BareWordsAreNumbersOrText) {
  EXPECT_EQ(ScalarOf("16k").AsString(), "16k");
  EXPECT_EQ(ScalarOf("-1").AsInt(), -1);
  EXPECT_EQ(ScalarOf("0.9").AsDouble(), 0.9);
  EXPECT_TRUE(ScalarOf("null").is_null());
}

TEST(LooseJson, ReadsAValueInTheMiddleOfAText) {
  size_t at = 2;
  const std::optional<Json> value = ReadLooseJson("x=[1,2] y", &at);
  ASSERT_TRUE(value);
  EXPECT_EQ(value->Dump(), "[1,2]");
  EXPECT_EQ(at, 7U);
}

}  // namespace
}  // namespace plimsoll
