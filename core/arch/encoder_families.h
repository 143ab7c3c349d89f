// Text encoders: every token sees every other, nothing is cached. Embedding models and rerankers.
#ifndef PLIMSOLL_CORE_ARCH_ENCODER_FAMILIES_H_
#define PLIMSOLL_CORE_ARCH_ENCODER_FAMILIES_H_

#include <string_view>

#include "core/arch/family.h"

namespace plimsoll {

// nullptr: no such family.
const Family* FindEncoderFamily(std::string_view name);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_ENCODER_FAMILIES_H_
