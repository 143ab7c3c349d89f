// Keys of a config.json that shape a model somewhere: experts, latent attention, recurrent layers, second
// embeddings. A family that does not read one of them would answer for another model than the config
// describes, so a value that is not neutral is an error that names the key.
//
// What a family reads is not listed anywhere: its ConfigReaders remember it. Keys that it knows to be inert
// (transformers and vLLM do not look at them either) it names with ConfigReader::Inert.
#ifndef PLIMSOLL_CORE_ARCH_STRUCTURAL_KEYS_H_
#define PLIMSOLL_CORE_ARCH_STRUCTURAL_KEYS_H_

#include <string_view>
#include <vector>

#include "core/arch/architecture_builder.h"

namespace plimsoll {

// After a family has read the config: fails on the first structural key that it has not read.
void RefuseUnreadStructure(ArchitectureBuilder& builder);

// All of them, for tests.
std::vector<std::string_view> StructuralKeys();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_STRUCTURAL_KEYS_H_
