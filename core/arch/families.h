// Every architecture that we read.
#ifndef PLIMSOLL_CORE_ARCH_FAMILIES_H_
#define PLIMSOLL_CORE_ARCH_FAMILIES_H_

#include <string_view>

#include "core/arch/family.h"

namespace plimsoll {

// The family of this name; nullptr: not known.
const Family* FindFamily(std::string_view name);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_FAMILIES_H_
