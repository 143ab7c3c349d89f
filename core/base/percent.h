// Text as it stands in a URL (RFC 3986, section 2.1).
#ifndef PLIMSOLL_CORE_BASE_PERCENT_H_
#define PLIMSOLL_CORE_BASE_PERCENT_H_

#include <optional>
#include <string>
#include <string_view>

namespace plimsoll {

// Leaves letters, digits and -._~,:@/ as they are, which a fragment may hold.
std::string PercentEncode(std::string_view text);
// Nothing where a "%" is not followed by two hexadecimal digits.
std::optional<std::string> PercentDecode(std::string_view text);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_BASE_PERCENT_H_
