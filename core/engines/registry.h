// The one list of engines.
#ifndef PLIMSOLL_CORE_ENGINES_REGISTRY_H_
#define PLIMSOLL_CORE_ENGINES_REGISTRY_H_

#include <string>
#include <string_view>
#include <vector>

#include "core/engines/engine.h"

namespace plimsoll {

// In the order in which they are offered; the first is the default.
const std::vector<const Engine*>& Engines();

// By id or alias; empty: the default. nullptr: no such engine.
const Engine* FindEngine(std::string_view id);

// The engine of a resolved configuration.
const Engine& EngineOf(const Resolved& resolved);

// The first engine that reads GGUF files, and so runs models that are larger than the cards.
const Engine& GgufEngine();

// "vllm, llama.cpp, … or transformers", for error texts.
std::string EngineIds();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_REGISTRY_H_
