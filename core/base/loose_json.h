// JSON as people and shells leave it: quotes eaten or single, Python's words, commas at the end, comments.
// {method: mtp, num_tokens: 3}, {'image': 2,}, [True, None]. What is no number and no word of JSON is text.
#ifndef PLIMSOLL_CORE_BASE_LOOSE_JSON_H_
#define PLIMSOLL_CORE_BASE_LOOSE_JSON_H_

#include <cstddef>
#include <optional>
#include <string_view>

#include "core/base/json.h"

namespace plimsoll {

constexpr int kLooseDepth = 32;

// A value at *at, which moves behind it. Nothing where brackets do not close. Bare text ends at a comma, a
// colon, a closing bracket or the end of the line.
std::optional<Json> ReadLooseJson(std::string_view text, size_t* at, int depth = kLooseDepth);

// A whole text; nothing when something stands behind the value.
std::optional<Json> ParseLooseJson(std::string_view text);

// A bare word: true, 12, 0.5, null or text.
Json ScalarOf(std::string_view word);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_BASE_LOOSE_JSON_H_
