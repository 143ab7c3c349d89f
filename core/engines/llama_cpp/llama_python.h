// llama.cpp as Python calls it: llama-cpp-python's class and server, and the wrappers of them that take the same
// keywords.
#ifndef PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_PYTHON_H_
#define PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_PYTHON_H_

#include <span>

#include "core/engines/engine_options.h"

namespace plimsoll {

// What the package takes where nothing is said, as a link's fragment: no layer on the card, no flash attention.
constexpr std::string_view kPythonDefaults = "ctx=512&seqs=1&mbt=512&ub=512&fa=0&ngl=0";
constexpr std::string_view kPythonServerDefaults = "ctx=2048&seqs=1&mbt=512&ub=512&fa=0&ngl=0";

const OptionTable& LlamaPythonTable();        // of the class
const OptionTable& LlamaPythonServerTable();  // what only the server has
std::span<const EngineClass> LlamaPythonClasses();

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_PYTHON_H_
