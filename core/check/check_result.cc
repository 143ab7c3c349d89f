#include "core/check/check_result.h"

#include <array>

namespace plimsoll {

std::string_view CheckKindName(CheckKind kind) {
  constexpr std::array<std::string_view, 6> kNames = {"command", "log",      "config",
                                                      "link",    "hardware", "claim"};
  return kNames[static_cast<size_t>(kind)];
}

}  // namespace plimsoll
