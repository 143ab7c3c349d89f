// Which release of an engine. What changed between releases is a table of dated rules in the engine's own
// room, so every version resolves to a date.
#ifndef PLIMSOLL_CORE_CONFIG_ENGINE_VERSION_H_
#define PLIMSOLL_CORE_CONFIG_ENGINE_VERSION_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace plimsoll {

struct EngineVersion {
  std::string text;    // as given, or the newest known
  int64_t number = 0;  // grows with the releases, as the engine counts them; 0: told by date
  int32_t date =
      0;  // yyyymmdd of the release; between known releases the nearest earlier one, or interpolated
};

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CONFIG_ENGINE_VERSION_H_
