// vLLM: see engine.h. Its budget and cache follow the engine's source release by release: what changed when
// is in vllm_rules.h, the parts of the budget in vllm_weights.h, vllm_activation.h and vllm_kv_cache.h.
#ifndef PLIMSOLL_CORE_ENGINES_VLLM_VLLM_ENGINE_H_
#define PLIMSOLL_CORE_ENGINES_VLLM_VLLM_ENGINE_H_

#include "core/engines/engine.h"

namespace plimsoll {

const Engine& VllmEngine();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_VLLM_VLLM_ENGINE_H_
