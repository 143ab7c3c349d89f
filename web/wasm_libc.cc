// What the module would take of the C library's formatted input and output, for what its parts use of it:
// ImGui formats whole numbers, letters and short fractions, nlohmann/json reads numbers. The library's own
// calculates in long double, in software, and writes to streams that a page does not have.
#include <cstdarg>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/base/decimal.h"

namespace {

struct Conversion {
  bool left = false, zero = false, plus = false;
  int width = 0, precision = -1;
  bool wide = false;  // 64 bits
};

void AppendPadded(std::string_view text, const Conversion& how, std::string* out) {
  const size_t width = static_cast<size_t>(how.width);
  const size_t missing = text.size() < width ? width - text.size() : 0;
  if (how.left) {
    out->append(text);
    out->append(missing, ' ');
  } else {
    const bool sign = how.zero && !text.empty() && text[0] == '-';
    if (sign) out->push_back('-');
    out->append(missing, how.zero ? '0' : ' ');
    out->append(sign ? text.substr(1) : text);
  }
}

std::string Unsigned(uint64_t value, unsigned base, bool upper) {
  std::string digits;
  do {
    const unsigned digit = static_cast<unsigned>(value % base);
    digits.insert(digits.begin(),
                  static_cast<char>(digit < 10 ? '0' + digit : (upper ? 'A' : 'a') + digit - 10));
    value /= base;
  } while (value > 0);
  return digits;
}

void Format(const char* format, va_list arguments, std::string* out) {
  for (const char* at = format; *at != '\0'; ++at) {
    if (*at != '%') {
      out->push_back(*at);
      continue;
    }
    Conversion how;
    for (++at; *at == '-' || *at == '0' || *at == '+' || *at == ' ' || *at == '#'; ++at) {
      how.left = how.left || *at == '-';
      how.zero = how.zero || *at == '0';
      how.plus = how.plus || *at == '+';
    }
    const auto number = [&at, &arguments]() -> int {
      if (*at == '*') return ++at, va_arg(arguments, int);
      int value = 0;
      for (; *at >= '0' && *at <= '9'; ++at) value = value * 10 + (*at - '0');
      return value;
    };
    how.width = number();
    if (*at == '.') how.precision = (++at, number());
    for (; *at == 'l' || *at == 'h' || *at == 'z' || *at == 'j'; ++at) {
      how.wide = how.wide || *at == 'j' || (*at == 'l' && at[1] == 'l');
    }
    switch (*at) {
      case 'd':
      case 'i': {
        const int64_t value = how.wide ? va_arg(arguments, int64_t) : va_arg(arguments, int);
        AppendPadded((how.plus && value >= 0 ? "+" : "") + std::to_string(value), how, out);
        break;
      }
      case 'u':
      case 'x':
      case 'X':
      case 'p': {
        const uint64_t value = how.wide ? va_arg(arguments, uint64_t) : va_arg(arguments, unsigned);
        AppendPadded(Unsigned(value, *at == 'u' ? 10 : 16, *at == 'X'), how, out);
        break;
      }
      case 'c':
        AppendPadded(std::string(1, static_cast<char>(va_arg(arguments, int))), how, out);
        break;
      case 's': {
        const char* text = va_arg(arguments, const char*);
        size_t length = 0;
        const size_t most = how.precision < 0 ? SIZE_MAX : static_cast<size_t>(how.precision);
        while (length < most && text[length] != '\0') ++length;
        AppendPadded({text, length}, how, out);
        break;
      }
      case 'f':
      case 'F':
      case 'g':
      case 'G': {
        const double value = va_arg(arguments, double);
        const int digits = how.precision < 0 ? 6 : how.precision > 20 ? 20 : how.precision;
        const bool general = *at == 'g' || *at == 'G';
        AppendPadded(general ? plimsoll::GeneralDecimal(value, digits > 0 ? digits : 1)
                             : plimsoll::FixedDecimal(value, digits),
                     how, out);
        break;
      }
      case '\0':
        return;
      default:
        out->push_back(*at);
    }
  }
}

}  // namespace

extern "C" {

int vsnprintf(char* buffer, size_t size, const char* format, va_list arguments) {
  std::string text;
  Format(format, arguments, &text);
  if (size > 0) {
    const size_t length = text.copy(buffer, size - 1);
    buffer[length] = '\0';
  }
  return static_cast<int>(text.size());
}

double strtod(const char* text, char** end) {
  size_t length = 0;
  const double value = plimsoll::ReadDecimal(text, &length);
  if (end != nullptr) *end = const_cast<char*>(text) + length;
  return value;
}

// The same file of the library as strtod.
float strtof(const char* text, char** end) { return static_cast<float>(strtod(text, end)); }
long double strtold(const char* text, char** end) { return strtod(text, end); }

// ImGui reads saved windows and typed numbers with it; the page has neither.
int sscanf(const char* /*text*/, const char* /*format*/, ...) { return 0; }

// The C++ runtime's last words.
[[noreturn]] void abort_message(const char* /*format*/, ...) { std::abort(); }

}  // extern "C"
