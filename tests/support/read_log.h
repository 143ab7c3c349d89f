// Reads a text by one engine's patterns alone.
#ifndef PLIMSOLL_TESTS_SUPPORT_READ_LOG_H_
#define PLIMSOLL_TESTS_SUPPORT_READ_LOG_H_

#include <string_view>
#include <vector>

#include "core/engines/log_reading.h"

namespace plimsoll {

LogReading ReadBy(const std::vector<LogPattern>& patterns, std::string_view text);
// The first figure of a metric; -1: none.
double FigureOf(const LogReading& reading, std::string_view metric);

}  // namespace plimsoll

#endif  // PLIMSOLL_TESTS_SUPPORT_READ_LOG_H_
