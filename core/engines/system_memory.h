// Memory that is not the engine's to use: what a system keeps of memory that CPU and GPU share, and what a
// display or other programs hold. Both are terms of the report.
#ifndef PLIMSOLL_CORE_ENGINES_SYSTEM_MEMORY_H_
#define PLIMSOLL_CORE_ENGINES_SYSTEM_MEMORY_H_

#include <vector>

#include "core/catalog/gpu.h"
#include "core/resolve/report.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

// Adds their rows. What the system keeps lies beside the card's capacity: the depth-0 rows of a report add up
// to the fullest card's `total` and `reserved`.
void AddSystemTerms(const Resolved& resolved, const GpuReport& gpu, std::vector<Term>* terms);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_SYSTEM_MEMORY_H_
