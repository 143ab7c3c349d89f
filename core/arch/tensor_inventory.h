// The whole list of a model's tensors: layers, and everything outside them.
#ifndef PLIMSOLL_CORE_ARCH_TENSOR_INVENTORY_H_
#define PLIMSOLL_CORE_ARCH_TENSOR_INVENTORY_H_

#include "core/arch/architecture_builder.h"
#include "core/arch/stored_parts.h"

namespace plimsoll {

// Fills builder.architecture.tensors from its groups and its family's names.
void BuildTensors(ArchitectureBuilder& builder, const StoredParts& stored);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_TENSOR_INVENTORY_H_
