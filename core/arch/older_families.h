// Decoders with names or joints of their own: ChatGLM, QWen, MPT, DBRX, OLMo 1, and near relatives of
// Llama without a gate in the MLP.
#ifndef PLIMSOLL_CORE_ARCH_OLDER_FAMILIES_H_
#define PLIMSOLL_CORE_ARCH_OLDER_FAMILIES_H_

#include <span>

#include "core/arch/family.h"

namespace plimsoll {

std::span<const Family> OlderFamilies();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_OLDER_FAMILIES_H_
