// Audio encoders and what leads from them into the text, from audio_config. Internal to the architecture
// reader.
#ifndef PLIMSOLL_CORE_ARCH_AUDIO_TOWER_H_
#define PLIMSOLL_CORE_ARCH_AUDIO_TOWER_H_

#include <string>

#include "core/arch/architecture_builder.h"

namespace plimsoll {

// Gemma 4's conformer and its projection. Does nothing where audio_config is missing.
void AddGemma4Audio(ArchitectureBuilder& builder);

// Gemma 3n's towers. Its vision tower (MobileNet-v5) has no keys that shape it.
void AddGemma3nTowers(ArchitectureBuilder& builder);

// A Whisper encoder whose frames go through one linear layer (Qwen2.5-Omni, Qwen2-Audio), or two (Voxtral,
// Audio Flamingo 3, MiniCPM-o).
void AddQwen25Audio(ArchitectureBuilder& builder, const std::string& prefix);
void AddQwen2Audio(ArchitectureBuilder& builder);
void AddVoxtralAudio(ArchitectureBuilder& builder);
void AddFlamingoAudio(ArchitectureBuilder& builder);
// Several frames side by side go through one gated layer (Ultravox).
void AddUltravoxAudio(ArchitectureBuilder& builder);
// Nothing where audio_config is missing.
void AddMiniCpmAudio(ArchitectureBuilder& builder);

// Three convolutions over time and pitch in front of Whisper-like layers (Qwen3-Omni, Qwen3-ASR).
void AddQwen3Audio(ArchitectureBuilder& builder, const std::string& prefix);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_AUDIO_TOWER_H_
