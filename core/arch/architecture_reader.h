// From the keys of a Hugging Face config.json to an Architecture. The same reader serves the catalog, inline
// models and pasted files. What it does not understand is an error that names the architecture; nothing is
// guessed.
#ifndef PLIMSOLL_CORE_ARCH_ARCHITECTURE_READER_H_
#define PLIMSOLL_CORE_ARCH_ARCHITECTURE_READER_H_

#include <optional>
#include <string_view>

#include "core/arch/architecture.h"
#include "core/arch/stored_parts.h"
#include "core/base/json.h"
#include "core/base/result.h"

namespace plimsoll {

// Reads a Hugging Face config. `where` prefixes the fields of an error ("model").
// `stored` is what the catalog knows of the repository; without it the config alone decides.
// Estimates need ReadArchitecture (core/weights/read_architecture.h), which also prepares it for formats.
Result<Architecture> BuildArchitecture(const Json& config, std::string_view where,
                                       const std::optional<StoredParts>& stored = {});

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_ARCHITECTURE_READER_H_
