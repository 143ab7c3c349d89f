// The text model that a config with towers nests. Internal to the architecture reader.
#ifndef PLIMSOLL_CORE_ARCH_NESTED_TEXT_H_
#define PLIMSOLL_CORE_ARCH_NESTED_TEXT_H_

#include "core/arch/architecture_builder.h"

namespace plimsoll {

// Reads the nested text model by the class that it names, or by its model_type.
void ReadNestedText(ArchitectureBuilder& builder);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_NESTED_TEXT_H_
