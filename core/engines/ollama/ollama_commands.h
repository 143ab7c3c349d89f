// Ollama's programs, its Modelfile, the variables of its server and the tags of its library.
#ifndef PLIMSOLL_CORE_ENGINES_OLLAMA_OLLAMA_COMMANDS_H_
#define PLIMSOLL_CORE_ENGINES_OLLAMA_OLLAMA_COMMANDS_H_

#include <string>
#include <string_view>

#include "core/engines/engine_options.h"

namespace plimsoll {

const EngineLanguage& OllamaLanguage();

// A library name with the size that it stands for: "llama3.2" is "llama3.2:3b", "deepseek-r1:14b" a distilled
// Qwen. As it is where nothing is known.
std::string LibraryName(std::string_view name);

// The format that a tag says, or by habit has (docs/modelfile, and its library). Empty: a repository of
// the hub whose file says it.
std::string LibraryFormat(const Model& model, std::string_view name, bool* by_habit);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_OLLAMA_OLLAMA_COMMANDS_H_
