// A Report as JSON, under the contract's names, with what people read of it. Byte counts are integers.
#ifndef PLIMSOLL_CORE_ESTIMATE_REPORT_JSON_H_
#define PLIMSOLL_CORE_ESTIMATE_REPORT_JSON_H_

#include <string>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/catalog/catalog.h"
#include "core/config/config.h"
#include "core/resolve/report.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

Json ReportToJson(const Resolved& resolved, const Report& report);

// estimate --json in one call: byte-identical in both builds.
Result<std::string> EstimateJson(const Config& config, const Catalog& catalog, int indent);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ESTIMATE_REPORT_JSON_H_
