// Where every byte goes when vLLM starts: each rank's weights, activation peak, graphs and memory outside PyTorch, and what the
// share leaves for the pool, in whole blocks (vllm/v1/worker/gpu_worker.py determine_available_memory, vllm/v1/core/kv_cache_utils.py).
#ifndef PLIMSOLL_CORE_ENGINES_VLLM_VLLM_PLAN_H_
#define PLIMSOLL_CORE_ENGINES_VLLM_VLLM_PLAN_H_

#include <cstdint>

#include "core/engines/vllm/vllm_rules.h"
#include "core/resolve/report.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

// Fills the cards, the cache and the verdict. Where only what a first start takes is too much, the answer is that of a later
// start, and tight.
void PlanVllmStart(const Resolved& resolved, const VllmRules& rules, Report* report);

// Tokens of one sequence that the pool of a later start holds, under the calibration of `report`; zero where later starts take no
// less.
int64_t LongestInLaterVllmPool(const Resolved& resolved, const VllmRules& rules, const Report& report);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_VLLM_VLLM_PLAN_H_
