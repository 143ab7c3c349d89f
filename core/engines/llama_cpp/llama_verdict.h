// What a plan means: the report of it, and whether it will run on these cards and in this RAM.
#ifndef PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_VERDICT_H_
#define PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_VERDICT_H_

#include <string_view>

#include "core/engines/llama_cpp/llama_plan.h"
#include "core/resolve/report.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

// The code of what is said where buffers were reserved without copies for pipelining.
inline constexpr std::string_view kPipeliningDropped = "pipelining_dropped";

// Fills cards, host, cache and verdict of `report` for the context that was asked for, and adds what a plan
// alone can tell to its diagnostics. `plan` is of `resolved`.
void FillLlamaReport(const Resolved& resolved, LlamaPlan* plan, Report* report);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_VERDICT_H_
