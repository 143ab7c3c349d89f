// JSON from text that a test writes itself.
#ifndef PLIMSOLL_TESTS_SUPPORT_JSON_TEXT_H_
#define PLIMSOLL_TESTS_SUPPORT_JSON_TEXT_H_

#include <string_view>

#include "core/base/json.h"

namespace plimsoll {

// Ends the test program with the reason when the text is no JSON.
Json JsonOfText(std::string_view text);

}  // namespace plimsoll

#endif  // PLIMSOLL_TESTS_SUPPORT_JSON_TEXT_H_
