// A resolved configuration as JSON, and which of its values were defaults.
#ifndef PLIMSOLL_CORE_RESOLVE_RESOLVED_CONFIG_H_
#define PLIMSOLL_CORE_RESOLVE_RESOLVED_CONFIG_H_

#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

// Every key as resolved, in the contract's order, in the form that DecodeConfigJson reads; null: does not
// apply (another engine's key, or switched off).
Json ResolvedConfigJson(const Resolved& resolved);

// JSON keys that were absent and got a default, in the same order.
std::vector<std::string_view> DefaultedKeys(const Resolved& resolved);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_RESOLVE_RESOLVED_CONFIG_H_
