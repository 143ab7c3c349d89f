#include "core/base/decimal.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "core/base/double_bits.h"

namespace plimsoll {
namespace {

// A natural number in base 10^9, the lowest limb first. The largest that come up: 800 digits times 2^1074,
// or 2^54 times 10^1124.
class Natural {
 public:
  explicit Natural(uint64_t value) {
    for (; value > 0; value /= kBase) limbs_[count_++] = static_cast<uint32_t>(value % kBase);
  }

  void Multiply(uint32_t factor, uint32_t plus = 0) {
    uint64_t carry = plus;
    for (int i = 0; i < count_; ++i) {
      carry += static_cast<uint64_t>(limbs_[i]) * factor;
      limbs_[i] = static_cast<uint32_t>(carry % kBase);
      carry /= kBase;
    }
    if (carry > 0 && count_ < kLimbs) limbs_[count_++] = static_cast<uint32_t>(carry);
  }

  void MultiplyPower(uint32_t base, int exponent) {
    for (; exponent >= 8; exponent -= 8) Multiply(base * base * base * base * base * base * base * base);
    for (; exponent > 0; --exponent) Multiply(base);
  }

  int Compare(const Natural& other) const {
    if (count_ != other.count_) return count_ < other.count_ ? -1 : 1;
    for (int i = count_ - 1; i >= 0; --i) {
      if (limbs_[i] != other.limbs_[i]) return limbs_[i] < other.limbs_[i] ? -1 : 1;
    }
    return 0;
  }

  // Without leading zeros; empty for zero.
  std::string Digits() const {
    std::string digits;
    for (int i = count_ - 1; i >= 0; --i) {
      uint32_t limb = limbs_[i];
      char block[9];
      for (int k = 8; k >= 0; --k, limb /= 10) block[k] = static_cast<char>('0' + limb % 10);
      digits.append(block, sizeof block);
    }
    digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
    return digits;
  }

 private:
  static constexpr uint64_t kBase = 1000000000;
  static constexpr int kLimbs = 160;
  uint32_t limbs_[kLimbs];
  int count_ = 0;
};

// value = mantissa * 2^exponent, of a finite value that is not negative.
struct Parts {
  uint64_t mantissa;
  int exponent;
};

Parts PartsOf(double value) {
  constexpr uint64_t kHidden = uint64_t{1} << 52;
  const uint64_t bits = BitsOf(value);
  const int exponent = static_cast<int>((bits >> 52) & 0x7ff);
  const uint64_t fraction = bits & (kHidden - 1);
  return exponent == 0 ? Parts{fraction, -1074} : Parts{fraction | kHidden, exponent - 1075};
}

// All digits of a value, and how many of them stand before the point (negative: zeros behind it come first).
struct Expansion {
  std::string digits;
  int before = 0;

  explicit Expansion(double value) {
    Parts parts = PartsOf(value);
    while (parts.exponent < 0 && parts.mantissa % 2 == 0 && parts.mantissa > 0) {
      parts.mantissa /= 2;
      ++parts.exponent;
    }
    Natural number(parts.mantissa);
    // m / 2^k is m * 5^k / 10^k.
    if (parts.exponent >= 0) {
      number.MultiplyPower(2, parts.exponent);
    } else {
      number.MultiplyPower(5, -parts.exponent);
    }
    digits = number.Digits();
    before = static_cast<int>(digits.size()) + std::min(parts.exponent, 0);
  }

  // Keeps so many digits, rounded half to even.
  void Round(int keep) {
    if (keep >= static_cast<int>(digits.size())) return;
    if (keep < 0) {
      digits.clear();
      return;
    }
    const size_t at = static_cast<size_t>(keep);
    const bool odd = keep > 0 && (digits[at - 1] - '0') % 2 == 1;
    const bool more = digits.find_first_not_of('0', at + 1) != std::string::npos;
    const bool up = digits[at] > '5' || (digits[at] == '5' && (more || odd));
    digits.resize(at);
    if (!up) return;
    for (size_t i = at; i > 0; --i) {
      if (digits[i - 1] != '9') {
        ++digits[i - 1];
        return;
      }
      digits[i - 1] = '0';
    }
    digits.insert(digits.begin(), '1');
    ++before;
  }

  char at(int place) const {  // 0: the first digit before the point; 1: the first one behind it
    const int index = before - 1 + place;
    return index >= 0 && index < static_cast<int>(digits.size()) ? digits[static_cast<size_t>(index)] : '0';
  }

