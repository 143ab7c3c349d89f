#include "core/engines/option_parser.h"

#include <gtest/gtest.h>

#include <string>

namespace plimsoll {
namespace {

constexpr EngineOption kOptions[] = {
    {.names = "--len -l", .key = "max_model_len"},
    {.names = "--eager", .value = OptionValue::kNone, .key = "enforce_eager"},
    {.names = "-fa", .value = OptionValue::kOptional, .key = "flash_attention"},
    {.names = "--names", .value = OptionValue::kMany, .effect = OptionEffect::kFree},
};
constexpr OptionTable kTable = {kOptions, "", ""};
constexpr OptionSyntax kSyntax = {.equals = true};

// "name=value …; what is positional; what is unknown".
std::string Parsed(const std::vector<std::string>& texts) {
  std::vector<ArgumentWord> words;
  for (const std::string& text : texts) words.push_back({text, 0, 0});
  const ParsedArguments parsed = ParseArguments(kTable, nullptr, kSyntax, words);
  std::string line;
  for (const ParsedOption& option : parsed.options) {
    line += option.name + "=" + option.value + (option.lacks_value ? "!" : "") + " ";
  }
  line += ";";
  for (const size_t at : parsed.positional) line += " " + texts[at];
  line += ";";
  for (const UnknownWords& unknown : parsed.unknown) {
    for (size_t i = 0; i < unknown.count; ++i) line += " " + texts[unknown.first + i];
  }
  return line;
}

TEST(OptionParser, ValuesGoToTheirOptions) {
  EXPECT_EQ(Parsed({"model", "--len", "8", "--eager", "-l=9"}), "--len=8 --eager= -l=9 ; model;");
  EXPECT_EQ(Parsed({"--len", "-1"}), "--len=-1 ;;");
  EXPECT_EQ(Parsed({"--len", "=", "8"}), "--len=8 ;;");
}

TEST(OptionParser, WhatTakesPerhapsTakesSwitchWordsOnly) {
  EXPECT_EQ(Parsed({"-fa", "on", "x"}), "-fa=on ; x;");
  EXPECT_EQ(Parsed({"-fa", "-l", "3"}), "-fa= -l=3 ;;");
  EXPECT_EQ(Parsed({"--eager", "False", "x"}), "--eager=False ; x;");
}

TEST(OptionParser, SeveralWordsGoToOneOption) {
  EXPECT_EQ(Parsed({"--names", "a", "b", "--eager"}), "--names=a b --eager= ;;");
}

TEST(OptionParser, WhatIsUnknownKeepsItsValue) {
  EXPECT_EQ(Parsed({"--odd", "3", "--strange=4", "--len", "8"}), "--len=8 ;; --odd 3 --strange=4");
}

TEST(OptionParser, AMissingValueIsSaid) { EXPECT_EQ(Parsed({"--len", "--eager"}), "--len=! --eager= ;;"); }

TEST(OptionParser, SecretsAreKnownByTheirNames) {
  for (const char* name : {"HF_TOKEN", "--api-key", "--hf-token", "OPENAI_API_KEY", "PASSWORD"}) {
    EXPECT_TRUE(IsSecret(name)) << name;
  }
  for (const char* name : {"--tokenizer", "--max-num-batched-tokens", "--ssl-keyfile"}) {
    EXPECT_FALSE(IsSecret(name)) << name;
  }
}

}  // namespace
}  // namespace plimsoll
