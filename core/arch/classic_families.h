// Decoders of before 2024 with their own spelling of keys and tensors (GPT-2, Falcon, StarCoder …).
#ifndef PLIMSOLL_CORE_ARCH_CLASSIC_FAMILIES_H_
#define PLIMSOLL_CORE_ARCH_CLASSIC_FAMILIES_H_

#include <span>
#include <string_view>

#include "core/arch/family.h"

namespace plimsoll {

// The family of that name; nullptr: not one of these.
const Family* FindClassicFamily(std::string_view name);
std::span<const Family> ClassicFamilies();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_CLASSIC_FAMILIES_H_
