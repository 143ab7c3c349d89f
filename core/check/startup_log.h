// A log of an engine's start, as somebody has it at hand: cut off at either end, with colours, with the
// prefixes of docker, compose, Kubernetes and journald, with the ranks of a server mixed, as JSON lines,
// megabytes long. One pass over the text; what is kept does not grow with it. What its lines mean is the
// engines' own knowledge (core/engines/log_reading.h).
#ifndef PLIMSOLL_CORE_CHECK_STARTUP_LOG_H_
#define PLIMSOLL_CORE_CHECK_STARTUP_LOG_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/catalog/catalog.h"
#include "core/check/check_result.h"
#include "core/engines/log_reading.h"

namespace plimsoll {

class Engine;

// The problem that says that the card was found by what the engine divided up: what follows from its memory
// is then no prediction.
constexpr std::string_view kCardByBudget = "card_by_budget";

struct StartupLog {
  const Engine* engine = nullptr;  // nullptr: no line is any engine's
  LogReading reading;
  std::vector<std::string> card_names;  // that stand anywhere in it, as written, the most frequent first
};

StartupLog ReadStartupLog(std::string_view text);

// The figures of a log under the names of `validate`: those of the first rank, buffers added up over devices.
std::vector<std::pair<std::string, double>> MeasuredFigures(const LogReading& reading);

// The configuration that a log tells. What is not known of it is remarked on.
Config ConfigOfLog(const StartupLog& log, const Catalog& catalog, CheckResult* result);

// The best window of a server's throughput lines, as the figure of that many sequences at once.
void TakeThroughput(const LogReading& reading, CheckResult* result);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CHECK_STARTUP_LOG_H_
