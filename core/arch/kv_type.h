// How cached keys and values are stored.
#ifndef PLIMSOLL_CORE_ARCH_KV_TYPE_H_
#define PLIMSOLL_CORE_ARCH_KV_TYPE_H_

#include <cstdint>

namespace plimsoll {

enum class KvType : uint8_t { kAuto, kFp16, kBf16, kFp8, kQ8_0, kQ5_1, kQ5_0, kQ4_1, kQ4_0, kFp32, kIq4Nl };

// Stored in blocks of 32 with a scale (ggml's types).
constexpr bool IsQuantized(KvType type) {
  switch (type) {
    case KvType::kQ8_0:
    case KvType::kQ5_1:
    case KvType::kQ5_0:
    case KvType::kQ4_1:
    case KvType::kQ4_0:
    case KvType::kIq4Nl:
      return true;
    default:
      return false;
  }
}

struct KvTypes {
  KvType k = KvType::kAuto;
  KvType v = KvType::kAuto;
  friend bool operator==(const KvTypes&, const KvTypes&) = default;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_KV_TYPE_H_
