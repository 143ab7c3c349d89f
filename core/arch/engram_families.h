// DeepSeek-V4.1: V4's attention with fewer sources of compressed keys than layers, and tables of n-grams
// (engrams) beside two of them.
#ifndef PLIMSOLL_CORE_ARCH_ENGRAM_FAMILIES_H_
#define PLIMSOLL_CORE_ARCH_ENGRAM_FAMILIES_H_

#include <span>

#include "core/arch/family.h"

namespace plimsoll {

std::span<const Family> EngramFamilies();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_ENGRAM_FAMILIES_H_
