// Further models that read images: their decoders, most of them another family's, behind the towers of
// siglip_towers.h and vit_towers.h.
#ifndef PLIMSOLL_CORE_ARCH_IMAGE_TEXT_FAMILIES_H_
#define PLIMSOLL_CORE_ARCH_IMAGE_TEXT_FAMILIES_H_

#include <span>

#include "core/arch/family.h"

namespace plimsoll {

std::span<const Family> ImageTextFamilies();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_IMAGE_TEXT_FAMILIES_H_
