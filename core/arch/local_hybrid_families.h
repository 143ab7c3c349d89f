// Recurrent layers beside attention in a window: RecurrentGemma (Griffin), and Phi-4-mini-flash (SambaY), whose second half
// reads what the first half's last layers kept.
#ifndef PLIMSOLL_CORE_ARCH_LOCAL_HYBRID_FAMILIES_H_
#define PLIMSOLL_CORE_ARCH_LOCAL_HYBRID_FAMILIES_H_

#include <span>

#include "core/arch/family.h"

namespace plimsoll {

std::span<const Family> LocalHybridFamilies();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_LOCAL_HYBRID_FAMILIES_H_
