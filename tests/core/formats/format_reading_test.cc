#include "core/formats/format_reading.h"

#include <gtest/gtest.h>

#include "tests/support/json_text.h"

namespace plimsoll {
namespace {

using namespace format_reading;  // NOLINT(google-build-using-namespace)

TEST(FormatReading, FieldsAreAPath) {
  EXPECT_EQ(Field("", "group_size"), "group_size");
  EXPECT_EQ(Field("format", "group_size"), "format.group_size");
  const Error error = BadField("format", "bits", Json("nine"), "a number");
  EXPECT_EQ(error.field, "format.bits");
  EXPECT_NE(error.given.find("nine"), std::string::npos);
  EXPECT_EQ(error.accepted, "a number");
}

TEST(FormatReading, NullIsNotSet) {
  const Json null, zero(0), yes(true);
  EXPECT_FALSE(IsSet(nullptr));
  EXPECT_FALSE(IsSet(&null));
  EXPECT_TRUE(IsSet(&zero));
  EXPECT_TRUE(ReadFlag(nullptr, true));
  EXPECT_FALSE(ReadFlag(nullptr, false));
  EXPECT_TRUE(ReadFlag(&yes, false));
  EXPECT_TRUE(ReadFlag(&zero, true)) << "no switch at all";
}

TEST(FormatReading, GroupSizes) {
  const struct {
    const char* json;
    bool ok;
    int64_t size;
  } cases[] = {{"128", true, 128}, {"-1", true, 0},       {"0", true, 0},        {"1048576", true, 1048576},
               {"-2", false, 7},   {"1048577", false, 7}, {"\"128\"", false, 7}, {"null", true, 7}};
  for (const auto& c : cases) {
    WeightScheme scheme;
    scheme.group_size = 7;
    const Json json = JsonOfText(c.json);
    EXPECT_EQ(ReadGroupSize(&json, "f", "group_size", &scheme).has_value(), !c.ok) << c.json;
    EXPECT_EQ(scheme.group_size, c.size) << c.json;
  }
}

TEST(FormatReading, Bits) {
  const struct {
    const char* json;
    bool ok;
  } cases[] = {{"2", true}, {"8", true}, {"1", false}, {"9", false}, {"4.5", false}, {"null", true}};
  for (const auto& c : cases) {
    int32_t bits = 0;
    const Json json = JsonOfText(c.json);
    EXPECT_EQ(!ReadBits(&json, "f", "bits", &bits).has_value(), c.ok) << c.json;
  }
  int32_t bits = 0;
  const Json three(3);
  ReadBits(&three, "", "bits", &bits);
  EXPECT_EQ(bits, 3);
}

TEST(FormatReading, BlockSizes) {
  WeightScheme scheme;
  const Json pair = JsonOfText("[64,32]"), square = JsonOfText("16");
  EXPECT_FALSE(ReadBlockSize(&pair, "", "b", &scheme).has_value());
  EXPECT_EQ(scheme.block_rows, 64);
  EXPECT_EQ(scheme.block_columns, 32);
  EXPECT_FALSE(ReadBlockSize(&square, "", "b", &scheme).has_value());
  EXPECT_EQ(scheme.block_rows, 16);
  EXPECT_EQ(scheme.block_columns, 16);
  for (const char* text : {"[0,1]", "[1]", "[1,2,3]", "[1,1048577]", "\"x\""}) {
    const Json bad = JsonOfText(text);
    EXPECT_TRUE(ReadBlockSize(&bad, "", "b", &scheme).has_value()) << text;
  }
}

TEST(FormatReading, ExclusionsKeepTheirOrder) {
  WeightFormat format;
  const Json list = JsonOfText(R"(["lm_head","re:.*gate$"])");
  EXPECT_FALSE(AddExclusions(&list, "", "ignore", &format).has_value());
  ASSERT_EQ(format.rules.size(), 2u);
  EXPECT_EQ(format.rules[1].pattern, "re:.*gate$");
  EXPECT_EQ(format.rules[1].scheme, 0);
  EXPECT_TRUE(format.rules_given);
  for (const char* text : {"\"lm_head\"", "[3]", "[\"re:(a\"]"}) {
    const Json bad = JsonOfText(text);
    const std::optional<Error> error = AddExclusions(&bad, "format", "ignore", &format);
    ASSERT_TRUE(error.has_value()) << text;
    EXPECT_EQ(error->field, "format.ignore");
  }
  WeightFormat untouched;
  EXPECT_FALSE(AddExclusions(nullptr, "", "ignore", &untouched).has_value());
  EXPECT_FALSE(untouched.rules_given);
}

}  // namespace
}  // namespace plimsoll
