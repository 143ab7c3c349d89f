// Engines whose speed is known but whose own memory budget is not modelled: SGLang, TensorRT-LLM, MLX and
// others.
//
// What any engine must hold is counted: the weights as stored, divided over the ranks, and the cache and the
// recurrent state of the sequences asked for. What such an engine adds (workspaces, graphs, pools taken in
// advance) is not, and the report says so.
#ifndef PLIMSOLL_CORE_ENGINES_GENERIC_GENERIC_ENGINE_H_
#define PLIMSOLL_CORE_ENGINES_GENERIC_GENERIC_ENGINE_H_

#include <vector>

#include "core/engines/engine.h"

namespace plimsoll {

std::vector<const Engine*> GenericEngines();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_GENERIC_GENERIC_ENGINE_H_
