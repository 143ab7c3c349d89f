// From a Config to a Resolved, as far as looking up goes: ids to models, formats and cards, degrees of
// parallelism to cards, and every value that the configuration gives. Nothing is planned here and no engine's
// default taken; that is Settle() (core/engines/settle.h), which everybody else calls.
#ifndef PLIMSOLL_CORE_RESOLVE_RESOLVE_H_
#define PLIMSOLL_CORE_RESOLVE_RESOLVE_H_

#include <string_view>

#include "core/base/result.h"
#include "core/catalog/catalog.h"
#include "core/config/config.h"
#include "core/resolve/engine_traits.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

// Stands in where no card is named.
constexpr std::string_view kDefaultGpu = "rtx-4090";

// An Error for what cannot be understood (unknown ids, numbers out of range); what can be understood but
// cannot run (more ranks than cards) is a Diagnostic of severity kError. `config`, `catalog` and `engine`
// must outlive the result.
Result<Resolved> Resolve(const Config& config, const Catalog& catalog, const EngineTraits& engine,
                         EngineVersion version, Inquiry* inquiry);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_RESOLVE_RESOLVE_H_
