// Shell text as commands and words: quotes, continuations, comments, variables, prompts and what pasting does
// to all of them, in the spelling of Unix shells, PowerShell and cmd.exe. Nothing is ever run; what only running
// would tell stays as it stands.
#ifndef PLIMSOLL_CORE_CHECK_SHELL_WORDS_H_
#define PLIMSOLL_CORE_CHECK_SHELL_WORDS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/engines/option_parser.h"

namespace plimsoll {

using Variable = std::pair<std::string, std::string>;

struct ShellCommand {
  std::vector<Variable> variables;  // that stand before it: "A=b program"
  std::vector<ArgumentWord> words;
};

struct ShellScript {
  std::vector<ShellCommand> commands;
  std::vector<Variable> variables;  // assigned or exported by the script, in its order
  std::vector<std::string> comments;
  std::vector<std::string> unknown_variables;  // used and nowhere set: their words keep "$NAME"
};

constexpr size_t kMostShellWords = 20000;

// `offset` is where `text` begins in what was pasted; `known` variables may be used.
ShellScript SplitShell(std::string_view text, size_t offset = 0, const std::vector<Variable>& known = {});

// "${NAME:-default}" and "$NAME" in a text that is no shell's; what is nowhere set stays.
std::string FillVariables(std::string_view text, const std::vector<Variable>& known);

// The value that was set last; nullptr: none.
const std::string* FindShellVariable(const std::vector<Variable>& variables, std::string_view name);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CHECK_SHELL_WORDS_H_
