// Towers of images and their projectors, one function for each kind, from the keys of a family's config. Each
// is an ArchitectureBuilder::towers. Internal to the architecture reader.
#ifndef PLIMSOLL_CORE_ARCH_IMAGE_TOWERS_H_
#define PLIMSOLL_CORE_ARCH_IMAGE_TOWERS_H_

#include "core/arch/architecture_builder.h"

namespace plimsoll {

void AddInternVit(ArchitectureBuilder& builder);     // InternVL
void AddGlmTower(ArchitectureBuilder& builder);      // GLM-4V
void AddMoonVit(ArchitectureBuilder& builder);       // Kimi-VL
void AddMiniCpmTower(ArchitectureBuilder& builder);  // MiniCPM-V: SigLIP and a resampler
void AddPhi3Tower(ArchitectureBuilder& builder);     // Phi-3-V: CLIP
void AddPhi4Towers(ArchitectureBuilder& builder);  // Phi-4-multimodal: SigLIP, a conformer and LoRA adapters
void AddMolmoTower(ArchitectureBuilder& builder);  // Molmo: CLIP with pooling
void AddIdeficsTower(ArchitectureBuilder& builder);        // Idefics 3, SmolVLM
void AddPaliGemmaTower(ArchitectureBuilder& builder);      // PaliGemma
void AddAyaTower(ArchitectureBuilder& builder);            // Aya Vision
void AddOneVisionTower(ArchitectureBuilder& builder);      // LLaVA-OneVision
void AddDeepseekVlTower(ArchitectureBuilder& builder);     // DeepSeek-VL2
void AddDeepseekOcrTowers(ArchitectureBuilder& builder);   // DeepSeek-OCR: SAM and CLIP
void AddDeepseekOcr2Towers(ArchitectureBuilder& builder);  // DeepSeek-OCR-2: SAM and Qwen2
// SigLIP with positions for packed images; the norm stands in front of the merging of patches, or behind it.
void AddPackedSiglipTower(ArchitectureBuilder& builder, bool merged_norm);
void AddPaddleTower(ArchitectureBuilder& builder);        // PaddleOCR-VL
void AddDotsTower(ArchitectureBuilder& builder);          // dots.ocr
void AddLfm2VlTower(ArchitectureBuilder& builder);        // LFM2-VL
void AddMllamaTower(ArchitectureBuilder& builder);        // Llama 3.2 Vision
void AddGemma4Projections(ArchitectureBuilder& builder);  // Gemma 4 12B: no tower, patches go straight in
void AddStepTower(ArchitectureBuilder& builder);          // Step 3.7
void AddMiniMaxTower(ArchitectureBuilder& builder);       // MiniMax-M3

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_IMAGE_TOWERS_H_
