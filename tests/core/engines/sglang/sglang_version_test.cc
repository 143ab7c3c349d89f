#include "core/engines/sglang/sglang_version.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

int64_t NumberOf(std::string_view text) {
  const Result<EngineVersion> version = ReadSglangVersion(text, "engine_version");
  return version.ok() ? version->number : -1;
}

TEST(SglangVersion, ReadsWhatReleasesAreCalled) {
  EXPECT_EQ(NumberOf("0.5.9"), SglangNumber(0, 5, 9));
  EXPECT_EQ(NumberOf("v0.4.6.post2"), SglangNumber(0, 4, 6, 2));
  EXPECT_EQ(NumberOf("0.5.3rc1"), SglangNumber(0, 5, 3));
  EXPECT_EQ(NumberOf("0.5"), SglangNumber(0, 5));
  EXPECT_EQ(NumberOf("0.5.6-cu129-amd64"), SglangNumber(0, 5, 6)) << "an image's tag";
  EXPECT_EQ(NumberOf("0.5.10+cu130"), SglangNumber(0, 5, 10));
}

TEST(SglangVersion, PostReleasesAreInOrder) {
  EXPECT_LT(NumberOf("0.4.6"), NumberOf("0.4.6.post1"));
  EXPECT_LT(NumberOf("0.4.6.post5"), NumberOf("0.4.7"));
  EXPECT_LT(NumberOf("0.4.10.post2"), NumberOf("0.5.0rc0"));
}

TEST(SglangVersion, TheNewestWhereNoneIsNamed) {
  const Result<EngineVersion> newest = ReadSglangVersion("", "engine_version");
  ASSERT_TRUE(newest.ok());
  EXPECT_EQ(newest->text, "0.5.18");
  EXPECT_EQ(newest->date, 20260820);
  EXPECT_EQ(ReadSglangVersion("0.4.9", "engine_version")->date, 20250623) << "the last day that is known";
}

TEST(SglangVersion, ADateMeansTheNewestReleaseOfThatDay) {
  const Result<EngineVersion> march = ReadSglangVersion("2025-03-15", "engine_version");
  ASSERT_TRUE(march.ok());
  EXPECT_EQ(march->text, "0.4.4") << "of 13 March";
  EXPECT_EQ(march->number, SglangNumber(0, 4, 4));
  EXPECT_EQ(march->date, 20250313);
  EXPECT_EQ(NumberOf("2025-03-12"), SglangNumber(0, 4, 3)) << "the day before";
  EXPECT_EQ(NumberOf("2026-05"), SglangNumber(0, 5, 10)) << "a month is its first day";
  EXPECT_EQ(NumberOf("2099-01"), SglangNumber(0, 5, 18));
}

TEST(SglangVersion, RefusesWhatIsNone) {
  for (const char* text : {"2024-12-03", "2025-02-30", "latest", "0.3.6", "1", "0.5.x", "0.4.6.post", "b4589",
                           "0.5.1 beta", "0.9999.1"}) {
    const Result<EngineVersion> version = ReadSglangVersion(text, "engine_version");
    ASSERT_FALSE(version.ok()) << text;
    EXPECT_EQ(version.error().field, "engine_version");
  }
}

}  // namespace
}  // namespace plimsoll
