// Families whose layers are mostly short convolutions with a gate: LFM2. What a sequence carries through them
// is the last few inputs.
#ifndef PLIMSOLL_CORE_ARCH_CONVOLUTION_FAMILIES_H_
#define PLIMSOLL_CORE_ARCH_CONVOLUTION_FAMILIES_H_

#include <span>

#include "core/arch/family.h"

namespace plimsoll {

std::span<const Family> ConvolutionFamilies();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_CONVOLUTION_FAMILIES_H_
