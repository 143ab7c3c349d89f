// Which member of a Resolved holds a key of the configuration: the one list behind taking what was given and
// showing what it came to. A key without a row is plain: it resolves to what was given.
#ifndef PLIMSOLL_CORE_RESOLVE_RESOLVED_KEYS_H_
#define PLIMSOLL_CORE_RESOLVE_RESOLVED_KEYS_H_

#include "core/base/json.h"
#include "core/config/config.h"
#include "core/config/config_keys.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

// Takes every given value that the engine takes and that has a member of its own; what was not given, and
// what is another engine's, keeps the initial value of Resolved. REQUIRES: resolved->engine.
void TakeGivenKeys(const Config& config, Resolved* resolved);

// What a key came to, in the form that SetConfigValue reads; null: it does not apply to the engine, or is
// off.
Json ResolvedValue(const Resolved& resolved, const ConfigKey& key);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_RESOLVE_RESOLVED_KEYS_H_
