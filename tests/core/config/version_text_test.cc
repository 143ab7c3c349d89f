#include "core/config/version_text.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

TEST(VersionText, DigitsAreReadUpToNine) {
  size_t at = 1;
  int64_t number = 0;
  EXPECT_TRUE(ReadDigits("v123.4", &at, &number));
  EXPECT_EQ(number, 123);
  EXPECT_EQ(at, 4U);
  EXPECT_FALSE(ReadDigits("v123.4", &at, &number)) << "a point is no digit";
  at = 0;
  EXPECT_FALSE(ReadDigits("1234567890", &at, &number));
}

TEST(VersionText, DatesAreThoseOfTheCalendar) {
  int32_t date = 0;
  EXPECT_TRUE(ReadDate("2024-02-29", &date));
  EXPECT_EQ(date, 20240229);
  EXPECT_TRUE(ReadDate("2026-05", &date));
  EXPECT_EQ(date, 20260501);
  for (const char* text : {"2026-02-29", "2026-13", "2026-00", "26-05", "2026-05-", "2026/05", "2026-5-32"}) {
    EXPECT_FALSE(ReadDate(text, &date)) << text;
  }
}

TEST(VersionText, DaysAndDatesAreInverse) {
  for (int64_t day = 1; day < 2000; ++day) EXPECT_EQ(DayNumber(DateOfDay(day)), day);
  EXPECT_EQ(DayNumber(20240301) - DayNumber(20240228), 2) << "a leap year";
}

TEST(VersionText, DaysOfTheMonth) {
  int32_t date = 0;
  for (const char* day : {"2024-02-29", "2025-04-30", "2025-12-31"}) EXPECT_TRUE(ReadDate(day, &date)) << day;
  for (const char* day :
       {"2025-02-29", "2100-02-29", "2025-04-31", "2025-13-01", "2025-01-32", "2025-01-00"}) {
    EXPECT_FALSE(ReadDate(day, &date)) << day;
  }
}

}  // namespace
}  // namespace plimsoll