  std::string Fixed(int decimals) const {
    std::string text;
    for (int place = std::min(1 - before, 0); place <= 0; ++place) text += at(place);
    if (decimals > 0) text += '.';
    for (int place = 1; place <= decimals; ++place) text += at(place);
    return text;
  }
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Digits * 10^exponent against half way between a value and the next one above.
int CompareToMiddle(const Natural& digits, int exponent, double below) {
  const Parts parts = PartsOf(below);
  Natural left = digits;
  Natural right(2 * parts.mantissa + 1);
  (exponent > 0 ? left : right).MultiplyPower(10, std::abs(exponent));
  (parts.exponent - 1 < 0 ? left : right).MultiplyPower(2, std::abs(parts.exponent - 1));
  return left.Compare(right);
}

// The double nearest to digits * 10^exponent, from a guess a few steps away.
double Nearest(const Natural& digits, int exponent, double guess) {
  constexpr uint64_t kLargest = 0x7fefffffffffffff;
  uint64_t bits = std::min(BitsOf(guess), kLargest);
  const auto above = [&](uint64_t at) {
    const int order = CompareToMiddle(digits, exponent, FromBits(at));
    return order > 0 || (order == 0 && at % 2 == 1);
  };
  while (bits > 0 && !above(bits - 1)) --bits;
  while (bits <= kLargest && above(bits)) ++bits;
  return FromBits(bits);
}

}  // namespace

std::string FixedDecimal(double value, int decimals) {
  Expansion number(std::fabs(value));
  number.Round(number.before + decimals);
  return (std::signbit(value) ? "-" : "") + number.Fixed(decimals);
}

std::string GeneralDecimal(double value, int digits) {
  const std::string sign = std::signbit(value) ? "-" : "";
  if (value == 0) return sign + "0";
  Expansion number(std::fabs(value));
  number.Round(digits);
  while (number.digits.back() == '0') number.digits.pop_back();
  const int written = static_cast<int>(number.digits.size());
  const int exponent = number.before - 1;
  if (exponent >= -4 && exponent < digits) return sign + number.Fixed(std::max(written - number.before, 0));
  std::string text = sign + number.digits.substr(0, 1);
  if (written > 1) text += "." + number.digits.substr(1);
  const int magnitude = std::abs(exponent);
  text += exponent < 0 ? "e-" : "e+";
  if (magnitude < 10) text += '0';
  return text + std::to_string(magnitude);
}

double ReadDecimal(std::string_view text, size_t* length) {
  constexpr int kMostDigits = 780;  // no middle between two doubles has more
  constexpr int kShortDigits = 19;  // a whole number of 64 bits has room for them
  constexpr int kFarExponent = 100000;
  *length = 0;
  size_t at = 0;
  while (at < text.size() && (text[at] == ' ' || (text[at] >= '\t' && text[at] <= '\r'))) ++at;
  const bool negative = at < text.size() && text[at] == '-';
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  Natural all(0);
  uint64_t first = 0;  // the number itself, while it is short
  int kept = 0;
  int exponent = 0;
  bool any = false;
  bool point = false;
  bool rest = false;  // digits other than zero behind those kept
  for (; at < text.size() && (IsDigit(text[at]) || (text[at] == '.' && !point)); ++at) {
    if (text[at] == '.') {
      point = true;
      continue;
    }
    any = true;
    const uint32_t digit = static_cast<uint32_t>(text[at] - '0');
    if (kept == 0 && digit == 0) {
      if (point && exponent > -kFarExponent) --exponent;
    } else if (kept < kMostDigits) {
      if (kept < kShortDigits) {
        first = first * 10 + digit;
      } else {
        if (kept == kShortDigits) all = Natural(first);
        all.Multiply(10, digit);
      }
      ++kept;
      if (point && exponent > -kFarExponent) --exponent;
    } else {
      rest = rest || digit != 0;
      if (!point && exponent < kFarExponent) ++exponent;
    }
  }
  if (!any) return 0;
  *length = at;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    size_t digits = at + 1;
    const bool below = digits < text.size() && text[digits] == '-';
    if (digits < text.size() && (text[digits] == '-' || text[digits] == '+')) ++digits;
    int power = 0;
    for (at = digits; at < text.size() && IsDigit(text[at]); ++at) {
      power = std::min(power * 10 + (text[at] - '0'), 2 * kFarExponent);
      *length = at + 1;
    }
    exponent += below ? -power : power;
  }
  const double sign = negative ? -1 : 1;
  if (kept == 0) return sign * 0.0;
  if (exponent + kept > 310) return sign * HUGE_VAL;
  if (exponent + kept < -330) return sign * 0.0;
  double power = 1;
  for (int i = 0; i < std::min(std::abs(exponent), 22); ++i) power *= 10;
  // Both are exact, so one operation rounds once (Clinger's fast path).
  if (kept <= 15 && std::abs(exponent) <= 22) {
    return sign * (exponent < 0 ? static_cast<double>(first) / power : static_cast<double>(first) * power);
  }
  if (kept <= kShortDigits) all = Natural(first);
  if (rest) {  // whatever follows only matters by not being zero
    all.Multiply(10, 1);
    --exponent;
  }
  const int dropped = exponent + kept - std::min(kept, kShortDigits) + (rest ? 1 : 0);
  double guess = static_cast<double>(first);
  for (int i = std::abs(dropped); i > 0; --i) guess = dropped < 0 ? guess / 10 : guess * 10;
  return sign * Nearest(all, exponent, guess);
}

}  // namespace plimsoll
