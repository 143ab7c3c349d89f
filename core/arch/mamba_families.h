// Families of Mamba layers: alone (Mamba, Mamba 2, FalconMamba), with attention in some layers (Bamba, PLaMo
// 2), or with a transformer block that several layers share (Zamba 2).
#ifndef PLIMSOLL_CORE_ARCH_MAMBA_FAMILIES_H_
#define PLIMSOLL_CORE_ARCH_MAMBA_FAMILIES_H_

#include <span>

#include "core/arch/family.h"

namespace plimsoll {

std::span<const Family> MambaFamilies();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_MAMBA_FAMILIES_H_
