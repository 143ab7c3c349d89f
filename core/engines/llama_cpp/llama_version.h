// llama.cpp's builds.
#ifndef PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_VERSION_H_
#define PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_VERSION_H_

#include <string_view>

#include "core/base/result.h"
#include "core/config/engine_version.h"

namespace plimsoll {

// "b4589", "4589", a date "2026-05" or "2026-05-02", or "ik" for that fork; empty: the newest known. `number`
// is the build, 0 for a date. The error says which spellings are accepted.
Result<EngineVersion> ReadLlamaVersion(std::string_view text, std::string_view where);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_LLAMA_CPP_LLAMA_VERSION_H_
