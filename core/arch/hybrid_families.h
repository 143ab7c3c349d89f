// Decoders that mix attention with recurrent layers (Mamba, gated delta nets, lightning attention).
#ifndef PLIMSOLL_CORE_ARCH_HYBRID_FAMILIES_H_
#define PLIMSOLL_CORE_ARCH_HYBRID_FAMILIES_H_

#include <span>
#include <string_view>

#include "core/arch/family.h"

namespace plimsoll {

// The family of that name; nullptr: not one of these.
const Family* FindHybridFamily(std::string_view name);
std::span<const Family> HybridFamilies();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_HYBRID_FAMILIES_H_
