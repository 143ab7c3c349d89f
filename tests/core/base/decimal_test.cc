#include "core/base/decimal.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

namespace plimsoll {
namespace {

// Values of every size, with ties among them.
std::vector<double> Values() {
  std::vector<double> values = {0,   0.5,   1.5,     2.5,  0.125,       0.375,        1e15,     1e16,
                                9.5, 99.95, 0.05,    1e21, 123456789.5, 1e22,         1e23,     5e-324,
                                0.1, 0.3,   1.0 / 3, 2e-5, 1e-5,        9.9999995e-5, 999999.5, 0.045};
  values.push_back(std::numeric_limits<double>::max());
  values.push_back(std::numeric_limits<double>::min());
  uint64_t seed = 88172645463325252;
  for (int i = 0; i < 3000; ++i) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    double value = 0;
    std::memcpy(&value, &seed, sizeof value);
    if (std::isfinite(value)) values.push_back(value);
    values.push_back(static_cast<double>(seed % 1000000) / 1000);  // as people write them
    values.push_back(static_cast<double>(seed % 4096) / 64);       // ties at the second decimal
    values.push_back(static_cast<double>(static_cast<int64_t>(seed)) / 1073741824);  // bytes as GiB
  }
  return values;
}

std::string Printed(const char* format, int digits, double value) {
  char text[512];
  std::snprintf(text, sizeof text, format, digits, value);
  return text;
}

TEST(Decimal, PrintsAsTheLibraryDoes) {
  for (const double value : Values()) {
    for (const int decimals : {0, 1, 2, 4, 20}) {
      ASSERT_EQ(FixedDecimal(value, decimals), Printed("%.*f", decimals, value));
      ASSERT_EQ(FixedDecimal(-value, decimals), Printed("%.*f", decimals, -value));
    }
    for (const int digits : {1, 3, 6, 15, 16, 17}) {
      ASSERT_EQ(GeneralDecimal(value, digits), Printed("%.*g", digits, value));
    }
  }
}

TEST(Decimal, ReadsAsTheLibraryDoes) {
  std::vector<std::string> texts = {"0",
                                    "-0",
                                    "1",
                                    "12.5abc",
                                    ".5",
                                    "5.",
                                    "1e5",
                                    "1e",
                                    "1e+",
                                    "-3.25E-2x",
                                    "  7",
                                    "e5",
                                    ".",
                                    "-",
                                    "",
                                    "1e400",
                                    "-1e400",
                                    "1e-400",
                                    "4.9406564584124654e-324",
                                    "2.4703282292062327e-324",
                                    "2.4703282292062328e-324",
                                    "1.7976931348623157e308",
                                    "1.7976931348623159e308",
                                    "9007199254740993",
                                    "9007199254740992.999999999999999999999",
                                    "9007199254740993.0000000000000000001",
                                    "2.2250738585072011e-308",
                                    "6631236846766476983e-20",
                                    "0.000000000000000000000000000000001",
                                    "123456789012345678901234567890",
                                    "00000000000000000000000000000000012"};
  texts.push_back("9007199254740993" + std::string(1, '.') + std::string(900, '0') +
                  "1");  // just above a tie
  texts.push_back(std::string(400, '9'));
  texts.push_back("0." + std::string(400, '0') + "1e400");
  for (const double value : Values()) {
    for (const int digits : {3, 15, 16, 17, 20}) texts.push_back(GeneralDecimal(value, digits));
  }
  for (const std::string& text : texts) {
    char* end = nullptr;
    const double expected = std::strtod(text.c_str(), &end);
    size_t length = 99;
    const double read = ReadDecimal(text, &length);
    ASSERT_EQ(std::signbit(read), std::signbit(expected)) << text;
    ASSERT_EQ(read, expected) << text;
    ASSERT_EQ(length, static_cast<size_t>(end - text.c_str())) << text;
  }
}

TEST(Decimal, SeventeenDigitsReadBackTheSame) {
  for (const double value : Values()) {
    size_t length = 0;
    ASSERT_EQ(ReadDecimal(GeneralDecimal(value, 17), &length), value);
  }
}

}  // namespace
}  // namespace plimsoll
