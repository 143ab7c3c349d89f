#include "core/config/engine_version.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

TEST(EngineVersion, ReadsVllmReleases) {
  const struct {
    const char* text;
    int64_t number;
    int32_t date;
  } cases[] = {
      {"0.10.2", 10002, 20250913},     {"v0.8.5.post1", 8005, 20250428}, {"0.6.4", 6004, 20241115},
      {"0.11.1rc3", 11001, 20251118},  {"0.10", 10000, 20250724},        {"0.9.1+cu128", 9001, 20250610},
      {"0.5.0.post1", 5000, 20240611}, {"0.10.9", 10009, 20250913},      {"1.2.3", 1002003, 20260820}};
  for (const auto& c : cases) {
    const Result<EngineVersion> version = ReadEngineVersion(EngineKind::kVllm, c.text, "engine_version");
    ASSERT_TRUE(version.ok()) << c.text;
    EXPECT_EQ(version->number, c.number) << c.text;
    EXPECT_EQ(version->date, c.date) << c.text;
  }
}

TEST(EngineVersion, NewestWhenEmpty) {
  EXPECT_EQ(ReadEngineVersion(EngineKind::kVllm, "", "engine_version")->number, VllmNumber(0, 28));
  EXPECT_EQ(ReadEngineVersion(EngineKind::kLlamaCpp, "", "engine_version")->text, "b10800");
}

TEST(EngineVersion, RefusesWithTheField) {
  for (const char* text : {"ik", "b4589", "0", "0.x", "0.10.2-foo", "99999999999.1", "0.1.0", "0.10.2.3"}) {
    const Result<EngineVersion> version = ReadEngineVersion(EngineKind::kVllm, text, "engine_version");
    ASSERT_FALSE(version.ok()) << text;
    EXPECT_EQ(version.error().field, "engine_version");
  }
  for (const char* text : {"b", "0", "b0", "2026-13", "2026-02-30", "2026-", "b12x", "99999999999"}) {
    EXPECT_FALSE(ReadEngineVersion(EngineKind::kLlamaCpp, text, "engine_version").ok()) << text;
  }
}

TEST(EngineVersion, ReadsLlamaCppBuildsAndDates) {
  const Result<EngineVersion> fork = ReadEngineVersion(EngineKind::kLlamaCpp, "ik", "engine_version");
  ASSERT_TRUE(fork.ok()) << "the fork is answered as far as it is the same";
  EXPECT_EQ(fork->text, "ik");
  EXPECT_EQ(ReadEngineVersion(EngineKind::kLlamaCpp, "b7446", "v")->date, 20251218);
  EXPECT_EQ(ReadEngineVersion(EngineKind::kLlamaCpp, "2026-05-02", "v")->date, 20260502);
  EXPECT_EQ(ReadEngineVersion(EngineKind::kLlamaCpp, "2026-05", "v")->date, 20260501);
  EXPECT_EQ(ReadEngineVersion(EngineKind::kLlamaCpp, "2026-05", "v")->number, 0);
  // Halfway between b5000 (2025-04-01) and b5500 (2025-05-27): 28 of 56 days.
  EXPECT_EQ(ReadEngineVersion(EngineKind::kLlamaCpp, "5250", "v")->date, 20250429);
  int32_t before = 0;
  for (int build = 1; build < 12000; build += 37) {
    const int32_t date = ReadEngineVersion(EngineKind::kLlamaCpp, std::to_string(build), "v")->date;
    EXPECT_GE(date, before);
    before = date;
  }
}

}  // namespace
}  // namespace plimsoll
