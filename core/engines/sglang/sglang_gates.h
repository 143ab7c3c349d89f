// What SGLang refuses, whatever memory there is.
#ifndef PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_GATES_H_
#define PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_GATES_H_

#include <vector>

#include "core/base/result.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

// Adds its remarks; false: it would not start.
bool CheckSglangGates(const Resolved& resolved, std::vector<Diagnostic>* diagnostics);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_GATES_H_
