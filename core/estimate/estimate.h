// The one question that everything else asks: Estimate(Config, Catalog) -> Report.
//
// Pure and total: the same input gives the same report in both builds, and any input gives a report or an
// Error that names the field. A configuration that is understood but cannot run is a report with verdict
// kInvalid or kDoesNotFit.
#ifndef PLIMSOLL_CORE_ESTIMATE_ESTIMATE_H_
#define PLIMSOLL_CORE_ESTIMATE_ESTIMATE_H_

#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/catalog/catalog.h"
#include "core/config/config.h"
#include "core/resolve/inquiry.h"
#include "core/resolve/report.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

// Numbers only; a few microseconds for catalog models.
Result<Report> Estimate(const Config& config, const Catalog& catalog, Inquiry* inquiry = nullptr);

// The same for a configuration that is already resolved (the solver and the map vary one field of it).
Report EstimateResolved(const Resolved& resolved);

// What people read; built when somebody looks.
struct Explanation {
  std::string headline;  // "Does not fit: short by 15.4 GiB on one RTX 4090"
  std::string detail;    // one more sentence: why
  std::vector<Term> terms;
  std::vector<std::string> engine_log;
};
Explanation Explain(const Resolved& resolved, const Report& report);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ESTIMATE_ESTIMATE_H_
