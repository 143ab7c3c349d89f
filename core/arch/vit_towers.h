// Towers with blocks of their own: neither CLIP's nor SigLIP's, one function for each. Each is an
// ArchitectureBuilder::towers. Internal to the architecture reader.
#ifndef PLIMSOLL_CORE_ARCH_VIT_TOWERS_H_
#define PLIMSOLL_CORE_ARCH_VIT_TOWERS_H_

#include "core/arch/architecture_builder.h"

namespace plimsoll {

void AddHunYuanTower(ArchitectureBuilder& builder);     // Hunyuan-VL, HunyuanOCR
void AddErnieTower(ArchitectureBuilder& builder);       // ERNIE 4.5 VL
void AddStep3Tower(ArchitectureBuilder& builder);       // Step 3
void AddGlm4vTower(ArchitectureBuilder& builder);       // GLM-4V of 2024: EVA2-CLIP
void AddGlmOcrTower(ArchitectureBuilder& builder);      // GLM-OCR, GLM-5-Next
void AddRadioTower(ArchitectureBuilder& builder);       // Nemotron Nano VL: C-RADIO
void AddKananaTower(ArchitectureBuilder& builder);      // Kanana-V: Qwen2-VL's tower and a convolution
void AddOpenVlaTower(ArchitectureBuilder& builder);     // OpenVLA: DINOv2 beside SigLIP
void AddNvlmTower(ArchitectureBuilder& builder);        // NVLM-D: InternViT with a wider projector
void AddPanguTower(ArchitectureBuilder& builder);       // openPangu-VL
void AddQwenVlTower(ArchitectureBuilder& builder);      // Qwen-VL of 2023
void AddChameleonTower(ArchitectureBuilder& builder);   // Chameleon: a VQ-VAE's encoder
void AddBlip2Tower(ArchitectureBuilder& builder);       // BLIP-2: ViT-g and a Q-Former
void AddHyperClovaTower(ArchitectureBuilder& builder);  // HyperCLOVA X Vision 2: Qwen2.5-VL's tower
void AddFuyuPatches(ArchitectureBuilder& builder);      // Fuyu: no tower, one linear layer

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_VIT_TOWERS_H_
