// Decoders with routed experts that came after those of moe_families.h: Bailing, Hunyuan 3, Afmoe, Laguna,
// LongCat and the like.
#ifndef PLIMSOLL_CORE_ARCH_SPARSE_FAMILIES_H_
#define PLIMSOLL_CORE_ARCH_SPARSE_FAMILIES_H_

#include <span>
#include <string_view>

#include "core/arch/family.h"

namespace plimsoll {

// The family of that name; nullptr: not one of these.
const Family* FindSparseFamily(std::string_view name);
std::span<const Family> SparseFamilies();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_SPARSE_FAMILIES_H_
