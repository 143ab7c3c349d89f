// ollama's releases, and the llama.cpp inside each.
#ifndef PLIMSOLL_CORE_ENGINES_OLLAMA_OLLAMA_VERSION_H_
#define PLIMSOLL_CORE_ENGINES_OLLAMA_OLLAMA_VERSION_H_

#include <cstdint>
#include <string_view>

#include "core/base/result.h"
#include "core/config/engine_version.h"

namespace plimsoll {

// 0.32.14 as one number that grows with the releases: EngineVersion::number of this engine.
constexpr int64_t OllamaRelease(int64_t major, int64_t minor, int64_t patch = 0) {
  return (major * 1000 + minor) * 1000 + patch;
}

// "0.32.14", "v0.12.3", "0.33.0-rc2", or a date "2026-05" or "2026-05-02", which means the newest release of
// that day; empty: the newest one known. The error says which spellings are accepted.
Result<EngineVersion> ReadOllamaVersion(std::string_view text, std::string_view where);

// The build of llama.cpp that a release runs, or has compiled in.
EngineVersion LlamaBuildIn(const EngineVersion& release);

// Whether a release is younger than those whose build is known.
bool IsBeyondKnown(const EngineVersion& release);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_OLLAMA_OLLAMA_VERSION_H_
