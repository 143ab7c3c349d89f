// A text encoder beside a tower of images, which meet in one space: CLIP and SigLIP. Embedding models of two kinds of input;
// nothing is cached.
#ifndef PLIMSOLL_CORE_ARCH_DUAL_ENCODER_FAMILIES_H_
#define PLIMSOLL_CORE_ARCH_DUAL_ENCODER_FAMILIES_H_

#include <span>

#include "core/arch/family.h"

namespace plimsoll {

std::span<const Family> DualEncoderFamilies();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_DUAL_ENCODER_FAMILIES_H_
