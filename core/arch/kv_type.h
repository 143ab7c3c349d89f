// How cached keys and values are stored.
#ifndef PLIMSOLL_CORE_ARCH_KV_TYPE_H_
#define PLIMSOLL_CORE_ARCH_KV_TYPE_H_

#include <cstdint>

namespace plimsoll {

enum class KvType : uint8_t {
  kAuto,
  kFp16,
  kBf16,
  kFp8,
  kQ8_0,
  kQ5_1,
  kQ5_0,
  kQ4_1,
  kQ4_0,
  kFp32,
  // vLLM's other types (vllm/config/cache.py CacheDType).
  kFp8E4m3,
  kFp8E5m2,
  kInt8PerTokenHead,
  kFp8PerTokenHead,
  kInt4PerTokenHead,
  kNvfp4,
  kIq4Nl,
};

// One byte per value and one scale for all of them.
constexpr bool IsFp8(KvType type) {
  return type == KvType::kFp8 || type == KvType::kFp8E4m3 || type == KvType::kFp8E5m2;
}

// A scale for each token and head beside its values.
constexpr bool IsPerTokenHead(KvType type) {
  return type == KvType::kInt8PerTokenHead || type == KvType::kFp8PerTokenHead ||
         type == KvType::kInt4PerTokenHead;
}

// What recurrent layers keep for sequences with equal beginnings (vllm/config/cache.py mamba_cache_mode): one
// state; one more, of the last whole block; one for each block.
enum class StateCacheMode : uint8_t { kAuto, kNone, kAlign, kAll };

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
