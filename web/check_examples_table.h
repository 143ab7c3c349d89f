// What somebody who has nothing at hand may try in the Check tab: texts as people paste them.
#ifndef PLIMSOLL_WEB_CHECK_EXAMPLES_TABLE_H_
#define PLIMSOLL_WEB_CHECK_EXAMPLES_TABLE_H_

#include <array>
#include <string_view>

namespace plimsoll {

struct CheckExample {
  std::string_view name;  // "a start that failed"
  std::string_view text;
};
extern const std::array<CheckExample, 5> kCheckExamples;

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_CHECK_EXAMPLES_TABLE_H_
