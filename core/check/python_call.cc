#include "core/check/python_call.h"

#include <algorithm>
#include <utility>

#include "core/base/text.h"
#include "core/check/engine_command.h"
#include "core/check/python_value.h"
#include "core/engines/registry.h"

namespace plimsoll {
namespace {

constexpr size_t kMostMembers = 256;

bool IsNameChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// The class's name at a place where it is called: "LLM(", "vllm.LLM (".
size_t FindCall(std::string_view text, std::string_view name) {
  for (size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
    size_t after = at + name.size();
    while (after < text.size() && text[after] == ' ') ++after;
    const bool whole = at == 0 || !IsNameChar(text[at - 1]);
    if (whole && after < text.size() && text[after] == '(') return after;
  }
  return std::string_view::npos;
}

// The members of a keyword's dictionary that are options themselves: options={"num_ctx": 8192}.
std::vector<PythonArgument> WithNested(std::string_view text, std::vector<PythonArgument> arguments,
                                       std::string_view nested) {
  // LLM(**options), where options = {…} or dict(…) stands above.
  for (size_t i = 0; i < arguments.size() && arguments.size() < kMostMembers; ++i) {
    const std::string spread = arguments[i].name.empty() ? arguments[i].value : std::string();
    if (!spread.starts_with("**")) continue;
    std::optional<size_t> place = FindAssigned(text, std::string_view(spread).substr(2), arguments[i].begin);
    if (!place) continue;
    const bool call = text.substr(*place).starts_with("dict(");
    if (!call && text[*place] != '{') continue;
    const std::optional<std::vector<PythonArgument>> members =
        call ? ReadArguments(text, *place + 4) : ReadMembers(text, *place);
    if (!members) continue;
    arguments.erase(arguments.begin() + static_cast<std::ptrdiff_t>(i));
    arguments.insert(arguments.end(), members->begin(), members->end());
    break;
  }
  if (nested.empty()) return arguments;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].name != nested) continue;
    const size_t open = arguments[i].value_begin;
    if (open >= text.size() || text[open] != '{') return arguments;
    std::optional<std::vector<PythonArgument>> members = ReadMembers(text, open);
    if (!members) return arguments;
    arguments.erase(arguments.begin() + static_cast<std::ptrdiff_t>(i));
    arguments.insert(arguments.end(), members->begin(), members->end());
    return arguments;
  }
  return arguments;
}

}  // namespace

std::optional<Result<CheckResult>> ReadPythonText(std::string_view text, const Catalog& catalog) {
  if (static_cast<int64_t>(text.size()) > kMaxCommandBytes || text.find('(') == std::string_view::npos)
    return std::nullopt;
  for (const Engine* engine : Engines()) {
    const EngineLanguage* language = engine->language();
    if (language == nullptr) continue;
    for (const EngineClass& row : language->classes) {
      const size_t open = FindCall(text, row.name);
      if (open == std::string_view::npos || text.find(row.module) == std::string_view::npos) {
        if (open == std::string_view::npos || !row.usual) continue;
      }
      std::optional<std::vector<PythonArgument>> arguments = ReadArguments(text, open);
      if (!arguments) continue;
      Invocation invocation;
      invocation.engine = engine;
      invocation.language = language;
      for (const EngineProgram& program : language->programs) {
        if (program.table == row.table && invocation.program == nullptr) invocation.program = &program;
      }
      if (invocation.program == nullptr) continue;
      invocation.defaults = row.defaults;
      const bool nested =
          std::any_of(arguments->begin(), arguments->end(),
                      [&](const PythonArgument& argument) { return argument.name == row.nested; });
      if (!nested) invocation.within = row.nested;
      bool first = true;
      for (PythonArgument& argument : WithNested(text, *std::move(arguments), row.nested)) {
        std::string name = argument.name.empty() ? std::string(row.positional) : "--" + argument.name;
        if (argument.name.empty() && (!first || argument.value.starts_with("*"))) continue;
        first = false;
        if (argument.value == "None") continue;
        invocation.given.push_back(
            {std::move(name), std::move(argument.value), argument.begin, argument.end, argument.value_begin});
        invocation.end = argument.end;
      }
      // os.environ["A"] = "b" sets the environment of what is started.
      for (size_t at = text.find("os.environ["); at != std::string_view::npos;
           at = text.find("os.environ[", at + 1)) {
        const size_t close = text.find(']', at);
        const size_t equal = close == std::string_view::npos ? close : text.find('=', close);
        if (equal == std::string_view::npos) break;
        const std::string name = PythonValue(text, text.substr(at + 11, close - at - 11));
        const size_t end = std::min(text.find('\n', equal), text.size());
        invocation.variables.emplace_back(name, PythonValue(text, text.substr(equal + 1, end - equal - 1)));
      }
      CommandSource source;
      source.what = "Python script";
      source.invocations.push_back(std::move(invocation));
      for (size_t at = text.find("# plimsoll:"); at != std::string_view::npos;
           at = text.find("# plimsoll:", at + 1)) {
        source.comments.emplace_back(text.substr(at, std::min(text.find('\n', at), text.size()) - at));
      }
      return ReadInvocations(source, catalog);
    }
  }
  return std::nullopt;
}

}  // namespace plimsoll
