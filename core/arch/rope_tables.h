// Rotary embeddings: the width of the rotated part, and the tables of cosines and sines that vLLM keeps.
#ifndef PLIMSOLL_CORE_ARCH_ROPE_TABLES_H_
#define PLIMSOLL_CORE_ARCH_ROPE_TABLES_H_

#include "core/arch/architecture_builder.h"

namespace plimsoll {

void ReadRope(ArchitectureBuilder& builder);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_ROPE_TABLES_H_
