// Families that run their layers several times over: the weights are there once, each pass keeps a cache of
// its own.
#ifndef PLIMSOLL_CORE_ARCH_LOOPED_FAMILIES_H_
#define PLIMSOLL_CORE_ARCH_LOOPED_FAMILIES_H_

#include <span>

#include "core/arch/family.h"

namespace plimsoll {

std::span<const Family> LoopedFamilies();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_LOOPED_FAMILIES_H_
