#include "web/input.h"

#include <array>

namespace plimsoll {
namespace {

struct Named {
  std::string_view code;
  ImGuiKey key;
};

constexpr std::array<Named, 18> kKeys = {{{"Tab", ImGuiKey_Tab},
                                          {"ArrowLeft", ImGuiKey_LeftArrow},
                                          {"ArrowRight", ImGuiKey_RightArrow},
                                          {"ArrowUp", ImGuiKey_UpArrow},
                                          {"ArrowDown", ImGuiKey_DownArrow},
                                          {"PageUp", ImGuiKey_PageUp},
                                          {"PageDown", ImGuiKey_PageDown},
                                          {"Home", ImGuiKey_Home},
                                          {"End", ImGuiKey_End},
                                          {"Insert", ImGuiKey_Insert},
                                          {"Delete", ImGuiKey_Delete},
                                          {"Backspace", ImGuiKey_Backspace},
                                          {"Space", ImGuiKey_Space},
                                          {" ", ImGuiKey_Space},
                                          {"Enter", ImGuiKey_Enter},
                                          {"NumpadEnter", ImGuiKey_Enter},
                                          {"Escape", ImGuiKey_Escape},
                                          {"Minus", ImGuiKey_Minus}}};

ImGuiKey Offset(ImGuiKey first, int by) { return static_cast<ImGuiKey>(static_cast<int>(first) + by); }

}  // namespace

ImGuiKey KeyFromBrowser(std::string_view code) {
  if (code.size() == 4 && code.substr(0, 3) == "Key" && code[3] >= 'A' && code[3] <= 'Z') {
    return Offset(ImGuiKey_A, code[3] - 'A');
  }
  for (const Named& named : kKeys) {
    if (named.code == code) return named.key;
  }
  return ImGuiKey_None;
}

}  // namespace plimsoll
