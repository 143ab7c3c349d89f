// Towers whose blocks are SigLIP's (or AIMv2's) and whose way into the text is the model's own, one function
// for each. Each is an ArchitectureBuilder::towers. Internal to the architecture reader.
#ifndef PLIMSOLL_CORE_ARCH_SIGLIP_TOWERS_H_
#define PLIMSOLL_CORE_ARCH_SIGLIP_TOWERS_H_

#include "core/arch/architecture_builder.h"

namespace plimsoll {

void AddAriaTower(ArchitectureBuilder& builder);           // Aria: queries attend to the patches
void AddCommandVisionTower(ArchitectureBuilder& builder);  // Command A Vision
void AddGraniteVisionTower(ArchitectureBuilder& builder);  // Granite 4 Vision: several small Q-Formers
void AddIsaacTower(ArchitectureBuilder& builder);          // Isaac: shuffled patches
void AddOvisTower(ArchitectureBuilder& builder);           // Ovis 1.6 and 2: a vocabulary of images
void AddOvis25Tower(ArchitectureBuilder& builder);         // Ovis 2.5 and 2.6
void AddMolmo2Tower(ArchitectureBuilder& builder);         // Molmo 2: features of two layers, pooled
void AddMoondreamTower(ArchitectureBuilder& builder);      // Moondream 2 and 3
void AddBeeTower(ArchitectureBuilder& builder);            // Bee
void AddRVlTower(ArchitectureBuilder& builder);            // R-4B
void AddPhi4SiglipTower(ArchitectureBuilder& builder);     // Phi-4 with SigLIP 2
void AddEagleTower(ArchitectureBuilder& builder);          // Eagle 2.5
void AddKeye15Tower(ArchitectureBuilder& builder);         // Keye-VL 1.5

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_SIGLIP_TOWERS_H_
