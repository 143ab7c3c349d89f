// The plain keys of a vision_config, and what follows from them for the blocks that many towers share.
// Internal to the architecture reader.
#ifndef PLIMSOLL_CORE_ARCH_TOWER_KEYS_H_
#define PLIMSOLL_CORE_ARCH_TOWER_KEYS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "core/arch/architecture_builder.h"
#include "core/arch/tower_builder.h"

namespace plimsoll {

// The blocks of timm's vision transformer and its kin.
TowerNames TimmNames();

// A number, or the first of a list of two that are alike (sizes by height and width).
int64_t Side(ConfigReader& reader, std::string_view key, int64_t fallback, int64_t most);

struct TowerDefaults {
  int64_t hidden = 1152, layers = 27, heads = 16, intermediate = 4304, image = 224, patch = 14;
};

// Fills the architecture's vision tower from the keys of `vision`.
void ReadTower(ArchitectureBuilder& builder, ConfigReader& vision, const TowerDefaults& d);

int64_t Patches(const VisionTower& t);
int64_t PatchElements(const VisionTower& t);
TowerBuilder::Siglip SiglipOf(const VisionTower& t);
TowerBlocks BlocksOf(const VisionTower& t, const TowerNames& names);
void EnterProjector(TowerBuilder& tower, std::string prefix);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_TOWER_KEYS_H_
