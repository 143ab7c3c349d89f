// The bits of a double as a whole number, and back: IEEE 754's order, sign first, then exponent, then fraction.
// memcpy for std::bit_cast, which older standard libraries lack.
#ifndef PLIMSOLL_CORE_BASE_DOUBLE_BITS_H_
#define PLIMSOLL_CORE_BASE_DOUBLE_BITS_H_

#include <cstdint>
#include <cstring>

namespace plimsoll {

inline uint64_t BitsOf(double value) {
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

inline double FromBits(uint64_t bits) {
  double value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_BASE_DOUBLE_BITS_H_
