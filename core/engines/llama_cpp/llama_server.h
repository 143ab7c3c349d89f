// llama-server at work: how it drives a step, its slots, and the metrics that it exports.
#ifndef PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_SERVER_H_
#define PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_SERVER_H_

#include "core/resolve/report.h"
#include "core/resolve/resolved.h"
#include "core/schedule/metrics.h"
#include "core/schedule/scheduler.h"
#include "core/speed/step_style.h"

namespace plimsoll {

// Gbit/s between this machine and its RPC servers: as given, or gigabit Ethernet.
double NodeLinkOf(const Resolved& resolved);

StepStyle LlamaStyle(const Resolved& resolved);
void SetUpLlamaServer(const Resolved& resolved, const Report& report, SchedulerSetup* setup);
const MetricNames& LlamaMetrics();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_SERVER_H_
