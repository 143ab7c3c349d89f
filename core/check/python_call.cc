#include "core/check/python_call.h"

#include <algorithm>
#include <utility>

#include "core/base/text.h"
#include "core/check/engine_command.h"
#include "core/engines/registry.h"

namespace plimsoll {
namespace {

constexpr size_t kMostArgumentsOfCall = 256;

bool IsNameChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

// Behind a string that begins at `at`.
size_t SkipString(std::string_view text, size_t at) {
  const std::string_view triple = text.substr(at, 3);
  if (triple == "\"\"\"" || triple == "'''") {
    const size_t end = text.find(triple, at + 3);
    return end == std::string_view::npos ? text.size() : end + 3;
  }
  const char quote = text[at++];
  while (at < text.size() && text[at] != quote && text[at] != '\n')
    at += text[at] == '\\' ? size_t{2} : size_t{1};
  return std::min(at + 1, text.size());
}

// A value that a name was given before: MODEL = "Qwen/Qwen3-8B".
std::string_view ValueOfName(std::string_view text, std::string_view name) {
  for (size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
    const bool starts = at == 0 || text[at - 1] == '\n' || text[at - 1] == ' ' || text[at - 1] == '\t';
    size_t after = at + name.size();
    while (after < text.size() && text[after] == ' ') ++after;
    if (!starts || after + 1 >= text.size() || text[after] != '=' || text[after + 1] == '=') continue;
    const size_t end = std::min(text.find('\n', after), text.size());
    const std::string_view value = Trim(text.substr(after + 1, end - after - 1));
    return value.substr(0, value.find(" #"));
  }
  return {};
}

bool IsQuoted(std::string_view value) {
  return value.size() >= 2 && (value[0] == '"' || value[0] == '\'') && value.back() == value[0];
}

// int, float, string and container literals; products such as 32 * 1024 are worked out.
std::string Literal(std::string_view text, std::string_view value) {
  value = Trim(value);
  for (int depth = 0; depth < 4; ++depth) {
    const bool name = !value.empty() && std::all_of(value.begin(), value.end(), IsNameChar) &&
                      !(value[0] >= '0' && value[0] <= '9');
    if (!name) break;
    const std::string_view meant = ValueOfName(text, value);
    if (meant.empty()) break;
    value = meant;
  }
  if (IsQuoted(value)) return std::string(value.substr(1, value.size() - 2));
  const size_t star = value.find('*');
  if (star != std::string_view::npos && value.find_first_not_of("0123456789_ *") == std::string_view::npos) {
    int64_t product = 1;
    for (std::string_view part : SplitAt(value, '*')) {
      int64_t factor = 0;
      for (const char c : Trim(part)) {
        if (c >= '0' && c <= '9')
          factor = internal::SaturatingAdd(internal::SaturatingMultiply(factor, 10), c - '0');
      }
      product = internal::SaturatingMultiply(product, factor);
    }
    return std::to_string(product);
  }
  std::string plain(value);
  // 32_768.
  if (plain.find_first_not_of("0123456789_") == std::string::npos) {
    plain.erase(std::remove(plain.begin(), plain.end(), '_'), plain.end());
  }
  return plain;
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

}  // namespace

std::optional<std::vector<PythonArgument>> ReadArguments(std::string_view text, size_t open) {
  std::vector<PythonArgument> arguments;
  size_t at = open + 1, begin = at;
  size_t equals = std::string_view::npos;
  int depth = 0;
  const auto take = [&](size_t end) {
    const std::string_view whole = text.substr(begin, end - begin);
    if (!Trim(whole).empty() && arguments.size() < kMostArgumentsOfCall) {
      PythonArgument argument;
      size_t value = begin;
      if (equals != std::string_view::npos) {
        argument.name = std::string(Trim(text.substr(begin, equals - begin)));
        value = equals + 1;
      }
      size_t first = value;
      while (first < end &&
             (text[first] == ' ' || text[first] == '\n' || text[first] == '\t' || text[first] == '\r'))
        ++first;
      argument.begin = begin;
      while (argument.begin < end &&
             std::string_view(" \n\t\r").find(text[argument.begin]) != std::string_view::npos)
        ++argument.begin;
      argument.value_begin = first;
      argument.end = first + Trim(text.substr(first, end - first)).size();
      argument.value = Literal(text, text.substr(first, end - first));
      arguments.push_back(std::move(argument));
    }
    begin = end + 1;
    equals = std::string_view::npos;
  };
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"' || c == '\'') {
      at = SkipString(text, at);
      continue;
    }
    if (c == '#') {
      // A comment is no part of the argument behind it.
      const size_t end = std::min(text.find('\n', at), text.size());
      if (Trim(text.substr(begin, at - begin)).empty()) begin = end;
      at = end;
      continue;
    }
    if (c == '(' || c == '[' || c == '{') ++depth;
    if (c == ')' || c == ']' || c == '}') {
      if (depth == 0) {
        take(at);
        return arguments;
      }
      --depth;
    }
    if (c == ',' && depth == 0) take(at);
    const bool assigns = c == '=' && depth == 0 && equals == std::string_view::npos &&
                         (at + 1 >= text.size() || text[at + 1] != '=');
    if (assigns) equals = at;
    ++at;
  }
  return std::nullopt;
}

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
      bool first = true;
      for (PythonArgument& argument : *arguments) {
        std::string name = argument.name.empty() ? std::string(row.positional) : "--" + argument.name;
        if (argument.name.empty() && !first) continue;
        first = false;
        if (argument.name.starts_with("*")) continue;
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
        const std::string name = Literal(text, text.substr(at + 11, close - at - 11));
        const size_t end = std::min(text.find('\n', equal), text.size());
        invocation.variables.emplace_back(name, Literal(text, text.substr(equal + 1, end - equal - 1)));
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
