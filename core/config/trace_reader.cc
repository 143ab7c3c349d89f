#include "core/config/trace_reader.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/base/decimal.h"
#include "core/base/text.h"

namespace plimsoll {
namespace {

constexpr std::string_view kAccepted = "lines of arrival seconds, prompt tokens, output tokens";
constexpr size_t kLongestLine = 256;  // what stands behind is not looked at
constexpr double kMostTokens = 1 << 30;

bool IsIn(double value, double least, double most) { return value >= least && value <= most; }

bool IsSeparator(char letter) { return letter == ',' || letter == ';'; }

// Three numbers, or four, with separators between them; nothing: the line is none of that.
std::optional<std::array<double, 4>> NumbersIn(std::string_view line) {
  std::array<double, 4> values{};
  for (size_t i = 0; i < values.size(); ++i) {
    if (i == 3 && line.empty()) break;  // no priority
    size_t length = 0;
    values[i] = ReadDecimal(line, &length);
    if (length == 0) return std::nullopt;
    line.remove_prefix(length);
    while (!line.empty() && (line[0] == ' ' || line[0] == '\t')) line.remove_prefix(1);
    const bool separated = !line.empty() && IsSeparator(line[0]);
    if (i < 2 && !separated) return std::nullopt;
    if (i < 3 && separated) line.remove_prefix(1);
  }
  return values;
}

bool IsRow(const std::array<double, 4>& values) {
  return IsIn(values[0], 0, 1e9) && IsIn(values[1], 1, kMostTokens) && IsIn(values[2], 1, kMostTokens) &&
         IsIn(values[3], -1e9, 1e9) && values[3] == std::floor(values[3]);
}

}  // namespace

bool TraceReader::TakeLine(std::string_view line) {
  ++lines_;
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  if (line.empty() || line[0] == '#') return true;
  const std::optional<std::array<double, 4>> values = NumbersIn(line);
  if (!values && lines_ == 1) return true;  // a header
  if (!values || !IsRow(*values)) {
    error_ = Error{where_ + " line " + std::to_string(lines_), Quoted(line), std::string(kAccepted)};
    return false;
  }
  if (static_cast<int64_t>(rows_.size()) >= kMostRequests) {
    error_ = Error{where_, "more than 1000000 rows", std::string(kAccepted) + ", at most 1000000 of them"};
    return false;
  }
  const auto whole = [&](size_t i) { return static_cast<int32_t>((*values)[i]); };
  rows_.push_back({(*values)[0], whole(1), whole(2), whole(3)});
  return true;
}

bool TraceReader::Feed(std::string_view piece) {
  while (!error_ && !piece.empty()) {
    const size_t end = piece.find('\n');
    const std::string_view line = piece.substr(0, end);
    const bool ends = end != std::string_view::npos;
    if (ends && cut_.empty()) {
      TakeLine(line.substr(0, kLongestLine));
    } else {
      cut_.append(line.substr(0, kLongestLine - cut_.size()));
      if (ends) TakeLine(cut_);
      if (ends) cut_.clear();
    }
    piece.remove_prefix(ends ? end + 1 : piece.size());
  }
  return !error_;
}

Result<std::vector<TraceRow>> TraceReader::Finish() {
  if (!error_ && !cut_.empty()) TakeLine(cut_);
  if (error_) return std::move(*error_);
  if (rows_.empty()) return Error{where_, "no rows", std::string(kAccepted)};
  return std::move(rows_);
}

Result<std::vector<TraceRow>> ReadTrace(std::string_view csv, std::string_view where) {
  TraceReader reader(where);
  reader.Feed(csv);
  return reader.Finish();
}

}  // namespace plimsoll
