// Kernels by name, where an engine lets one choose them: attention_backend and
// moe_backend. Each engine has a list of its own names, of all releases
// together.
#ifndef PLIMSOLL_CORE_ENGINES_KERNEL_NAMES_H_
#define PLIMSOLL_CORE_ENGINES_KERNEL_NAMES_H_

#include <span>
#include <string_view>

#include "core/base/result.h"

namespace plimsoll {

// The engine's spelling of what was asked for, whatever its case and with - for
// _; empty where nothing was asked. The error of a name that the engine does
// not have begins with the nearest one.
Result<std::string_view> FindKernelName(std::string_view field, std::string_view asked,
                                        std::span<const std::string_view> names);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_KERNEL_NAMES_H_
