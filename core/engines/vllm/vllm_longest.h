// The longest sequence that fits under vLLM: what an estimate at that max_model_len says, because the step's token budget, and with
// it the pool, may depend on the length.
#ifndef PLIMSOLL_CORE_ENGINES_VLLM_VLLM_LONGEST_H_
#define PLIMSOLL_CORE_ENGINES_VLLM_VLLM_LONGEST_H_

#include <cstdint>

#include "core/engines/vllm/vllm_rules.h"
#include "core/resolve/report.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

// Tokens; zero where none fits. `report` is PlanVllmStart's of the same.
int64_t LongestUnderVllm(const Resolved& resolved, const VllmRules& rules, const Report& report);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_VLLM_VLLM_LONGEST_H_
