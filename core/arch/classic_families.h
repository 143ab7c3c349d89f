// Decoders of before 2024 with their own spelling of keys and tensors (GPT-2, Falcon, StarCoder …).
#ifndef PLIMSOLL_CORE_ARCH_CLASSIC_FAMILIES_H_
#define PLIMSOLL_CORE_ARCH_CLASSIC_FAMILIES_H_

#include <span>

#include "core/arch/family.h"

namespace plimsoll {

std::span<const Family> ClassicFamilies();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_CLASSIC_FAMILIES_H_
