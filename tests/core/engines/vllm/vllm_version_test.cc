#include "core/engines/vllm/vllm_version.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

TEST(VllmVersion, ReadsVllmReleases) {
  const struct {
    const char* text;
    int64_t number;
    int32_t date;
  } cases[] = {
      {"0.10.2", 10002, 20250913},     {"v0.8.5.post1", 8005, 20250428}, {"0.6.4", 6004, 20241115},
      {"0.11.1rc3", 11001, 20251118},  {"0.10", 10000, 20250724},        {"0.9.1+cu128", 9001, 20250610},
      {"0.5.0.post1", 5000, 20240611}, {"0.10.9", 10009, 20250913},      {"1.2.3", 1002003, 20260820}};
  for (const auto& c : cases) {
    const Result<EngineVersion> version = ReadVllmVersion(c.text, "engine_version");
    ASSERT_TRUE(version.ok()) << c.text;
    EXPECT_EQ(version->number, c.number) << c.text;
    EXPECT_EQ(version->date, c.date) << c.text;
  }
}

TEST(VllmVersion, TheNewestWhenEmpty) {
  EXPECT_EQ(ReadVllmVersion("", "engine_version")->number, VllmNumber(0, 28));
}

TEST(VllmVersion, RefusesWithTheField) {
  for (const char* text : {"ik", "b4589", "0", "0.x", "0.10.2-foo", "99999999999.1", "0.1.0", "0.10.2.3"}) {
    const Result<EngineVersion> version = ReadVllmVersion(text, "engine_version");
    ASSERT_FALSE(version.ok()) << text;
    EXPECT_EQ(version.error().field, "engine_version");
  }
}

}  // namespace
}  // namespace plimsoll
