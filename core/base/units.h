// Quantities with their unit in the type: bytes, bits per weight, bandwidth, arithmetic rate, time.
//
// Bytes is a signed 64-bit count and saturates instead of overflowing, because the core must be total: a
// hostile configuration may name a quintillion experts. `size_t` and `long` are 32 bits wide on wasm32, so
// neither ever holds a byte count. GiB and GB are different factories; nothing converts implicitly.
#ifndef PLIMSOLL_CORE_BASE_UNITS_H_
#define PLIMSOLL_CORE_BASE_UNITS_H_

#include <cstdint>
#include <limits>

namespace plimsoll {

namespace internal {

constexpr int64_t kInt64Max = std::numeric_limits<int64_t>::max();
constexpr int64_t kInt64Min = std::numeric_limits<int64_t>::min();

constexpr int64_t SaturatingAdd(int64_t a, int64_t b) {
  int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b > 0 ? kInt64Max : kInt64Min;
}

constexpr int64_t SaturatingMultiply(int64_t a, int64_t b) {
  int64_t product = 0;
  if (!__builtin_mul_overflow(a, b, &product)) return product;
  return (a > 0) == (b > 0) ? kInt64Max : kInt64Min;
}

}  // namespace internal

// Ceiling division for non-negative counts. REQUIRES: divisor > 0.
constexpr int64_t CeilDiv(int64_t value, int64_t divisor) {
  return value / divisor + (value % divisor > 0 ? 1 : 0);
}

// The least multiple of `step` that is at least `value`, saturating. REQUIRES: step > 0, value >= 0.
constexpr int64_t RoundUp(int64_t value, int64_t step) {
  return internal::SaturatingMultiply(CeilDiv(value, step), step);
}

class Bytes {
 public:
  constexpr Bytes() = default;
  constexpr explicit Bytes(int64_t count) : count_(count) {}

  constexpr int64_t count() const { return count_; }
  constexpr double gib() const { return static_cast<double>(count_) / (1024.0 * 1024.0 * 1024.0); }
  constexpr double mib() const { return static_cast<double>(count_) / (1024.0 * 1024.0); }
  constexpr double gb() const { return static_cast<double>(count_) / 1e9; }

  constexpr Bytes& operator+=(Bytes other) { return *this = *this + other; }
  constexpr Bytes& operator-=(Bytes other) { return *this = *this - other; }

  friend constexpr Bytes operator+(Bytes a, Bytes b) {
    return Bytes(internal::SaturatingAdd(a.count_, b.count_));
  }
  friend constexpr Bytes operator-(Bytes a, Bytes b) {
    return Bytes(b.count_ == internal::kInt64Min
                     ? internal::SaturatingAdd(internal::SaturatingAdd(a.count_, internal::kInt64Max), 1)
                     : internal::SaturatingAdd(a.count_, -b.count_));
  }
  friend constexpr Bytes operator*(Bytes a, int64_t times) {
    return Bytes(internal::SaturatingMultiply(a.count_, times));
  }
  friend constexpr Bytes operator*(int64_t times, Bytes a) { return a * times; }
  // Whole quotient: how many `b` fit into `a`. REQUIRES: b is not zero.
  friend constexpr int64_t operator/(Bytes a, Bytes b) { return a.count_ / b.count_; }
  // REQUIRES: parts > 0.
  friend constexpr Bytes operator/(Bytes a, int64_t parts) { return Bytes(a.count_ / parts); }

  friend constexpr bool operator==(Bytes a, Bytes b) { return a.count_ == b.count_; }
  friend constexpr bool operator!=(Bytes a, Bytes b) { return a.count_ != b.count_; }
  friend constexpr bool operator<(Bytes a, Bytes b) { return a.count_ < b.count_; }
  friend constexpr bool operator>(Bytes a, Bytes b) { return a.count_ > b.count_; }
  friend constexpr bool operator<=(Bytes a, Bytes b) { return a.count_ <= b.count_; }
  friend constexpr bool operator>=(Bytes a, Bytes b) { return a.count_ >= b.count_; }

