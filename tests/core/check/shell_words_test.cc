#include "core/check/shell_words.h"

#include <gtest/gtest.h>

#include <string>

namespace plimsoll {
namespace {

// Words apart by |, commands by a line.
std::string Split(std::string_view text) {
  std::string lines;
  for (const ShellCommand& command : SplitShell(text).commands) {
    if (!lines.empty()) lines += '\n';
    for (const Variable& variable : command.variables) lines += variable.first + ":=" + variable.second + "|";
    for (const ArgumentWord& word : command.words) lines += word.text + "|";
  }
  return lines;
}

TEST(ShellWords, QuotesAndEscapes) {
  EXPECT_EQ(Split(R"(a 'b c' "d \"e\"" f\ g)"), "a|b c|d \"e\"|f g|");
  EXPECT_EQ(Split(R"(x '{"a":"b"}' "{\"c\":1}")"), "x|{\"a\":\"b\"}|{\"c\":1}|");
  EXPECT_EQ(Split("x ''"), "x||");
}

TEST(ShellWords, LinesGoOn) {
  EXPECT_EQ(Split("a \\\n  b \\  \n c"), "a|b|c|");
  EXPECT_EQ(Split("a \\ # why\n b"), "a|b|");
  EXPECT_EQ(Split("a `\n b ^\n c"), "a|b|c|");
  // A lost "\" before an option.
  EXPECT_EQ(Split("a b\n  --c d\ne"), "a|b|--c|d|\ne|");
}

TEST(ShellWords, CommandsEnd) {
  EXPECT_EQ(Split("a; b && c | d & e"), "a|\nb|\nc|\nd|\ne|");
  EXPECT_EQ(Split("a > log 2>&1 b"), "a|b|");
}

TEST(ShellWords, VariablesAreFilledIn) {
  EXPECT_EQ(Split("export M=x\nL=8\nrun $M ${L} ${N:-7} \"-$M-\" '$M'"), "run|x|8|7|-x-|$M|");
  const ShellScript script = SplitShell("run $NOBODY");
  ASSERT_EQ(script.unknown_variables.size(), 1U);
  EXPECT_EQ(script.unknown_variables[0], "NOBODY");
  EXPECT_EQ(Split("A=1 B='2 3' run"), "A:=1|B:=2 3|run|");
}

TEST(ShellWords, WhatPastingAddsGoes) {
  EXPECT_EQ(Split("$ run\n> --more"), "run|--more|");
  EXPECT_EQ(Split("PS C:\\Users\\x> run"), "run|");
  EXPECT_EQ(Split("me@box:~/x$ run --a"), "run|--a|");
  EXPECT_EQ(Split("run \xe2\x80\x93\x6d x \xe2\x80\x9c"
                  "a b\xe2\x80\x9d"),
            "run|--m|x|a b|");
}

TEST(ShellWords, CommentsAreKept) {
  const ShellScript script = SplitShell("# one\nrun # two\n");
  ASSERT_EQ(script.comments.size(), 2U);
  EXPECT_EQ(script.comments[1], " two");
  EXPECT_EQ(Split("run a#b"), "run|a#b|");
}

TEST(ShellWords, WordsSayWhereTheyStand) {
  const ShellScript script = SplitShell("run 'a b'  c", 10);
  const std::vector<ArgumentWord>& words = script.commands[0].words;
  EXPECT_EQ(words[1].begin, 14U);
  EXPECT_EQ(words[1].end, 19U);
  EXPECT_EQ(words[2].begin, 21U);
}

TEST(ShellWords, PowerShellSaysItsOwnWay) {
  EXPECT_EQ(Split("$env:A = '1,2'; $m = \"D:\\x\\y.gguf\"\n& .\\run.exe -m $m -n $Env:a `\n -c 8"),
            ".\\run.exe|-m|D:\\x\\y.gguf|-n|1,2|-c|8|");
  const ShellScript script =
      SplitShell("$env:A=\"0,1\"\n$b = 2\n[Environment]::SetEnvironmentVariable('C', \"3\", 'User')\nrun");
  ASSERT_EQ(script.variables.size(), 2U);  // $b is the shell's own
  EXPECT_EQ(script.variables[0], Variable("A", "0,1"));
  EXPECT_EQ(script.variables[1], Variable("C", "3"));
  EXPECT_TRUE(script.unknown_variables.empty());
  EXPECT_EQ(script.commands.size(), 1U);
}

TEST(ShellWords, CommandPromptSaysItsOwnWay) {
  EXPECT_EQ(Split("@echo off\nREM what's here\nset M=D:\\a b\\y.gguf\nC:\\x>run.exe -m \"%M%\" ^\n -c 8"),
            "echo|off|\nrun.exe|-m|D:\\a b\\y.gguf|-c|8|");
  const ShellScript script = SplitShell("set A=0,1\nset \"B=2 3\"\nsetx C 4\nset D=5&& run");
  ASSERT_EQ(script.variables.size(), 4U);
  EXPECT_EQ(script.variables[0], Variable("A", "0,1"));
  EXPECT_EQ(script.variables[1], Variable("B", "2 3"));
  EXPECT_EQ(script.variables[2], Variable("C", "4"));
  EXPECT_EQ(script.variables[3], Variable("D", "5"));
  EXPECT_EQ(Split("run 50%% %NOBODY%"), "run|50%%|%NOBODY%|");
}

TEST(ShellWords, FishAndCshSetVariables) {
  const ShellScript script = SplitShell("set -gx A 0,1\nset -x B 2\nsetenv C 3\nset -e\nrun");
  ASSERT_EQ(script.variables.size(), 3U);
  EXPECT_EQ(script.variables[0], Variable("A", "0,1"));
  EXPECT_EQ(script.variables[2], Variable("C", "3"));
}

TEST(ShellWords, WindowsPathsKeepTheirMarks) {
  EXPECT_EQ(Split("C:\\x\\run.exe -m .\\y.gguf a\\ b"), "C:\\x\\run.exe|-m|.\\y.gguf|a b|");
}

TEST(ShellWords, AnApostropheIsNoQuote) {
  EXPECT_EQ(Split("echo what's up\nrun 'a b'"), "echo|what's|up|\nrun|a b|");
  EXPECT_EQ(Split("run it's 'a b'"), "run|its a|b|");  // another closes it, as in any shell
}

TEST(ShellWords, AnythingEnds) {
  for (const std::string& text :
       {std::string("'"), std::string("\""), std::string("$"), std::string("${"), std::string("$("),
        std::string("\\"), std::string("$env:"), std::string("$a ="), std::string("set A="),
        std::string("[Environment]::SetEnvironmentVariable("), std::string("%A%%B"), std::string(300000, '&'),
        std::string(300000, '\\'), std::string(300000, '$'), std::string(100000, '"'), std::string("a\0b", 3),
        std::string("\xff\xfe")}) {
    EXPECT_LE(SplitShell(text).commands.size(), kMostShellWords);
  }
}

TEST(ShellWords, ArraysAreSpreadWhereTheyStand) {
  const ShellScript script =
      SplitShell("A=(--x 1 # one\n  --y \"2 3\"\n)\nA+=(--z)\nrun \"${A[@]}\" ${A[*]} \"${B[@]}\" end\n");
  ASSERT_EQ(script.commands.size(), 1U);
  std::string words;
  for (const ArgumentWord& word : script.commands[0].words) words += "[" + word.text + "]";
  EXPECT_EQ(words, "[run][--x][1][--y][2 3][--z][--x][1][--y][2 3][--z][${B[@]}][end]");
}

TEST(ShellWords, OptionsOfAVariableAreWordsAndTextIsOne) {
  const ShellScript script = SplitShell("O=\"--x 1 --y 'a b'\"\nT=\"a b\"\nrun $O \"$O\" ${T}\n");
  ASSERT_EQ(script.commands.size(), 1U);
  std::string words;
  for (const ArgumentWord& word : script.commands[0].words) words += "[" + word.text + "]";
  EXPECT_EQ(words, "[run][--x][1][--y][a b][--x 1 --y 'a b'][a b]");
}

TEST(ShellWords, ArraysOfThemselvesEnd) {
  (void)SplitShell("A=(${A[@]} ${A[@]} x)\nA+=(${A[@]} ${A[@]})\nrun ${A[@]}");
  std::string text = "A=(x x x x x x x x x x)\n";
  for (int i = 0; i < 40; ++i) text += "A+=(${A[@]} ${A[@]})\n";
  EXPECT_LE(SplitShell(text + "run ${A[@]}").commands.size(), 1U);
  (void)SplitShell("A=(");
  (void)SplitShell("A=(\\");
  (void)SplitShell("X='-a $X $X'\nrun $X");
}

}  // namespace
}  // namespace plimsoll
