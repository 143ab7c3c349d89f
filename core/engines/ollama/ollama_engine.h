// ollama: a scheduler of its own around llama.cpp, and in some releases an engine of its own. See engine.h.
#ifndef PLIMSOLL_CORE_ENGINES_OLLAMA_OLLAMA_ENGINE_H_
#define PLIMSOLL_CORE_ENGINES_OLLAMA_OLLAMA_ENGINE_H_

#include "core/engines/engine.h"

namespace plimsoll {

const Engine& OllamaEngine();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_OLLAMA_OLLAMA_ENGINE_H_
