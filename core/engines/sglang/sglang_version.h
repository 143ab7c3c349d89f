// SGLang's releases.
#ifndef PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_VERSION_H_
#define PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_VERSION_H_

#include <cstdint>
#include <string_view>

#include "core/base/result.h"
#include "core/config/engine_version.h"

namespace plimsoll {

// EngineVersion::number of a release. Rules changed with post releases, too.
constexpr int64_t SglangNumber(int major, int minor, int patch = 0, int post = 0) {
  return ((int64_t{major} * 1000 + minor) * 1000 + patch) * 100 + post;
}

// "0.5.9", "v0.4.6.post2", "0.5.3rc1", or a date "2026-05" or "2026-05-02", which means the newest release of that
// day; empty: the newest known. The error says which spellings are accepted.
Result<EngineVersion> ReadSglangVersion(std::string_view text, std::string_view where);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ENGINES_SGLANG_SGLANG_VERSION_H_
