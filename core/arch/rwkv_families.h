// RWKV: no attention; every layer carries one matrix per head and the last inputs of its two halves.
#ifndef PLIMSOLL_CORE_ARCH_RWKV_FAMILIES_H_
#define PLIMSOLL_CORE_ARCH_RWKV_FAMILIES_H_

#include <span>

#include "core/arch/family.h"

namespace plimsoll {

std::span<const Family> RwkvFamilies();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_RWKV_FAMILIES_H_
