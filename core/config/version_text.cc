#include "core/config/version_text.h"

#include <string>

namespace plimsoll {
namespace {

int64_t DaysInMonth(int64_t year, int64_t month) {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

}  // namespace

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool ReadDigits(std::string_view text, size_t* at, int64_t* number) {
  const size_t start = *at;
  *number = 0;
  while (*at < text.size() && IsDigit(text[*at])) {
    if (*at - start >= 9) return false;
    *number = *number * 10 + (text[*at] - '0');
    ++*at;
  }
  return *at > start;
}

bool ReadDate(std::string_view text, int32_t* date) {
  size_t at = 0;
  int64_t year = 0, month = 0, day = 1;
  if (!ReadDigits(text, &at, &year) || at != 4 || at >= text.size() || text[at++] != '-') return false;
  if (!ReadDigits(text, &at, &month) || month < 1 || month > 12 || year < 2023 || year > 2100) return false;
  if (at < text.size()) {
    if (text[at++] != '-' || !ReadDigits(text, &at, &day) || at != text.size()) return false;
    if (day < 1 || day > DaysInMonth(year, month)) return false;
  }
  *date = static_cast<int32_t>(year * 10000 + month * 100 + day);
  return true;
}

int64_t DayNumber(int32_t date) {
  int64_t days = 0;
  const int64_t year = date / 10000, month = date / 100 % 100;
  for (int64_t y = 2023; y < year; ++y) days += 337 + DaysInMonth(y, 2);
  for (int64_t m = 1; m < month; ++m) days += DaysInMonth(year, m);
  return days + date % 100;
}

int32_t DateOfDay(int64_t days) {
  int64_t year = 2023, month = 1;
  while (days > 337 + DaysInMonth(year, 2)) days -= 337 + DaysInMonth(year++, 2);
  while (days > DaysInMonth(year, month)) days -= DaysInMonth(year, month++);
  return static_cast<int32_t>(year * 10000 + month * 100 + days);
}

Error RefuseVersion(std::string_view where, std::string_view text, std::string_view accepted) {
  return {std::string(where), Quoted(text), std::string(accepted)};
}

}  // namespace plimsoll
