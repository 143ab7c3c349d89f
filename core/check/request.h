// What is sent to an engine's server: a JSON body alone, or in the code that sends it. In a shell's command it is
// that command's (core/check/invocation.h).
#ifndef PLIMSOLL_CORE_CHECK_REQUEST_H_
#define PLIMSOLL_CORE_CHECK_REQUEST_H_

#include <optional>
#include <string_view>

#include "core/base/result.h"
#include "core/catalog/catalog.h"
#include "core/check/check_result.h"

namespace plimsoll {

// {"model": "…", "options": {…}} alone.
std::optional<Result<CheckResult>> ReadRequestText(std::string_view text, const Catalog& catalog);

// requests.post("http://localhost:11434/api/chat", json={…}), fetch(…, {body: JSON.stringify({…})}).
std::optional<Result<CheckResult>> ReadSentText(std::string_view text, const Catalog& catalog);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CHECK_REQUEST_H_
