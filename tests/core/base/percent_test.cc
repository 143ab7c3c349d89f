#include "core/base/percent.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

TEST(Percent, LeavesWhatAFragmentMayHold) {
  EXPECT_EQ(PercentEncode("abz-AZ09._~,:@/"), "abz-AZ09._~,:@/");
  EXPECT_EQ(PercentEncode("a b&c=d#%"), "a%20b%26c%3Dd%23%25");
  EXPECT_EQ(PercentEncode("é"), "%C3%A9");
  EXPECT_EQ(PercentEncode(""), "");
}

TEST(Percent, ReadsEitherCaseAndRefusesWhatIsCutShort) {
  EXPECT_EQ(PercentDecode("a%2fb%2F"), "a/b/");
  EXPECT_EQ(PercentDecode("%C3%A9"), "é");
  EXPECT_EQ(PercentDecode("a+b"), "a+b") << "a plus is no space in a fragment";
  for (const char* bad : {"%", "a%2", "%zz", "%2g", "%%20"})
    EXPECT_EQ(PercentDecode(bad), std::nullopt) << bad;
}

TEST(Percent, ReadsBackEveryByte) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(PercentDecode(PercentEncode(all)), all);
}

}  // namespace
}  // namespace plimsoll
