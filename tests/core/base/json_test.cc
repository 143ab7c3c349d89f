#include "core/base/json.h"

#include <cmath>
#include <limits>
#include <string>

#include "gtest/gtest.h"

namespace plimsoll {
namespace {

Json Parsed(std::string_view text) {
  Result<Json> result = Json::Parse(text, "test");
  EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().Message());
  return result.ok() ? *result : Json();
}

TEST(Json, KeepsOrderTypesAndNumbers) {
  const Json value = Parsed(R"({"b":1,"a":[true,null,-2.5,"x\u00e9\n"],"n":9223372036854775807,"d":1.0})");
  EXPECT_EQ(value.Dump(), "{\"b\":1,\"a\":[true,null,-2.5,\"xé\\n\"],\"n\":9223372036854775807,\"d\":1}");
  EXPECT_EQ(value.Find("n")->AsInt(), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(value.Find("d")->AsInt(), 1);
  EXPECT_EQ(value.Find("missing"), nullptr);
}

TEST(Json, AccessorsAreTotal) {
  const Json text("x");
  EXPECT_FALSE(text.AsInt().has_value());
  EXPECT_FALSE(text.AsBool().has_value());
  EXPECT_TRUE(text.items().empty());
  EXPECT_EQ(text.Find("a"), nullptr);
  EXPECT_FALSE(Json(2.5).AsInt().has_value());
  EXPECT_FALSE(Json(1e300).AsInt().has_value());
}

TEST(Json, RefusesWhatIsNotJson) {
  for (const char* text :
       {"", "{", "[1,", "{\"a\":}", "nul", "1 2", "\"\\ud800\"", "{\"a\":1,}", "[1e999]"}) {
    const Result<Json> result = Json::Parse(text, "--config");
    if (std::string_view(text) == "[1e999]") {
      // Out of a double's range: the parser refuses the number instead of storing infinity.
      EXPECT_FALSE(result.ok());
      continue;
    }
    ASSERT_FALSE(result.ok()) << text;
    EXPECT_EQ(result.error().field, "--config");
    EXPECT_FALSE(result.error().Message().empty());
  }
}

TEST(Json, LimitsDepthSizeAndCount) {
  const std::string deep = std::string(100000, '[');
  EXPECT_FALSE(Json::Parse(deep, "x").ok());
  EXPECT_FALSE(Json::Parse(std::string(100, ' ') + "1", "x", {.max_bytes = 50}).ok());
  EXPECT_FALSE(Json::Parse("[1,2,3,4]", "x", {.max_values = 3}).ok());
  EXPECT_TRUE(Json::Parse("[1,2,3,4]", "x", {.max_values = 5}).ok());
  EXPECT_TRUE(Json::Parse("[[[1]]]", "x", {.max_depth = 3}).ok());
  EXPECT_FALSE(Json::Parse("[[[1]]]", "x", {.max_depth = 2}).ok());
}

TEST(Json, DoublesReadBackTheSame) {
  for (double value : {0.1, 1.0 / 3.0, 1e21, 6.02e23, 5e-324, 123456789.125, -0.9}) {
    EXPECT_EQ(std::strtod(FormatDouble(value).c_str(), nullptr), value) << FormatDouble(value);
  }
  EXPECT_EQ(FormatDouble(0.1), "0.1");
  EXPECT_EQ(FormatDouble(std::nan("")), "null");
  EXPECT_EQ(FormatDouble(std::numeric_limits<double>::infinity()), "null");
}

TEST(Json, SetReplacesAndTheLastDuplicateWins) {
  Json object;
  object.Set("a", 1).Set("b", 2).Set("a", 3);
  EXPECT_EQ(object.Dump(), "{\"a\":3,\"b\":2}");
  EXPECT_EQ(Parsed(R"({"a":1,"a":2})").Find("a")->AsInt(), 2);
}

TEST(Json, DumpsWithIndent) {
  EXPECT_EQ(Parsed(R"({"a":[1,2],"b":{},"c":[]})").Dump(2),
            "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {},\n  \"c\": []\n}");
}

TEST(Json, AnErrorSaysWhereAndWhat) {
  const auto given = [](std::string_view text) { return Json::Parse(text, "x").error().given; };
  EXPECT_EQ(given("{\"a\": 1,\n \"b\": oops}"),
            "text that stops being JSON at line 2, column 7, at \"oops}\"");
  EXPECT_NE(given("[1, 2").find("where it ends"), std::string::npos);
  EXPECT_EQ(given("{\"a\": 1\n  \"hidden\": 2}"),
            "text that stops being JSON at line 2, column 3, at \"\"hidden\": 2}\"")
      << "the word that was not expected, from its first letter on";
  EXPECT_EQ(given(" \n"), "nothing but white space");
  EXPECT_NE(given("<!doctype html>").find("HTML page"), std::string::npos);
  EXPECT_NE(given("version https://git-lfs.github.com/spec/v1").find("Git LFS pointer"), std::string::npos);
  EXPECT_NE(given("Entry not found").find("hub's answer"), std::string::npos);
}

// Bare numbers are quoted before the text is read again, which must not move what is said of the place.
TEST(Json, AnErrorBehindABareNumberSaysWhere) {
  const auto given = [](std::string_view text) { return Json::Parse(text, "x").error().given; };
  EXPECT_EQ(given("{\"a\": NaN, \"b\": -Infinity,\n \"c\": [1, NaN oops]}"),
            "text that stops being JSON at line 2, column 15, at \"oops]}\"");
}

// Python's json module writes them; as strings they are refused only where a number is read.
TEST(Json, PythonsBareNumbersAreStrings) {
  const Json json = Parsed(R"({"limit":[-Infinity,Infinity],"a":NaN,"b":"NaN, \"Infinity"})");
  EXPECT_EQ(json.Dump(), R"({"limit":["-Infinity","Infinity"],"a":"NaN","b":"NaN, \"Infinity"})");
}

}  // namespace
}  // namespace plimsoll
