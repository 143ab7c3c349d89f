// The whole way from a Config to a Resolved: Resolve() looks up, then the engine decides what was left open.
// This is what estimates, the solver, the command and the page start from.
#ifndef PLIMSOLL_CORE_ENGINES_SETTLE_H_
#define PLIMSOLL_CORE_ENGINES_SETTLE_H_

#include "core/base/result.h"
#include "core/catalog/catalog.h"
#include "core/config/config.h"
#include "core/resolve/inquiry.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

// An Error for what cannot be understood; what is understood but cannot run is a Diagnostic of severity
// kError. `config` and `catalog` must outlive the result. Estimates of one answer share an `inquiry`; without
// one each has its own limit.
Result<Resolved> Settle(const Config& config, const Catalog& catalog, Inquiry* inquiry = nullptr);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_SETTLE_H_
