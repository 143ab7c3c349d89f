#include "core/base/result.h"

#include "core/base/text.h"

namespace plimsoll {

std::string Quoted(std::string_view text) {
  constexpr size_t kLongest = 80;
  std::string quoted = "\"";
  const std::string_view shown = text.substr(0, kLongest);
  for (size_t i = 0; i < shown.size(); ++i) {
    const unsigned char byte = static_cast<unsigned char>(shown[i]);
    const size_t length = Utf8Length(text.substr(i));
    if (byte < 0x20 || byte == 0x7f || length == 0) {
      quoted += '?';
      continue;
    }
    quoted += shown.substr(i, length);
    i += length - 1;
  }
  if (text.size() > kLongest) {
    // Do not end in the middle of a UTF-8 sequence.
    while (!quoted.empty() && (static_cast<unsigned char>(quoted.back()) & 0xC0) == 0x80) quoted.pop_back();
    if (!quoted.empty() && (static_cast<unsigned char>(quoted.back()) & 0x80) != 0) quoted.pop_back();
    quoted += "…";
  }
  return quoted + "\"";
}

std::string Error::Message() const {
  std::string message = field.empty() ? std::string("input") : field;
  message += ": given ";
  message += given.empty() ? std::string("nothing") : given;
  if (!accepted.empty()) message += "; accepted: " + accepted;
  return message;
}

}  // namespace plimsoll
