#include "tests/support/read_log.h"

#include "core/base/text.h"

namespace plimsoll {

LogReading ReadBy(const std::vector<LogPattern>& patterns, std::string_view text) {
  LogReading reading;
  for (const std::string_view line : SplitAt(text, '\n')) {
    for (size_t at = 0; at < line.size(); ++at) {
      for (const LogPattern& pattern : patterns) {
        if (line.substr(at, pattern.phrase.size()) != pattern.phrase) continue;
        pattern.take({line, line.substr(0, at), line.substr(at + pattern.phrase.size())}, &reading);
      }
    }
  }
  return reading;
}

double FigureOf(const LogReading& reading, std::string_view metric) {
  for (const LogFigure& figure : reading.figures) {
    if (figure.metric == metric) return figure.value;
  }
  return -1;
}

}  // namespace plimsoll
