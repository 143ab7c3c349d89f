#include "core/base/base64.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

TEST(Base64, MatchesRfc4648) {
  EXPECT_EQ(EncodeBase64Url(""), "");
  EXPECT_EQ(EncodeBase64Url("f"), "Zg");
  EXPECT_EQ(EncodeBase64Url("fo"), "Zm8");
  EXPECT_EQ(EncodeBase64Url("foobar"), "Zm9vYmFy");
  EXPECT_EQ(EncodeBase64Url("\xff\xfe\xfd"), "__79");
  EXPECT_EQ(DecodeBase64Url("__79"), "\xff\xfe\xfd");
  EXPECT_EQ(DecodeBase64Url("//79"), "\xff\xfe\xfd");
  EXPECT_EQ(DecodeBase64Url("Zm9vYg=="), "foob");
  EXPECT_EQ(DecodeBase64Url("Z"), std::nullopt);
  EXPECT_EQ(DecodeBase64Url("Zm 8"), std::nullopt);
}

}  // namespace
}  // namespace plimsoll
