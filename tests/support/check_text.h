// What tests ask of pasted text.
#ifndef PLIMSOLL_TESTS_SUPPORT_CHECK_TEXT_H_
#define PLIMSOLL_TESTS_SUPPORT_CHECK_TEXT_H_

#include <string>
#include <string_view>

#include "core/check/check_result.h"

namespace plimsoll {

// The text as Check() reads it with the catalog that ships; a failure where it is refused.
CheckResult Checked(std::string_view text);
// Its configuration as the fragment of a link: "m=qwen3-32b&e=vllm&n=2&tp=2".
std::string ConfigIn(std::string_view text);
bool HasProblem(const CheckResult& result, std::string_view code, std::string_view option = "");

}  // namespace plimsoll

#endif  // PLIMSOLL_TESTS_SUPPORT_CHECK_TEXT_H_
