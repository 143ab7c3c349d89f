// Which release of an engine. What changed between releases is a table of dated rules (engine_vllm.cc,
// engine_llama_cpp.cc), so every version resolves to a date.
#ifndef PLIMSOLL_CORE_CONFIG_ENGINE_VERSION_H_
#define PLIMSOLL_CORE_CONFIG_ENGINE_VERSION_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/config/config.h"

namespace plimsoll {

struct EngineVersion {
  std::string text;  // as given, or the newest known
  int64_t number =
      0;  // vLLM: major * 1'000'000 + minor * 1'000 + patch; llama.cpp: build number, 0 for a date
  int32_t date =
      0;  // yyyymmdd of the release; between known releases the nearest earlier one (builds: interpolated)
};

// vLLM: "0.10.2", "v0.8.5.post1". llama.cpp: "b4589", "4589", or a date "2026-05" or "2026-05-02".
// Empty text: the newest version known. The error says which spellings are accepted.
Result<EngineVersion> ReadEngineVersion(EngineKind engine, std::string_view text, std::string_view where);

constexpr int64_t VllmNumber(int major, int minor, int patch = 0) {
  return int64_t{major} * 1000000 + minor * 1000 + patch;
}

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CONFIG_ENGINE_VERSION_H_
