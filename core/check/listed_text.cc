#include "core/check/listed_text.h"

#include <cmath>

#include "core/base/decimal.h"
#include "core/base/text.h"

namespace plimsoll {

std::string_view TrimCell(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r|";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::vector<std::string_view> LinesOf(std::string_view text) { return SplitAt(text, '\n'); }

double NumberAt(std::string_view text) {
  text = TrimCell(text);
  size_t length = 0;
  const double value = ReadDecimal(text, &length);
  return length > 0 && std::isfinite(value) && value >= 0 ? value : 0;
}

}  // namespace plimsoll
