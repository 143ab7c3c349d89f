#include "core/check/python_value.h"

#include <gtest/gtest.h>

#include <string>

namespace plimsoll {
namespace {

TEST(PythonValue, ArgumentsEndWhereTheCallDoes) {
  const auto arguments = ReadArguments("f(a=1, b=[2, 3], c='x,)', d=g(4))", 1);
  ASSERT_TRUE(arguments);
  ASSERT_EQ(arguments->size(), 4U);
  EXPECT_EQ((*arguments)[1].value, "[2, 3]");
  EXPECT_EQ((*arguments)[2].value, "x,)");
  EXPECT_EQ((*arguments)[3].value, "g(4)");
  EXPECT_FALSE(ReadArguments("f(a=1", 1));
  EXPECT_FALSE(ReadArguments("f('", 1));
  EXPECT_FALSE(ReadArguments("(" + std::string(100000, '('), 0));
}

TEST(PythonValue, MembersHaveNamesWithOrWithoutQuotes) {
  const std::string text = "x = {'a': 1, \"b\": {\"c\": 2}, d: 'e:f'}";
  const auto members = ReadMembers(text, 4);
  ASSERT_TRUE(members);
  ASSERT_EQ(members->size(), 3U);
  EXPECT_EQ((*members)[0].name, "a");
  EXPECT_EQ((*members)[1].value, "{\"c\": 2}");
  EXPECT_EQ(text.substr((*members)[1].value_begin, 1), "{");
  EXPECT_EQ((*members)[2].name, "d");
  EXPECT_EQ((*members)[2].value, "e:f");
}

TEST(PythonValue, SumsComeToNumbers) {
  const auto value = [](const char* expression) { return PythonValue("", expression); };
  EXPECT_EQ(value("32 * 1024"), "32768");
  EXPECT_EQ(value("2**15"), "32768");
  EXPECT_EQ(value("1 << 15"), "32768");
  EXPECT_EQ(value("2 ** 3 ** 2"), "512");
  EXPECT_EQ(value("(1 + 2) * 3 - 4 // 3"), "8");
  EXPECT_EQ(value("32_768"), "32768");
  EXPECT_EQ(value("int(0.9 * 100)"), "90");
  EXPECT_EQ(value("max(2, min(8, 4))"), "4");
  EXPECT_EQ(value("10 % 4"), "2");
  EXPECT_EQ(value("-1"), "-1");
  EXPECT_EQ(value("'a' + 'b'"), "ab");
  EXPECT_EQ(value("\"a\" \"b\""), "ab");
  EXPECT_EQ(value("f'{1 + 1}b'"), "2b");
  // What no sum is stays as it is written.
  for (const char* plain :
       {"0.90", "True", "1 / 0", "2 **", "torch.float16", "[1, 2]", "x", "'a' * 2", "1 +"}) {
    EXPECT_EQ(value(plain), plain);
  }
  EXPECT_EQ(value("9 ** 99999999999"), "9223372036854775807");
}

TEST(PythonValue, NamesAreWhatTheyWereGivenLast) {
  const std::string text = "a = 2\nb: int = a * 3\na = 4\nrun(b)\na = 9\n";
  const std::string_view script = text;
  const size_t call = text.find("b)");
  EXPECT_EQ(PythonValue(script, script.substr(call, 1)), "6");
  EXPECT_EQ(FindAssigned(script, "a", call), text.find("4\n"));
  EXPECT_FALSE(FindAssigned(script, "c", call));
}

TEST(PythonValue, NamesThatStandForThemselvesEnd) {
  const std::string text = "a = b + b\nb = a + a\nrun(a)";
  const std::string_view script = text;
  EXPECT_EQ(PythonValue(script, script.substr(text.size() - 2, 1)).empty(), false);
  std::string many = "x0 = 1\n";
  for (int i = 1; i < 40; ++i) {
    many += "x" + std::to_string(i) + " = x" + std::to_string(i - 1) + " + x" + std::to_string(i - 1) + "\n";
  }
  many += "f(x39)";
  const std::string_view deep = many;
  EXPECT_FALSE(PythonValue(deep, deep.substr(many.size() - 4, 3)).empty());
}

}  // namespace
}  // namespace plimsoll
