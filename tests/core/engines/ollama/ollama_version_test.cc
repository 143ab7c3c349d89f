#include "core/engines/ollama/ollama_version.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

TEST(OllamaVersion, ReleasesAreReadAsTheyAreWritten) {
  for (const char* text : {"0.32.14", "v0.32.14", "0.32.14-rc1", "0.32.14-rocm"}) {
    const Result<EngineVersion> version = ReadOllamaVersion(text, "engine_version");
    ASSERT_TRUE(version.ok()) << text;
    EXPECT_EQ(version->text, "0.32.14");
    EXPECT_EQ(version->number, OllamaRelease(0, 32, 14));
    EXPECT_EQ(version->date, 20260815);
  }
  EXPECT_EQ(ReadOllamaVersion("0.30", "v")->number, OllamaRelease(0, 30));
  EXPECT_EQ(ReadOllamaVersion("", "v")->text, "0.32.15");
  EXPECT_EQ(ReadOllamaVersion("2026-04-16", "v")->text, "0.21.0");
  EXPECT_EQ(ReadOllamaVersion("2026-06", "v")->text, "0.30.0");
}

TEST(OllamaVersion, WhatIsNoReleaseIsRefused) {
  for (const char* text : {"b4589", "0", "0.32.14.2", "0.32.", "1000.0.0", "0.0.5", "latest"}) {
    const Result<EngineVersion> version = ReadOllamaVersion(text, "engine_version");
    ASSERT_FALSE(version.ok()) << text;
    EXPECT_NE(version.error().Message().find("a release of ollama"), std::string::npos);
  }
}

// The file LLAMA_CPP_VERSION of the tags, and "ggml update to b6840" of the commits before there was one.
TEST(OllamaVersion, TheBuildInsideARelease) {
  const struct {
    const char* release;
    int64_t build;
  } rows[] = {{"0.30.0", 9452},   {"0.30.3", 9479},  {"0.30.8", 9509},   {"0.31.1", 9840},
              {"0.32.1", 9888},   {"0.32.5", 10091}, {"0.32.13", 10380}, {"0.32.14", 10434},
              {"0.32.15", 10488}, {"0.34.3", 10488}, {"0.24.0", 7437},   {"0.13.5", 7437},
              {"0.13.2", 7108},   {"0.12.11", 6840}};
  for (const auto& row : rows) {
    EXPECT_EQ(LlamaBuildIn(*ReadOllamaVersion(row.release, "v")).number, row.build) << row.release;
  }
  const EngineVersion old = LlamaBuildIn(*ReadOllamaVersion("0.9.6", "v"));
  EXPECT_EQ(old.number, 0);
  EXPECT_EQ(old.date, 20250512);
  EXPECT_EQ(old.text, "llama.cpp of 2025-05");
}

TEST(OllamaVersion, NewerReleasesAreToldFromKnownOnes) {
  EXPECT_FALSE(IsBeyondKnown(*ReadOllamaVersion("0.32.15", "v")));
  EXPECT_TRUE(IsBeyondKnown(*ReadOllamaVersion("0.34.3", "v")));
}

}  // namespace
}  // namespace plimsoll
