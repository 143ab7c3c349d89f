// Decoders with routed experts.
#ifndef PLIMSOLL_CORE_ARCH_MOE_FAMILIES_H_
#define PLIMSOLL_CORE_ARCH_MOE_FAMILIES_H_

#include <span>

#include "core/arch/family.h"

namespace plimsoll {

std::span<const Family> MoeFamilies();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_MOE_FAMILIES_H_
