// llama.cpp: see engine.h.
#ifndef PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_ENGINE_H_
#define PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_ENGINE_H_

#include <vector>

#include "core/engines/engine.h"

namespace plimsoll {

const Engine& LlamaCppEngine();

// Programs with llama.cpp inside, by their own names and with their own defaults.
const std::vector<const Engine*>& LlamaPrograms();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_ENGINE_H_
