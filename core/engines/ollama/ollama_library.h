// Files of ollama's own library, where they are not what llama-quantize makes of the same format: `ollama
// create` up to 0.24 had rules of its own for models with gated delta layers, and the library's files are
// made once.
//
// Source: server/quantization.go qwen3LinearAttnQuantType at v0.24.0.
#ifndef PLIMSOLL_CORE_ENGINES_OLLAMA_OLLAMA_LIBRARY_H_
#define PLIMSOLL_CORE_ENGINES_OLLAMA_OLLAMA_LIBRARY_H_

#include <string_view>

#include "core/resolve/resolved.h"

namespace plimsoll {

// Puts the library's types into the format of a model that the catalog knows; false: it is as everywhere.
bool TakeLibraryTypes(std::string_view family, Resolved* resolved);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_OLLAMA_OLLAMA_LIBRARY_H_
