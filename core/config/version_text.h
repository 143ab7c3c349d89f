// What the readers of versions share.
#ifndef PLIMSOLL_CORE_CONFIG_VERSION_TEXT_H_
#define PLIMSOLL_CORE_CONFIG_VERSION_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/result.h"

namespace plimsoll {

// A release and when it came out, yyyymmdd.
struct Release {
  int64_t number;
  int32_t date;
};

bool IsDigit(char c);

// Reads digits at *at; false when there are none or more than nine.
bool ReadDigits(std::string_view text, size_t* at, int64_t* number);

// 2026-05 or 2026-05-02, as yyyymmdd; the first of the month where no day is given.
bool ReadDate(std::string_view text, int32_t* date);

// Days since the beginning of 2023 for a yyyymmdd from then on, and back.
int64_t DayNumber(int32_t date);
int32_t DateOfDay(int64_t days);

Error RefuseVersion(std::string_view where, std::string_view text, std::string_view accepted);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CONFIG_VERSION_TEXT_H_
