// Decoders with routed experts that came after those of moe_families.h: Bailing, Hunyuan 3, Afmoe, Laguna,
// LongCat and the like.
#ifndef PLIMSOLL_CORE_ARCH_SPARSE_FAMILIES_H_
#define PLIMSOLL_CORE_ARCH_SPARSE_FAMILIES_H_

#include <span>

#include "core/arch/family.h"

namespace plimsoll {

std::span<const Family> SparseFamilies();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_SPARSE_FAMILIES_H_
