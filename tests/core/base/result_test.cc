#include "core/base/result.h"

#include "gtest/gtest.h"

namespace plimsoll {
namespace {

TEST(Result, HoldsAValueOrAnError) {
  const Result<int> value(3);
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(*value, 3);
  const Result<int> error(Error{"tp", "\"three\"", "a whole number from 1 to 4096"});
  ASSERT_FALSE(error.ok());
  EXPECT_EQ(error.error().Message(), "tp cannot be \"three\"; give a whole number from 1 to 4096");
}

TEST(Result, QuotedIsOneShortPrintableLine) {
  EXPECT_EQ(Quoted("a\nb\x01"), "\"a?b?\"");
  EXPECT_EQ(Quoted(std::string(100, 'x')), "\"" + std::string(80, 'x') + "…\"");
  // 79 letters and a two-byte letter: the cut must not split the letter.
  const std::string split = std::string(79, 'x') + "é" + "tail";
  EXPECT_EQ(Quoted(split), "\"" + std::string(79, 'x') + "…\"");
}

TEST(Result, QuotesAtMostEightyCharacters) {
  EXPECT_EQ(Quoted(std::string(80, 'a')), "\"" + std::string(80, 'a') + "\"");
  EXPECT_EQ(Quoted(std::string(81, 'a')), "\"" + std::string(80, 'a') + "…\"");
}

}  // namespace
}  // namespace plimsoll
