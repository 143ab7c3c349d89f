#include "core/base/text.h"

#include <gtest/gtest.h>

#include <limits>

namespace plimsoll {
namespace {

TEST(ReadTokens, IsTheInverseOfContextTextAndRefusesTheRest) {
  for (const int64_t tokens :
       {1LL, 512LL, 1000LL, 1024LL, 16384LL, 32768LL, 131072LL, 1048576LL, 999999999LL}) {
    EXPECT_EQ(ReadTokens(ContextText(tokens)), tokens);
    EXPECT_EQ(ReadTokens(std::to_string(tokens)), tokens);
  }
  EXPECT_EQ(ReadTokens("32K"), 32768);
  EXPECT_EQ(ReadTokens("1.5M"), 1572864);
  EXPECT_EQ(ReadTokens("16,384"), 16384);
  EXPECT_EQ(ReadTokens("16_384"), 16384);
  EXPECT_EQ(ReadTokens("128K tokens"), 131072);
  EXPECT_EQ(ReadTokens("128ktok"), 131072);
  EXPECT_EQ(ReadTokens("1 token"), 1);
  EXPECT_EQ(ReadTokens("32 k"), 32768);
  EXPECT_EQ(ReadTokens("256Ki"), 262144);
  for (const char* bad : {"",           "k",
                          "0",          "-1",
                          "1.3",        "1.3k",
                          ".5k",        "5.k",
                          "1e3",        "32kb",
                          "nan",        "inf",
                          "2000000000", "1 ",
                          "1ki",        "tokens",
                          "k tokens",   "1 tokenstokens",
                          "1,2",        "99999999999999999999"})
    EXPECT_FALSE(ReadTokens(bad)) << bad;
}

TEST(Text, SizesCarryTheirUnit) {
  EXPECT_EQ(SizeText(Bytes(0)), "0 B");
  EXPECT_EQ(SizeText(Bytes(1023)), "1,023 B");
  EXPECT_EQ(SizeText(KiB(20)), "20.0 KiB");
  EXPECT_EQ(SizeText(MiB(512)), "512 MiB");
  EXPECT_EQ(SizeText(MiBFromDouble(1.44)), "1.4 MiB");
  EXPECT_EQ(SizeText(Bytes(39800000000)), "37.1 GiB");
  EXPECT_EQ(SizeText(Bytes(39800000000), SizeUnits::kDecimal), "39.8 GB");
  EXPECT_EQ(SizeText(GiB(-2)), "-2.0 GiB");
  EXPECT_EQ(SizeText(GiB(1430)), "1,430 GiB");
  EXPECT_EQ(SizeText(GiB(64 * 1024)), "64.0 TiB");
}

TEST(Text, SizesDoNotRoundIntoALargerUnit) {
  EXPECT_EQ(SizeText(GiB(1) - Bytes(1)), "1.0 GiB");
  EXPECT_EQ(SizeText(MiB(1) - Bytes(1)), "1.0 MiB");
  EXPECT_EQ(SizeText(Bytes(std::numeric_limits<int64_t>::min())), "-8,388,608 TiB");
}

TEST(Text, GibKeepsColumnsInOneUnit) {
  EXPECT_EQ(GibText(MiB(300)), "0.3 GiB");
  EXPECT_EQ(GibText(MiB(300), SizeUnits::kBinary, 2), "0.29 GiB");
  EXPECT_EQ(GibText(GB(80), SizeUnits::kDecimal), "80.0 GB");
}

TEST(Text, CountsAreGrouped) {
  EXPECT_EQ(CountText(0), "0");
  EXPECT_EQ(CountText(999), "999");
  EXPECT_EQ(CountText(36044), "36,044");
  EXPECT_EQ(CountText(-1234567), "-1,234,567");
  EXPECT_EQ(CountText(std::numeric_limits<int64_t>::min()), "-9,223,372,036,854,775,808");
  EXPECT_EQ(CountedText(1, "sequence", "sequences"), "1 sequence");
  EXPECT_EQ(CountedText(12000, "sequence", "sequences"), "12,000 sequences");
}

TEST(Text, ContextsAndParametersAreShort) {
  EXPECT_EQ(ContextText(16384), "16k");
  EXPECT_EQ(ContextText(1048576), "1M");
  EXPECT_EQ(ContextText(20000), "20,000");
  EXPECT_EQ(ContextText(262144), "256k");
  EXPECT_EQ(ParametersText(70553706496), "70.6B");
  EXPECT_EQ(ParametersText(671026419200), "671B");
  EXPECT_EQ(ParametersText(494032768), "494M");
  EXPECT_EQ(ParametersText(1026408232448), "1.03T");
}

TEST(Text, Durations) {
  EXPECT_EQ(DurationText(Seconds(0.0031)), "3.10 ms");
  EXPECT_EQ(DurationText(Seconds(0.25)), "250 ms");
  EXPECT_EQ(DurationText(Seconds(1.24)), "1.2 s");
  EXPECT_EQ(DurationText(Seconds(151)), "2 min 31 s");
  EXPECT_EQ(DurationText(Seconds(120)), "2 min");
  EXPECT_EQ(DurationText(Seconds(3900)), "1 h 5 min");
  EXPECT_EQ(DurationText(Seconds(-1)), "?");
}

TEST(Text, DecimalsNeverPrintAnExponentOrMinusZero) {
  EXPECT_EQ(DecimalText(12.3, 2), "12.30");
  EXPECT_EQ(DecimalText(-0.001, 1), "0.0");
  EXPECT_EQ(DecimalText(1234567.5, 1), "1,234,567.5");
  EXPECT_EQ(DecimalText(std::numeric_limits<double>::quiet_NaN(), 1), "?");
  EXPECT_EQ(DecimalText(std::numeric_limits<double>::infinity(), 1), "?");
  EXPECT_EQ(DecimalText(std::numeric_limits<double>::max(), 3).find('e'), std::string::npos);
}

TEST(Text, Lists) {
  EXPECT_EQ(ListText({"a"}), "a");
  EXPECT_EQ(ListText({"a", "b"}), "a and b");
  EXPECT_EQ(ListText({"a", "b", "c"}, "or"), "a, b or c");
}

TEST(Text, SplitAtKeepsEmptyParts) {
  const std::vector<std::string_view> parts = {"a", "b", "", "c"};
  EXPECT_EQ(SplitAt("a,b,,c", ','), parts);
  EXPECT_EQ(SplitAt("", ','), std::vector<std::string_view>{""});
  EXPECT_EQ(SplitAt("a,", ',').size(), 2u);
}

TEST(Text, NearestFindsTyposAndNothingElse) {
  const std::vector<std::string_view> ids = {"llama-3.1-8b", "llama-3.1-70b", "qwen3-235b-a22b"};
  EXPECT_EQ(Nearest("lama-3.1-70b", ids), "llama-3.1-70b");
  EXPECT_EQ(Nearest("llama-3.1-80b", ids), "llama-3.1-8b");
  EXPECT_EQ(Nearest("qwen3-235b", ids), "qwen3-235b-a22b");
  EXPECT_EQ(Nearest("mistral", ids), "");
  EXPECT_EQ(Nearest("", ids), "");
  EXPECT_EQ(Nearest(std::string(100000, 'x'), ids), "");
  EXPECT_EQ(EditDistance("tp", "pt"), 1);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3);
}

TEST(Text, UnitsChangeWhereTheyRead) {
  EXPECT_EQ(SizeText(GiB(2048)), "2,048 GiB");
  EXPECT_EQ(SizeText(GiB(20 * 1024)), "20.0 TiB");
  EXPECT_EQ(SizeText(Bytes(1023)), "1,023 B");
  EXPECT_EQ(CountText(1234567), "1,234,567");
  EXPECT_EQ(CountText(-123), "-123");
  EXPECT_EQ(DurationText(Seconds(3540)), "59 min");
  EXPECT_EQ(DurationText(Seconds(3600)), "1 h");
}

}  // namespace
}  // namespace plimsoll
