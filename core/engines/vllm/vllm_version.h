// vLLM's releases.
#ifndef PLIMSOLL_CORE_ENGINES_VLLM_VLLM_VERSION_H_
#define PLIMSOLL_CORE_ENGINES_VLLM_VLLM_VERSION_H_

#include <cstdint>
#include <string_view>

#include "core/base/result.h"
#include "core/config/engine_version.h"

namespace plimsoll {

// EngineVersion::number of a release.
constexpr int64_t VllmNumber(int major, int minor, int patch = 0) {
  return int64_t{major} * 1000000 + minor * 1000 + patch;
}

// "0.10.2", "v0.8.5.post1"; empty: the newest known. The error says which spellings are accepted.
Result<EngineVersion> ReadVllmVersion(std::string_view text, std::string_view where);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_VLLM_VLLM_VERSION_H_
