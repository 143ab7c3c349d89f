#include "core/check/modelfile.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/base/text.h"
#include "core/check/engine_command.h"
#include "core/engines/registry.h"

namespace plimsoll {
namespace {

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::string Upper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return upper;
}

// What a container is built of, in a file that begins alike.
bool IsOfContainers(const std::string& word) {
  for (const std::string_view one : {"RUN", "COPY", "ENTRYPOINT", "CMD", "WORKDIR", "ENV", "EXPOSE", "ARG"}) {
    if (word == one) return true;
  }
  return false;
}

// An engine that reads such files has "FROM" among its options.
bool FindReader(Invocation* invocation) {
  for (const Engine* engine : Engines()) {
    const EngineLanguage* language = engine->language();
    if (language == nullptr) continue;
    for (const EngineProgram& program : language->programs) {
      if (!FindOption(*program.table, language->syntax, "FROM")) continue;
      invocation->engine = engine;
      invocation->language = language;
      invocation->program = &program;
      return true;
    }
  }
  return false;
}

}  // namespace

std::optional<Result<CheckResult>> ReadModelfileText(std::string_view text, const Catalog& catalog) {
  if (static_cast<int64_t>(text.size()) > kMaxCommandBytes) return std::nullopt;
  Invocation invocation;
  CommandSource source;
  source.what = "Modelfile";
  bool has_model = false, in_text = false;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view whole = text.substr(begin, end - begin);
    const std::string_view line = Trim(whole);
    const size_t at = begin + (line.empty() ? 0 : static_cast<size_t>(line.data() - whole.data()));
    begin = end + 1;
    // TEMPLATE """ … """ over several lines.
    size_t quotes = 0;
    for (size_t i = line.find("\"\"\""); i != std::string_view::npos; i = line.find("\"\"\"", i + 3))
      ++quotes;
    const bool inside = in_text;
    if (quotes % 2 == 1) in_text = !in_text;
    if (inside || line.empty()) continue;
    if (line[0] == '#') {
      source.comments.emplace_back(line);
      continue;
    }
    const size_t gap = line.find_first_of(" \t");
    const std::string word = Upper(line.substr(0, gap));
    if (IsOfContainers(word)) return std::nullopt;
    if (gap == std::string_view::npos) continue;
    std::string_view rest = Trim(line.substr(gap));
    std::string name = word;
    if (word == "PARAMETER") {
      const size_t end_of_name = rest.find_first_of(" \t");
      if (end_of_name == std::string_view::npos) continue;
      name = std::string(rest.substr(0, end_of_name));
      rest = Trim(rest.substr(end_of_name));
    }
    // "from vllm import LLM" is Python.
    if (word == "FROM" && rest.find(" import ") != std::string_view::npos) return std::nullopt;
    has_model = has_model || word == "FROM";
    if (!has_model) return std::nullopt;
    const size_t value = at + static_cast<size_t>(rest.data() - line.data());
    if (rest.size() >= 2 && rest[0] == '"' && rest.back() == '"' && !rest.starts_with("\"\"\""))
      rest = rest.substr(1, rest.size() - 2);
    if (invocation.given.size() < 512)
      invocation.given.push_back({name, std::string(rest.substr(0, 4096)), at, at + line.size(), value});
    invocation.end = at + line.size();
  }
  if (!has_model || !FindReader(&invocation)) return std::nullopt;
  source.invocations.push_back(std::move(invocation));
  return ReadInvocations(source, catalog);
}

}  // namespace plimsoll
