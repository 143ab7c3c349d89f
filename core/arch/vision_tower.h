// The vision tower and projector of a multimodal model.
#ifndef PLIMSOLL_CORE_ARCH_VISION_TOWER_H_
#define PLIMSOLL_CORE_ARCH_VISION_TOWER_H_

#include "core/arch/architecture_builder.h"

namespace plimsoll {

// Fills builder.architecture.vision and appends its tensors. REQUIRES: the config has a vision_config.
void BuildVision(ArchitectureBuilder& builder);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_VISION_TOWER_H_
