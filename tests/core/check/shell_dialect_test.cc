#include "core/check/shell_dialect.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace plimsoll {
namespace {

TEST(ShellDialect, WhatOnlyOneShellHasTellsIt) {
  for (const char* text :
       {"$env:CUDA_VISIBLE_DEVICES=\"0\"\nrun", "PS C:\\x> run", "run `\n -a", "& .\\run.exe -a",
        "$ctx = 8\nrun -c $ctx", "(base) PS D:\\> run", "$Env:A = 1; run"}) {
    EXPECT_EQ(DialectOf(text), ShellDialect::kPowerShell) << text;
  }
  for (const char* text : {"set A=b\nrun", "run ^\n -a", "@echo off\nrun", "C:\\work>run -a",
                           "run -m %MODEL%", "REM first\nrun", "set \"A=b\"\nrun"}) {
    EXPECT_EQ(DialectOf(text), ShellDialect::kCommandPrompt) << text;
  }
  for (const char* text : {"export A=b\nrun", "run \\\n -a", "set -e\nrun", "set -gx A b\nrun",
                           "A=b run --temp 50%", "$ run -a", "echo $A", "run --at '%h:%m'", ""}) {
    EXPECT_EQ(DialectOf(text), ShellDialect::kPosix) << text;
  }
}

TEST(ShellDialect, PromptsAreMeasured) {
  for (const char* prompt : {"$ ", "> ", ">>> ", "  $ ", "PS C:\\Users\\x> ", "C:\\work>", "D:\\a b> ",
                             "me@box:~/x$ ", "root@c0ffee:/workspace# ", "[me@box dir]$ ", "(venv) $ ",
                             "(base) me@box:~$ ", "(env) root@box:/# "}) {
    // What remains is the command, with a blank in front of it where a mark ends in none.
    const std::string line = std::string(prompt) + "run -a b";
    const std::string rest = line.substr(PromptLength(line));
    EXPECT_EQ(rest.substr(std::min(rest.find_first_not_of(' '), rest.size())), "run -a b") << prompt;
  }
  for (const char* line : {"run -a > log", "C:\\x\\run.exe -a > log", "# a comment", "run a@b # said", "",
                           "A='$ ' run me@box"}) {
    EXPECT_EQ(PromptLength(line), 0U) << line;
  }
}

}  // namespace
}  // namespace plimsoll
