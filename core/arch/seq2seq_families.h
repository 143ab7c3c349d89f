// Encoders with a decoder that looks at what they made of a text: T5 and its kin, BART and its kin, T5Gemma. What the
// encoder makes of a sequence is kept as the keys and values of its cross-attention.
#ifndef PLIMSOLL_CORE_ARCH_SEQ2SEQ_FAMILIES_H_
#define PLIMSOLL_CORE_ARCH_SEQ2SEQ_FAMILIES_H_

#include <span>

#include "core/arch/family.h"

namespace plimsoll {

std::span<const Family> Seq2SeqFamilies();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_SEQ2SEQ_FAMILIES_H_
