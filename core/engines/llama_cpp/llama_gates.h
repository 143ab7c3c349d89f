// What llama.cpp refuses or ignores: formats and cache types that it cannot read, options of other engines,
// models newer than the build. Each becomes a diagnostic with what to change.
#ifndef PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_GATES_H_
#define PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_GATES_H_

#include <string_view>

#include "core/config/config.h"
#include "core/formats/weight_format.h"
#include "core/resolve/resolved.h"

namespace plimsoll {

// Whether llama.cpp can load it: GGUF, and the plain types by converting.
bool LlamaReads(const WeightFormat& format);

// The GGUF type nearest in size to a format that llama.cpp cannot read: "gguf-q4_k_m".
std::string_view NearestGguf(const WeightFormat& format);

// Whether llama.cpp has this architecture at all.
bool LlamaKnows(const Architecture& architecture);

// Appends to resolved->diagnostics.
void CheckLlamaConfiguration(const Config& config, Resolved* resolved);
// Layers or experts in RAM: how fast that memory is decides the speed. Says so where it had to be assumed.
void RemarkOnRam(Resolved* resolved);

// What it means that the cards are on several machines.
void RemarkOnNodes(Resolved* resolved);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_GATES_H_
