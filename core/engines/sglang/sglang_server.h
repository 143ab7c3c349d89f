// SGLang at work: how it drives a step, its scheduler's pool and limits, and the metrics that it exports.
#ifndef PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_SERVER_H_
#define PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_SERVER_H_

#include "core/resolve/report.h"
#include "core/resolve/resolved.h"
#include "core/schedule/metrics.h"
#include "core/schedule/scheduler.h"
#include "core/speed/step_style.h"

namespace plimsoll {

StepStyle SglangStyle(const Resolved& resolved);
void SetUpSglangServer(const Resolved& resolved, const Report& report, SchedulerSetup* setup);
const MetricNames& SglangMetrics();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_SERVER_H_
