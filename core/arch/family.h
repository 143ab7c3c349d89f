// An architecture by its name in "architectures", and how it is read. One list per kind of family
// (dense_families.h, moe_families.h, …); this searches them all.
#ifndef PLIMSOLL_CORE_ARCH_FAMILY_H_
#define PLIMSOLL_CORE_ARCH_FAMILY_H_

#include <string_view>

#include "core/arch/architecture_builder.h"

namespace plimsoll {

struct Family {
  std::string_view name;  // as in "architectures"
  void (*read)(ArchitectureBuilder& builder);
};

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_FAMILY_H_
