// Decoders that mix attention with recurrent layers (Mamba, gated delta nets, lightning attention).
#ifndef PLIMSOLL_CORE_ARCH_HYBRID_FAMILIES_H_
#define PLIMSOLL_CORE_ARCH_HYBRID_FAMILIES_H_

#include <span>

#include "core/arch/family.h"

namespace plimsoll {

std::span<const Family> HybridFamilies();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_HYBRID_FAMILIES_H_
