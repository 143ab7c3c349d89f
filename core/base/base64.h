// URL-safe base64 without padding (RFC 4648, section 5).
#ifndef PLIMSOLL_CORE_BASE_BASE64_H_
#define PLIMSOLL_CORE_BASE_BASE64_H_

#include <optional>
#include <string>
#include <string_view>

namespace plimsoll {

std::string EncodeBase64Url(std::string_view bytes);
// Reads the common alphabet (+ and /) and padding, too.
std::optional<std::string> DecodeBase64Url(std::string_view text);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_BASE_BASE64_H_
