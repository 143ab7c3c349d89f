// The command lines of llama.cpp's programs, and of those that are made of it.
#ifndef PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_COMMANDS_H_
#define PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_COMMANDS_H_

#include "core/engines/engine_options.h"

namespace plimsoll {

const EngineLanguage& LlamaCppLanguage();

// "Qwen3-32B-Q4_K_M": how files of a model in a GGUF format are called.
std::string GgufFileName(const Catalog& catalog, std::string_view model, std::string_view format);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_COMMANDS_H_
