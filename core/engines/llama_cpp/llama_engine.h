// llama.cpp: see engine.h.
#ifndef PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_ENGINE_H_
#define PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_ENGINE_H_

#include "core/engines/engine.h"

namespace plimsoll {

const Engine& LlamaCppEngine();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_ENGINE_H_
