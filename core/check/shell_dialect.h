// Which shell a text was written for, by what only that one has: "$env:X", "set X=Y", lines that end in ` or ^.
// What stands in front of a line is told here, too: prompts are pasted with what was typed.
#ifndef PLIMSOLL_CORE_CHECK_SHELL_DIALECT_H_
#define PLIMSOLL_CORE_CHECK_SHELL_DIALECT_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace plimsoll {

// cmd.exe and PowerShell write "\" in paths, and escape by another character.
enum class ShellDialect : uint8_t { kPosix, kPowerShell, kCommandPrompt };

ShellDialect DialectOf(std::string_view text);

// How many bytes of a line are a prompt: "$ ", "PS C:\> ", "user@host:~$ ", "(env) $ ", "C:\work>", ">>> ".
size_t PromptLength(std::string_view line);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CHECK_SHELL_DIALECT_H_
