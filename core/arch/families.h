// An architecture by its name in "architectures". Each kind of family has a list of its own
// (dense_families.h, moe_families.h, …); this searches them all.
#ifndef PLIMSOLL_CORE_ARCH_FAMILIES_H_
#define PLIMSOLL_CORE_ARCH_FAMILIES_H_

#include <string_view>
#include <vector>

#include "core/arch/family.h"

namespace plimsoll {

// nullptr: not known.
const Family* FindFamily(std::string_view name);

// Every name that FindFamily knows.
std::vector<std::string_view> FamilyNames();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_FAMILIES_H_
