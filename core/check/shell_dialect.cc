#include "core/check/shell_dialect.h"

#include <algorithm>
#include <string>

#include "core/base/text.h"

namespace plimsoll {
namespace {

constexpr size_t kMostLine = 512;    // of a line: what tells a shell stands near its ends
constexpr size_t kMostPrompt = 100;  // characters

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsNameChar(char c) { return IsLetter(c) || c == '_' || (c >= '0' && c <= '9'); }

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

size_t NameLength(std::string_view text) {
  size_t length = 0;
  while (length < text.size() && IsNameChar(text[length])) ++length;
  return length;
}

// "$name = value": no other shell has a blank there.
bool IsAssignment(std::string_view line) {
  if (!line.starts_with("$")) return false;
  const size_t name = NameLength(line.substr(1));
  const std::string_view rest = line.substr(1 + name);
  return name > 0 && (rest.starts_with(" = ") || rest.starts_with(" ="));
}

bool IsPowerShell(std::string_view line, std::string_view lower) {
  for (const std::string_view one : {"$env:", "[environment]::", "[system.environment]::"}) {
    if (lower.find(one) != std::string_view::npos) return true;
  }
  for (const std::string_view one : {"& \"", "& '", "& .\\", "& $", "start-process ", "ps>"}) {
    if (lower.starts_with(one)) return true;
  }
  return line.ends_with(" `") || IsAssignment(line);
}

// "%NAME%" is cmd.exe's; "%h" and "50%" are nobody's.
bool HasPercentName(std::string_view line) {
  for (size_t at = line.find('%'); at != std::string_view::npos; at = line.find('%', at + 1)) {
    const size_t length = NameLength(line.substr(at + 1));
    if (length > 1 && IsLetter(line[at + 1]) && line.substr(at + 1 + length).starts_with("%")) return true;
  }
  return false;
}

// "set NAME=value" and "set "NAME=value""; of other shells' `set` an option or a name alone follows.
bool IsSet(std::string_view lower) {
  if (!lower.starts_with("set ")) return false;
  std::string_view rest = Trim(lower.substr(4));
  if (rest.starts_with("\"")) rest.remove_prefix(1);
  const size_t name = NameLength(rest);
  return name > 0 && rest.substr(name).starts_with("=");
}

bool IsCommandPrompt(std::string_view line, std::string_view lower) {
  for (const std::string_view one : {"@echo ", "rem ", "setlocal", "setx "}) {
    if (lower.starts_with(one)) return true;
  }
  return line.ends_with(" ^") || IsSet(lower) || HasPercentName(line);
}

// "C:\work>": up to the first mark, which an option or a program in front of it shows to be a redirection.
size_t DrivePrompt(std::string_view line) {
  if (line.size() < 3 || !IsLetter(line[0]) || line[1] != ':' || line[2] != '\\') return 0;
  const size_t mark = line.substr(0, kMostPrompt).find('>');
  if (mark == std::string_view::npos) return 0;
  const std::string_view folder = line.substr(0, mark);
  const bool program = folder.find(" -") != std::string_view::npos ||
                       Lower(folder).find(".exe") != std::string::npos || folder.ends_with(" ");
  return program ? 0 : mark + 1;
}

// "user@host:~/work$ ", "root@box:/# ", "[user@host work]$ ".
size_t UserPrompt(std::string_view line) {
  const std::string_view head = line.substr(0, kMostPrompt);
  size_t mark = head.find("$ ");
  if (mark == std::string_view::npos) mark = head.find("# ");
  if (mark == std::string_view::npos || mark == 0) return 0;
  const std::string_view who = head.substr(0, mark);
  const bool bracketed = who.starts_with("[") && who.ends_with("]");
  const bool plain = who.find_first_of("=\"'") == std::string_view::npos &&
                     (bracketed || who.find(' ') == std::string_view::npos);
  return plain && who.find('@') != std::string_view::npos ? mark + 2 : 0;
}

}  // namespace

ShellDialect DialectOf(std::string_view text) {
  int power_shell = 0, command_prompt = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = Trim(text.substr(begin, end - begin));
    begin = end + 1;
    if (line.size() > kMostLine) line = line.substr(0, kMostLine);
    if (DrivePrompt(line) > 0) ++command_prompt;
    const size_t prompt = PromptLength(line);
    const std::string_view typed = Trim(line.substr(prompt));
    const std::string lower = Lower(typed);
    if (IsPowerShell(typed, lower) || line.substr(0, prompt).find("PS ") != std::string_view::npos) {
      ++power_shell;
    } else if (IsCommandPrompt(typed, lower)) {
      ++command_prompt;
    }
  }
  if (power_shell == 0 && command_prompt == 0) return ShellDialect::kPosix;
  return power_shell >= command_prompt ? ShellDialect::kPowerShell : ShellDialect::kCommandPrompt;
}

size_t PromptLength(std::string_view line) {
  size_t at = 0;
  bool named = false;
  const auto blanks = [&] {
    while (at < line.size() && (line[at] == ' ' || line[at] == '\t')) ++at;
  };
  blanks();
  // The environment of Python or conda that is active.
  if (at < line.size() && line[at] == '(') {
    const size_t close = line.find(") ", at);
    const size_t name = close == std::string_view::npos ? 0 : close - at - 1;
    if (name > 0 && name < 40 &&
        line.substr(at + 1, name).find_first_of(" =\"'(") == std::string_view::npos) {
      at = close + 2;
      named = true;
    }
  }
  blanks();
  const std::string_view rest = line.substr(at);
  for (const std::string_view mark : {"$ ", "> ", "% ", "# ", "More? ", ">>> ", ">> ", "... ",
                                      "\xe2\x9d\xaf ", "\xe2\x9e\x9c ", "\xce\xbb "}) {
    // A comment begins with "# ", too: only behind an environment's name is it root's prompt.
    if (rest.starts_with(mark) && (mark != "# " || named)) return at + mark.size();
  }
  if (rest.starts_with("PS ") || rest.starts_with("PS>")) {
    const size_t mark = rest.find('>');
    return mark != std::string_view::npos && mark < kMostPrompt ? at + mark + 1 : 0;
  }
  if (const size_t drive = DrivePrompt(rest)) return at + drive;
  const size_t user = UserPrompt(rest);
  return user > 0 ? at + user : 0;
}

}  // namespace plimsoll
