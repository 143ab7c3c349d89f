// A trace of requests, read as it comes: CSV with the columns arrival (seconds), prompt, output (tokens) and perhaps priority.
// A header line is optional, empty lines and those that begin with # are passed over. Of the text only a line that two pieces
// share is kept, so a file of any size may be fed from a small buffer.
#ifndef PLIMSOLL_CORE_CONFIG_TRACE_READER_H_
#define PLIMSOLL_CORE_CONFIG_TRACE_READER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/config/workload.h"

namespace plimsoll {

class TraceReader {
 public:
  // Errors begin with `where`.
  explicit TraceReader(std::string_view where) : where_(where) {}

  // The next bytes, cut anywhere. False: a line is wrong, or there are more than kMostRequests; the rest need not come.
  bool Feed(std::string_view piece);

  // The rows of all that was fed; an error names the line, what stands there and what is accepted. Ends the reader.
  Result<std::vector<TraceRow>> Finish();

 private:
  bool TakeLine(std::string_view line);

  std::string where_;
  std::string cut_;  // the beginning of a line whose end has not come
  int64_t lines_ = 0;
  std::vector<TraceRow> rows_;
  std::optional<Error> error_;
};

// The same of a whole text.
Result<std::vector<TraceRow>> ReadTrace(std::string_view csv, std::string_view where);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CONFIG_TRACE_READER_H_
