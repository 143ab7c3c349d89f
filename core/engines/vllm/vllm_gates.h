// What vLLM refuses, or does only in part, on given hardware and with given shapes: capability of the card
// for a format or cache type, divisibility under tensor parallelism, speculative models, lengths, options
// that only another engine has. Each finding is a Diagnostic with a fix; an error means that the engine will
// not start.
//
// Source of the capabilities: get_min_capability() of the classes in
// vllm/model_executor/layers/quantization, vllm/platforms/cuda.py.
#ifndef PLIMSOLL_CORE_ENGINES_VLLM_VLLM_GATES_H_
#define PLIMSOLL_CORE_ENGINES_VLLM_VLLM_GATES_H_

#include <vector>

#include "core/base/result.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

// Appends what it finds. True when nothing of it keeps the engine from starting.
bool CheckVllmGates(const Resolved& resolved, std::vector<Diagnostic>* diagnostics);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_VLLM_VLLM_GATES_H_
