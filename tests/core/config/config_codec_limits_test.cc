// Beside config_codec_test.cc: what a hostile link may cost.
#include <gtest/gtest.h>

#include <string>

#include "core/base/base64.h"
#include "core/config/config_codec.h"
#include "core/config/config_url.h"

namespace plimsoll {
namespace {

std::string WithUnknown(int keys) {
  std::string url = "m=llama-3.1-8b";
  for (int i = 0; i < keys; ++i) url += "&zz" + std::to_string(i) + "=1";
  return url;
}

TEST(ConfigCodecLimits, SixtyFourUnknownKeysAreKeptAndOneMoreIsRefused) {
  const Result<DecodedConfig> most = DecodeConfigUrl(WithUnknown(64));
  ASSERT_TRUE(most.ok());
  EXPECT_EQ(most->unknown.size(), 64u);
  const Result<DecodedConfig> more = DecodeConfigUrl(WithUnknown(65));
  ASSERT_FALSE(more.ok());
  EXPECT_EQ(more.error().field, "url");
  EXPECT_NE(more.error().given.find("zz64"), std::string::npos) << "the one that was too much";
}

TEST(ConfigCodecLimits, ALinkBeyondItsLimitIsNotLookedAt) {
  const std::string start = "m=llama-3.1-8b&zz=";
  const auto of = [&start](int64_t bytes) {
    return start + std::string(static_cast<size_t>(bytes) - start.size(), 'x');
  };
  EXPECT_TRUE(DecodeConfigUrl(of(kMaxUrlBytes)).ok());
  EXPECT_FALSE(DecodeConfigUrl(of(kMaxUrlBytes + 1)).ok());
}

TEST(ConfigCodecLimits, Base64HasNoLengthOfOneInFour) {
  EXPECT_EQ(DecodeBase64Url("QUJD"), "ABC");
  EXPECT_EQ(DecodeBase64Url("QUI"), "AB");
  EXPECT_FALSE(DecodeBase64Url("QUJDR").has_value());
}

}  // namespace
}  // namespace plimsoll
