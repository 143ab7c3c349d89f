// Decoders whose layers all have attention and a dense MLP.
#ifndef PLIMSOLL_CORE_ARCH_DENSE_FAMILIES_H_
#define PLIMSOLL_CORE_ARCH_DENSE_FAMILIES_H_

#include <span>

#include "core/arch/family.h"

namespace plimsoll {

std::span<const Family> DenseFamilies();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_DENSE_FAMILIES_H_
