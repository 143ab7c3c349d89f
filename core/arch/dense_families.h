// Decoders whose layers all have attention and a dense MLP.
#ifndef PLIMSOLL_CORE_ARCH_DENSE_FAMILIES_H_
#define PLIMSOLL_CORE_ARCH_DENSE_FAMILIES_H_

#include <span>
#include <string_view>

#include "core/arch/family.h"

namespace plimsoll {

// The family of that name; nullptr: not one of these.
const Family* FindDenseFamily(std::string_view name);
std::span<const Family> DenseFamilies();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_DENSE_FAMILIES_H_
