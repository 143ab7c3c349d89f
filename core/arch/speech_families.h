// Families that hear: encoder-decoders (Whisper), decoders behind an audio encoder (Voxtral, Qwen3-ASR) and
// the thinkers of the Omni models, which also see.
#ifndef PLIMSOLL_CORE_ARCH_SPEECH_FAMILIES_H_
#define PLIMSOLL_CORE_ARCH_SPEECH_FAMILIES_H_

#include <span>

#include "core/arch/family.h"

namespace plimsoll {

std::span<const Family> SpeechFamilies();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_SPEECH_FAMILIES_H_
