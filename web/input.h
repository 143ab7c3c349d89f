// Names of keys as browsers give them (KeyboardEvent.code, or .key where code is empty) to ImGui's.
#ifndef PLIMSOLL_WEB_INPUT_H_
#define PLIMSOLL_WEB_INPUT_H_

#include <string_view>

#include "imgui.h"

namespace plimsoll {

// ImGuiKey_None for keys that the page has no use for.
ImGuiKey KeyFromBrowser(std::string_view code);

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_INPUT_H_
