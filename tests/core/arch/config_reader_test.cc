#include "core/arch/config_reader.h"

#include <gtest/gtest.h>

#include "tests/support/json_text.h"

namespace plimsoll {
namespace {

TEST(ConfigReader, NumbersHaveRangesOfWhichBothEndsCount) {
  const Json json =
      JsonOfText(R"({"low":1,"high":10,"under":0,"over":11,"none":null,"text":"7","whole":4.0})");
  std::optional<Error> error;
  ConfigReader reader(&json, "model", &error);
  EXPECT_EQ(reader.Int("low", 5, 1, 10), 1);
  EXPECT_EQ(reader.Int("high", 5, 1, 10), 10);
  EXPECT_EQ(reader.Int("missing", 5, 1, 10), 5);
  EXPECT_EQ(reader.Int("none", 5, 1, 10), 5) << "null is missing";
  EXPECT_EQ(reader.Int("whole", 5, 1, 10), 4);
  EXPECT_FALSE(reader.failed());
  EXPECT_EQ(reader.Int("under", 5, 1, 10), 1) << "a harmless value after an error";
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->field, "model.under");
  EXPECT_EQ(error->given, "\"0\"");
  EXPECT_EQ(error->accepted, "a whole number from 1 to 10");
  for (const char* key : {"over", "text"}) {
    std::optional<Error> own;
    ConfigReader other(&json, "", &own);
    other.Int(key, 5, 1, 10);
    ASSERT_TRUE(own.has_value()) << key;
    EXPECT_EQ(own->field, key);
  }
}

TEST(ConfigReader, OnlyTheFirstErrorIsKept) {
  const Json json = JsonOfText(R"({"a":-1,"b":-1})");
  std::optional<Error> error;
  ConfigReader reader(&json, "", &error);
  reader.Int("b", 0, 0, 9);
  reader.Int("a", 0, 0, 9);
  reader.Required("c", 0, 9);
  EXPECT_EQ(error->field, "b");
}

TEST(ConfigReader, TheFirstSpellingThatIsThereCounts) {
  const Json json = JsonOfText(R"({"n_layer":3,"num_layers":4})");
  std::optional<Error> error;
  ConfigReader reader(&json, "", &error);
  EXPECT_EQ(reader.Int({"num_hidden_layers", "n_layer", "num_layers"}, 9, 1, 100), 3);
  EXPECT_EQ(reader.Required({"num_layers", "n_layer"}, 1, 100), 4);
  EXPECT_FALSE(reader.failed());
  EXPECT_EQ(reader.Required({"hidden_size", "n_embd"}, 2, 100), 2);
  EXPECT_EQ(error->field, "hidden_size");
  EXPECT_EQ(error->given, "nothing");
}

TEST(ConfigReader, OtherTypes) {
  const Json json =
      JsonOfText(R"({"yes":true,"share":0.25,"name":"x","object":{"inner":2},"list":[1,true,3]})");
  std::optional<Error> error;
  ConfigReader reader(&json, "", &error);
  EXPECT_TRUE(reader.Bool("yes", false));
  EXPECT_TRUE(reader.Bool("missing", true));
  EXPECT_EQ(reader.Number("share", 1, 0, 1), 0.25);
  EXPECT_EQ(reader.Number("missing", 1, 0, 1), 1);
  EXPECT_EQ(reader.Text("name", "y"), "x");
  EXPECT_EQ(reader.Text("missing", "y"), "y");
  EXPECT_EQ(reader.Ints("list", 3, 0, 9), (std::vector<int64_t>{1, 1, 3})) << "true counts as one";
  EXPECT_TRUE(reader.Ints("missing", 3, 0, 9).empty());
  ConfigReader inner = reader.Object("object");
  EXPECT_EQ(inner.Int("inner", 0, 0, 9), 2);
  EXPECT_EQ(inner.where(), "object");
  EXPECT_FALSE(reader.Object("missing").Has("inner"));
  EXPECT_FALSE(error.has_value());
  inner.Int("inner", 0, 0, 1);
  EXPECT_EQ(error->field, "object.inner");
}

TEST(ConfigReader, ListsHaveTheLengthThatIsAsked) {
  const struct {
    const char* json;
    bool fails;
    std::vector<int64_t> numbers;
  } cases[] = {{R"({"k":[1,2]})", false, {1, 2}}, {R"({"k":7})", false, {7, 7}}, {R"({"k":[1]})", true, {}},
               {R"({"k":[1,2,3]})", true, {}},    {R"({"k":[1,99]})", true, {}}, {R"({"k":"12"})", true, {}}};
  for (const auto& c : cases) {
    const Json json = JsonOfText(c.json);
    std::optional<Error> error;
    ConfigReader reader(&json, "", &error);
    EXPECT_EQ(reader.Ints("k", 2, 0, 9), c.numbers) << c.json;
    EXPECT_EQ(error.has_value(), c.fails) << c.json;
  }
  const Json json = JsonOfText(R"({"k":["a","b"],"mixed":["a",1]})");
  std::optional<Error> error;
  ConfigReader reader(&json, "", &error);
  EXPECT_EQ(reader.Texts("k", 2), (std::vector<std::string_view>{"a", "b"}));
  EXPECT_FALSE(error.has_value());
  EXPECT_TRUE(reader.Texts("mixed", 2).empty());
  EXPECT_TRUE(error.has_value());
}

}  // namespace
}  // namespace plimsoll
