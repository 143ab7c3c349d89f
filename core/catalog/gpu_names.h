// Cards by the names that drivers, shops and people give them: "NVIDIA H100 80GB HBM3", "RTX 4090", "4090".
// Nothing is matched by likeness of letters: a name is the same words, or it is not found.
#ifndef PLIMSOLL_CORE_CATALOG_GPU_NAMES_H_
#define PLIMSOLL_CORE_CATALOG_GPU_NAMES_H_

#include <string_view>

#include "core/catalog/catalog.h"

namespace plimsoll {

const Gpu* FindGpuNamed(const Catalog& catalog, std::string_view name);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CATALOG_GPU_NAMES_H_
