// Families that look up a table of n-grams beside the embedding of tokens: Qwen3.8-Flash-Next (Qwen4Exp).
#ifndef PLIMSOLL_CORE_ARCH_NGRAM_FAMILIES_H_
#define PLIMSOLL_CORE_ARCH_NGRAM_FAMILIES_H_

#include <cstdint>
#include <span>

#include "core/arch/family.h"

namespace plimsoll {

// Sum of the first `count` primes from `base` on: each hash of a table of n-grams has a prime number of rows.
// REQUIRES: 2 <= base <= kMaxVocab.
int64_t SumOfPrimes(int64_t base, int64_t count);

std::span<const Family> NgramFamilies();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_NGRAM_FAMILIES_H_
