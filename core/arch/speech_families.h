// Families that hear: encoder-decoders (Whisper), decoders behind an audio encoder (Voxtral, Qwen3-ASR) and
// the thinkers of the Omni models, which also see.
#ifndef PLIMSOLL_CORE_ARCH_SPEECH_FAMILIES_H_
#define PLIMSOLL_CORE_ARCH_SPEECH_FAMILIES_H_

#include <string_view>

#include "core/arch/family.h"

namespace plimsoll {

// nullptr: no such family.
const Family* FindSpeechFamily(std::string_view name);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_SPEECH_FAMILIES_H_
