// What a log's figures say beside ours: each with its prediction, what a failure was, which setting caused it
// and what would mend it, and by how much this machine differs (a calibration to take).
#ifndef PLIMSOLL_CORE_CHECK_LOG_DIAGNOSIS_H_
#define PLIMSOLL_CORE_CHECK_LOG_DIAGNOSIS_H_

#include <optional>
#include <string_view>

#include "core/base/result.h"
#include "core/catalog/catalog.h"
#include "core/check/check_result.h"
#include "core/config/config.h"

namespace plimsoll {

struct StartupLog;

// Fills `predicted`, `failure`, `calibration`, and the problems that follow. The configuration and the
// measured figures of the log are in `result` already.
void Diagnose(const StartupLog& log, const Catalog& catalog, CheckResult* result);

// By how much the measured figures differ from what is predicted for the configuration: nothing where they
// say nothing about it. `config` carries no calibration.
std::optional<Calibration> CalibrationOf(const Config& config, const std::vector<CheckMetric>& measured,
                                         const Catalog& catalog);

// A reader of core/check/check.h: nothing where the text is no log.
std::optional<Result<CheckResult>> ReadLogText(std::string_view text, const Catalog& catalog);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CHECK_LOG_DIAGNOSIS_H_
