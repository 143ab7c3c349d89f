// A command that starts an engine, as a configuration: its program's options and environment by the engine's
// own table and release.
#ifndef PLIMSOLL_CORE_CHECK_ENGINE_COMMAND_H_
#define PLIMSOLL_CORE_CHECK_ENGINE_COMMAND_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/catalog/catalog.h"
#include "core/check/check_result.h"
#include "core/check/invocation.h"

namespace plimsoll {

// A shell script, or one line of it.
std::optional<Result<CheckResult>> ReadCommandText(std::string_view text, const Catalog& catalog);

// Programs of one engine that belong together (a server's and its client's), from any kind of text. `said` is
// what the text tells beside them: comments, and words such as "name==1.2.3".
struct CommandSource {
  std::string what;  // "Docker Compose file"; empty: a plain command
  std::vector<Invocation> invocations;
  std::vector<std::string> comments;
  std::vector<std::string> unknown_variables;
  std::string version;  // that something else than an image tells
};
CheckResult ReadInvocations(const CommandSource& source, const Catalog& catalog);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CHECK_ENGINE_COMMAND_H_
