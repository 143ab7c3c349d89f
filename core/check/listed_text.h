// The text of a tool that lists cards, as its readers take it apart: lines, cells without their frame, sizes.
#ifndef PLIMSOLL_CORE_CHECK_LISTED_TEXT_H_
#define PLIMSOLL_CORE_CHECK_LISTED_TEXT_H_

#include <string_view>
#include <vector>

namespace plimsoll {

// Without white space and the bars of a table around it.
std::string_view TrimCell(std::string_view text);
std::vector<std::string_view> LinesOf(std::string_view text);
// The number that a cell begins with; 0: none, or no size.
double NumberAt(std::string_view text);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CHECK_LISTED_TEXT_H_
