// llama.cpp: see engine.h.
#ifndef PLIMSOLL_CORE_ENGINE_LLAMA_CPP_H_
#define PLIMSOLL_CORE_ENGINE_LLAMA_CPP_H_

#include "core/engine.h"

namespace plimsoll {

const Engine& LlamaCppEngine();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINE_LLAMA_CPP_H_
