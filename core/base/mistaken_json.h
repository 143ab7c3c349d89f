// Which other file of a repository a JSON text is that was given as its config.json: told by keys that a model's config
// has not.
#ifndef PLIMSOLL_CORE_BASE_MISTAKEN_JSON_H_
#define PLIMSOLL_CORE_BASE_MISTAKEN_JSON_H_

#include <optional>

#include "core/base/json.h"
#include "core/base/mistaken_bytes.h"

namespace plimsoll {

// Nothing: it may be a model's config, or nobody knows what it is.
std::optional<Mistaken> MistakenJson(const Json& json);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_BASE_MISTAKEN_JSON_H_
