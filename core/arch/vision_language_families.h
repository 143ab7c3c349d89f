// Decoders behind a tower of images: which decoder, and where its keys lie. The towers themselves are in
// vision_tower.h and image_towers.h.
#ifndef PLIMSOLL_CORE_ARCH_VISION_LANGUAGE_FAMILIES_H_
#define PLIMSOLL_CORE_ARCH_VISION_LANGUAGE_FAMILIES_H_

#include <string_view>

#include "core/arch/family.h"

namespace plimsoll {

// nullptr: no such family.
const Family* FindVisionLanguageFamily(std::string_view name);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_VISION_LANGUAGE_FAMILIES_H_
