#include "core/catalog/name_parts.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace plimsoll {
namespace {

TEST(NameParts, TheFormatIsTakenOffTheEndAndOutOfTheMiddle) {
  const NameParts file = SplitName("Qwen3-30B-A3B-Instruct-2507-Q4_K_M-00001-of-00002.gguf");
  EXPECT_EQ(file.words, (std::vector<std::string>{"qwen3", "30b", "a3b", "instruct", "2507"}));
  EXPECT_EQ(file.format, "gguf-q4_k_m");
  EXPECT_FALSE(file.near_format);
  EXPECT_TRUE(SplitName("model-Q4_K_XL.gguf").near_format);

  const NameParts repository = SplitName("Llama-3.1-70B-Instruct-AWQ-INT4");
  EXPECT_EQ(repository.words, (std::vector<std::string>{"llama", "3.1", "70b", "instruct"}));
  EXPECT_EQ(repository.format, "awq-int4");
  EXPECT_EQ(SplitName("phi-3_5-mini").words[1], "3.5") << "how repositories spell a point";
}

TEST(NameParts, TitlesEndWithNoType) {
  EXPECT_EQ(SplitTitle("Some Q4_K").words, (std::vector<std::string>{"some", "q4", "k"}));
  EXPECT_EQ(SplitName("some-q4_k").words, (std::vector<std::string>{"some"}));
  EXPECT_TRUE(SplitTitle("").words.empty());
}

TEST(NameParts, KeysLeaveOutWhatChangesNoShape) {
  const NameKeys keys = KeysOf(SplitTitle("Qwen3-30B-A3B-Instruct-2507"));
  EXPECT_EQ(keys.whole, "qwen330ba3binstruct2507");
  EXPECT_EQ(keys.plain, "qwen330ba3b");
  EXPECT_EQ(keys.core, "qwen330b");
  EXPECT_TRUE(keys.sized);
  EXPECT_FALSE(KeysOf(SplitTitle("deepseek-v3")).sized);
  EXPECT_FALSE(KeysOf(SplitTitle("bamba-1.5b-rb")).sized) << "whole billions alone";
}

TEST(NameParts, ASizeIsTheModelsOwnOrStays) {
  const NameParts parts = SplitTitle("DeepSeek-V3-671B");
  EXPECT_EQ(CoreWithout(671'026'419'200, parts), "deepseekv3");
  EXPECT_EQ(CoreWithout(672'000'000'000, parts), "deepseekv3671b") << "a billion more is another's";
  EXPECT_EQ(CoreWithout(0, parts), "deepseekv3671b") << "unknown";
  EXPECT_EQ(CoreWithout(0, SplitTitle("tiny-0b")), "tiny0b") << "an unknown count is no size";
}

TEST(NameParts, LastPartIsBehindTheLastSlash) {
  EXPECT_EQ(LastPart("Org/Repo"), "Repo");
  EXPECT_EQ(LastPart("C:\\models\\a.gguf"), "a.gguf");
  EXPECT_EQ(LastPart("plain"), "plain");
}

}  // namespace
}  // namespace plimsoll
