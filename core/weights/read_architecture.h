// The whole way from a config.json to what estimates start from: the architecture, with what binding and
// laying out formats need of it.
#ifndef PLIMSOLL_CORE_WEIGHTS_READ_ARCHITECTURE_H_
#define PLIMSOLL_CORE_WEIGHTS_READ_ARCHITECTURE_H_

#include <optional>
#include <string_view>

#include "core/arch/architecture.h"
#include "core/arch/architecture_reader.h"
#include "core/base/json.h"
#include "core/base/result.h"
#include "core/weights/format_binding.h"

namespace plimsoll {

// BuildArchitecture, then PrepareFormats.
Result<Architecture> ReadArchitecture(const Json& config, std::string_view where,
                                      const std::optional<StoredParts>& stored = {});

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_WEIGHTS_READ_ARCHITECTURE_H_
