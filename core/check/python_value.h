// What stands in a script between brackets: the arguments of a call, the members of a dictionary or a JSON object,
// and what their values come to: literals, names that were given a value above, sums of them, f-strings. Nothing is
// run; what only running would tell stays as it is written.
#ifndef PLIMSOLL_CORE_CHECK_PYTHON_VALUE_H_
#define PLIMSOLL_CORE_CHECK_PYTHON_VALUE_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plimsoll {

struct PythonArgument {
  std::string name;   // empty: by its place
  std::string value;  // text without its quotes, numbers worked out, everything else as it stands
  size_t begin = 0, end = 0, value_begin = 0;
};

// The arguments of the call whose "(" stands at `open`; nothing where it does not close.
std::optional<std::vector<PythonArgument>> ReadArguments(std::string_view text, size_t open);

// The members of the dictionary or the JSON object whose "{" stands at `open`.
std::optional<std::vector<PythonArgument>> ReadMembers(std::string_view text, size_t open);

// A value as text; `text` is the whole script, in which its names stand.
std::string PythonValue(std::string_view text, std::string_view value);

// Where the value begins that a name was given last before `before`: MODEL = "Qwen/Qwen3-8B". Nothing: nowhere.
std::optional<size_t> FindAssigned(std::string_view text, std::string_view name, size_t before);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CHECK_PYTHON_VALUE_H_
