// Decoders with routed experts.
#ifndef PLIMSOLL_CORE_ARCH_MOE_FAMILIES_H_
#define PLIMSOLL_CORE_ARCH_MOE_FAMILIES_H_

#include <span>
#include <string_view>

#include "core/arch/family.h"

namespace plimsoll {

// The family of that name; nullptr: not one of these.
const Family* FindMoeFamily(std::string_view name);
std::span<const Family> MoeFamilies();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_MOE_FAMILIES_H_
