// Decoders behind a tower of images: which decoder, and where its keys lie. The towers themselves are in
// vision_tower.h and image_towers.h.
#ifndef PLIMSOLL_CORE_ARCH_VISION_LANGUAGE_FAMILIES_H_
#define PLIMSOLL_CORE_ARCH_VISION_LANGUAGE_FAMILIES_H_

#include <span>

#include "core/arch/family.h"

namespace plimsoll {

std::span<const Family> VisionLanguageFamilies();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_VISION_LANGUAGE_FAMILIES_H_
