#include "core/base/result.h"

namespace plimsoll {

std::string Quoted(std::string_view text) {
  constexpr size_t kLongest = 80;
  std::string quoted = "\"";
  for (char c : text.substr(0, kLongest)) {
    const unsigned char byte = static_cast<unsigned char>(c);
    quoted += byte < 0x20 || byte == 0x7f ? '?' : c;
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
  const bool missing = given.empty() || given == "nothing";
  message += missing ? std::string(" is missing") : " cannot be " + given;
  if (!accepted.empty()) message += "; give " + accepted;
  return message;
}

}  // namespace plimsoll
