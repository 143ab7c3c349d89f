#include "core/check/request.h"

#include <string>
#include <utility>
#include <vector>

#include "core/check/engine_command.h"
#include "core/check/python_value.h"
#include "core/config/config_keys.h"
#include "core/engines/registry.h"

namespace plimsoll {
namespace {

CheckResult ReadBody(const KnownRequest& known, std::string_view body, size_t place, const Catalog& catalog) {
  CommandSource source;
  source.what = "request";
  source.invocations.push_back(InvocationOfRequest(known, body, place));
  return ReadInvocations(source, catalog);
}

// An engine's request has a model, and a member that is an option of it and no key of a configuration.
bool IsBodyOf(const EngineRequest& request, const std::vector<PythonArgument>& members) {
  bool model = false, own = false;
  for (const PythonArgument& member : members) {
    if (member.name == "model") {
      model = true;
    } else if (FindConfigKey(member.name) == nullptr) {
      own = own || member.name == request.nested || FindOption(*request.program.table, {}, member.name);
    }
  }
  return model && own;
}

}  // namespace

std::optional<Result<CheckResult>> ReadRequestText(std::string_view text, const Catalog& catalog) {
  if (static_cast<int64_t>(text.size()) > kMaxCommandBytes) return std::nullopt;
  const size_t open = text.find_first_not_of(" \t\r\n");
  if (open == std::string_view::npos || text[open] != '{') return std::nullopt;
  const std::optional<std::vector<PythonArgument>> members = ReadMembers(text, open);
  if (!members) return std::nullopt;
  for (const Engine* engine : Engines()) {
    const EngineLanguage* language = engine->language();
    if (language == nullptr) continue;
    for (const EngineRequest& request : language->requests) {
      if (IsBodyOf(request, *members)) return ReadBody({engine, &request}, text, 0, catalog);
    }
  }
  return std::nullopt;
}

std::optional<Result<CheckResult>> ReadSentText(std::string_view text, const Catalog& catalog) {
  if (static_cast<int64_t>(text.size()) > kMaxCommandBytes) return std::nullopt;
  const std::optional<KnownRequest> known = FindRequest(text);
  if (!known) return std::nullopt;
  constexpr int kMostBraces = 32;
  size_t open = text.find('{');
  for (int i = 0; i < kMostBraces && open != std::string_view::npos; ++i, open = text.find('{', open + 1)) {
    const std::optional<std::vector<PythonArgument>> members = ReadMembers(text, open);
    if (!members || !IsBodyOf(*known->request, *members)) continue;
    return ReadBody(*known, text.substr(open), open, catalog);
  }
  return std::nullopt;
}

}  // namespace plimsoll
