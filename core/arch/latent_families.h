// Decoders with latent attention (MLA), most of them with routed experts.
#ifndef PLIMSOLL_CORE_ARCH_LATENT_FAMILIES_H_
#define PLIMSOLL_CORE_ARCH_LATENT_FAMILIES_H_

#include <span>

#include "core/arch/family.h"

namespace plimsoll {

std::span<const Family> LatentFamilies();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_LATENT_FAMILIES_H_
