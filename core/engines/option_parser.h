// The words of a command by an engine's option table: which option each belongs to, with its value.
#ifndef PLIMSOLL_CORE_ENGINES_OPTION_PARSER_H_
#define PLIMSOLL_CORE_ENGINES_OPTION_PARSER_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/engines/engine_options.h"

namespace plimsoll {

struct ArgumentWord {
  std::string text;
  size_t begin = 0, end = 0;  // where it stands in what was pasted
};

struct ParsedOption {
  EngineOption option;
  std::string name;   // as it stands there, without "=value"
  std::string value;  // several words joined by spaces
  std::string path;   // behind a dotted name
  bool has_value = false, negated = false;
  bool lacks_value = false;
  size_t first = 0, count = 0;  // words
};

struct UnknownWords {
  size_t first = 0, count = 0;
};

struct ParsedArguments {
  std::vector<ParsedOption> options;
  std::vector<size_t> positional;  // words that no option takes
  std::vector<UnknownWords> unknown;
};

constexpr size_t kMostArguments = 1024;

ParsedArguments ParseArguments(const OptionTable& table, const OptionTable* also, const OptionSyntax& syntax,
                               const std::vector<ArgumentWord>& words);

// Whether an option's or variable's value is not to be shown: tokens, keys, passwords.
bool IsSecret(std::string_view name);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_OPTION_PARSER_H_