 private:
  int64_t count_ = 0;
};

constexpr Bytes KiB(int64_t n) { return Bytes(1024) * n; }
constexpr Bytes MiB(int64_t n) { return Bytes(int64_t{1} << 20) * n; }
constexpr Bytes GiB(int64_t n) { return Bytes(int64_t{1} << 30) * n; }
constexpr Bytes KB(int64_t n) { return Bytes(1000) * n; }
constexpr Bytes MB(int64_t n) { return Bytes(1000000) * n; }
constexpr Bytes GB(int64_t n) { return Bytes(1000000000) * n; }

// Bytes from a measured, fractional figure; saturates, and NaN becomes zero.
constexpr Bytes BytesFromDouble(double value) {
  if (!(value == value)) return Bytes(0);
  if (value >= 9.2e18) return Bytes(internal::kInt64Max);
  if (value <= -9.2e18) return Bytes(internal::kInt64Min);
  return Bytes(static_cast<int64_t>(value));
}
constexpr Bytes MiBFromDouble(double mib) { return BytesFromDouble(mib * 1048576.0); }
constexpr Bytes GiBFromDouble(double gib) { return BytesFromDouble(gib * 1073741824.0); }

// A double with a unit. The tag keeps seconds and bytes per second apart; there is no implicit conversion.
template <typename Tag>
class Quantity {
 public:
  constexpr Quantity() = default;
  constexpr explicit Quantity(double value) : value_(value) {}
  constexpr double value() const { return value_; }
  friend constexpr Quantity operator+(Quantity a, Quantity b) { return Quantity(a.value_ + b.value_); }
  friend constexpr Quantity operator-(Quantity a, Quantity b) { return Quantity(a.value_ - b.value_); }
  friend constexpr Quantity operator*(Quantity a, double factor) { return Quantity(a.value_ * factor); }
  friend constexpr Quantity operator*(double factor, Quantity a) { return Quantity(a.value_ * factor); }
  friend constexpr Quantity operator/(Quantity a, double divisor) { return Quantity(a.value_ / divisor); }
  friend constexpr double operator/(Quantity a, Quantity b) { return a.value_ / b.value_; }
  friend constexpr bool operator==(Quantity a, Quantity b) { return a.value_ == b.value_; }
  friend constexpr bool operator!=(Quantity a, Quantity b) { return a.value_ != b.value_; }
  friend constexpr bool operator<(Quantity a, Quantity b) { return a.value_ < b.value_; }
  friend constexpr bool operator>(Quantity a, Quantity b) { return a.value_ > b.value_; }
  friend constexpr bool operator<=(Quantity a, Quantity b) { return a.value_ <= b.value_; }
  friend constexpr bool operator>=(Quantity a, Quantity b) { return a.value_ >= b.value_; }

 private:
  double value_ = 0;
};

using BitsPerWeight = Quantity<struct BitsPerWeightTag>;
using BytesPerSecond = Quantity<struct BytesPerSecondTag>;
using FlopsPerSecond = Quantity<struct FlopsPerSecondTag>;
using Flops = Quantity<struct FlopsTag>;
using Seconds = Quantity<struct SecondsTag>;

constexpr BytesPerSecond GbPerSecond(double gb) { return BytesPerSecond(gb * 1e9); }
constexpr FlopsPerSecond TeraFlops(double tera) { return FlopsPerSecond(tera * 1e12); }
constexpr Seconds Microseconds(double us) { return Seconds(us * 1e-6); }

constexpr Seconds operator/(Bytes amount, BytesPerSecond rate) {
  return Seconds(static_cast<double>(amount.count()) / rate.value());
}
constexpr Seconds operator/(Flops amount, FlopsPerSecond rate) {
  return Seconds(amount.value() / rate.value());
}

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_BASE_UNITS_H_
