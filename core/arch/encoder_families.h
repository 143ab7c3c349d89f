// Text encoders: every token sees every other, nothing is cached. Embedding models and rerankers.
#ifndef PLIMSOLL_CORE_ARCH_ENCODER_FAMILIES_H_
#define PLIMSOLL_CORE_ARCH_ENCODER_FAMILIES_H_

#include <span>

#include "core/arch/family.h"

namespace plimsoll {

std::span<const Family> EncoderFamilies();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_ENCODER_FAMILIES_H_
