#include "core/engines/llama_cpp/llama_version.h"

#include <gtest/gtest.h>

#include <string>

namespace plimsoll {
namespace {

TEST(LlamaVersion, ReadsLlamaCppBuildsAndDates) {
  const Result<EngineVersion> fork = ReadLlamaVersion("ik", "engine_version");
  ASSERT_TRUE(fork.ok()) << "the fork is answered as far as it is the same";
  EXPECT_EQ(fork->text, "ik");
  EXPECT_EQ(ReadLlamaVersion("b7446", "v")->date, 20251218);
  EXPECT_EQ(ReadLlamaVersion("2026-05-02", "v")->date, 20260502);
  EXPECT_EQ(ReadLlamaVersion("2026-05", "v")->date, 20260501);
  EXPECT_EQ(ReadLlamaVersion("2026-05", "v")->number, 0);
  // Halfway between b5000 (2025-04-01) and b5500 (2025-05-27): 28 of 56 days.
  EXPECT_EQ(ReadLlamaVersion("5250", "v")->date, 20250429);
  int32_t before = 0;
  for (int build = 1; build < 12000; build += 37) {
    const int32_t date = ReadLlamaVersion(std::to_string(build), "v")->date;
    EXPECT_GE(date, before);
    before = date;
  }
}

TEST(LlamaVersion, TheNewestWhenEmpty) { EXPECT_EQ(ReadLlamaVersion("", "v")->text, "b10800"); }

TEST(LlamaVersion, RefusesWhatIsNeitherBuildNorDate) {
  for (const char* text : {"b", "0", "b0", "2026-13", "2026-02-30", "2026-", "b12x", "99999999999"}) {
    EXPECT_FALSE(ReadLlamaVersion(text, "engine_version").ok()) << text;
  }
}

}  // namespace
}  // namespace plimsoll
