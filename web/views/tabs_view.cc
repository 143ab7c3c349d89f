// The tab bar: one configuration, or many. A tab is one view file and one line in kTabs.
#include <algorithm>
#include <array>

#include "core/base/text.h"
#include "web/views/views.h"

namespace plimsoll {
namespace {

using Draw = void (*)(Ui& ui, AppState& state, float width);

enum class Speaks : uint8_t { kOne, kMany, kAny };  // of one configuration, of many, of what somebody has

struct Tab {
  std::string_view name;
  Speaks of;
  Draw head;  // the answer in one sentence; on a phone it stands above the configuration
  Draw body;
};

constexpr std::array<Tab, 9> kTabs = {{{"Memory", Speaks::kOne, DrawOneAnswer, DrawMemoryTab},
                                       {"Speed", Speaks::kOne, DrawOneAnswer, DrawSpeedTab},
                                       {"Capacity", Speaks::kOne, DrawOneAnswer, DrawCapacityTab},
                                       {"Schedule", Speaks::kOne, DrawOneAnswer, DrawScheduleTab},
                                       {"Launch", Speaks::kOne, DrawOneAnswer, DrawLaunchTab},
                                       {"Find", Speaks::kMany, DrawFindHead, DrawFindTab},
                                       {"Compare", Speaks::kMany, DrawCompareHead, DrawCompareTab},
                                       {"Map", Speaks::kMany, DrawMapHead, DrawMapTab},
                                       {"Check", Speaks::kAny, DrawCheckHead, DrawCheckTab}}};

const Tab& OpenTab(const AppState& state) {
  const auto open = std::find_if(kTabs.begin(), kTabs.end(),
                                 [&](const Tab& tab) { return Lower(tab.name) == state.tab(); });
  return open == kTabs.end() ? kTabs.front() : *open;
}

}  // namespace

void DrawTabBar(Ui& ui, AppState& state, float width) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const Tab& open = OpenTab(state);
  const bool narrow = width < 640;
  const TextStyle grey = {ui.colors->muted, kNote};
  const float mode = std::max(TextWidth(ui, "One:", grey), TextWidth(ui, "Many:", grey)) + 16;
  float x = 0;
  float y = 0;
  const float height = ui.coarse ? 46 : 42;
  const Tab* last = nullptr;
  for (const Tab& tab : kTabs) {
    const float wide = TextWidth(ui, tab.name, {0, kBody, Weight::kSemibold}) + 2;
    const bool begins = last == nullptr || last->of != tab.of;
    const bool named = begins && tab.of != Speaks::kAny;
    const float needed = (named ? mode : 0) + (begins ? 23 : 0) + wide;
    if (x > 0 && ((named && narrow) || x + needed > width)) {
      x = 0;
      y += height;
    } else if (begins && last != nullptr) {
      ImGui::GetWindowDrawList()->AddRectFilled(ImVec2(at.x + x - 1, at.y + y + 11),
                                                ImVec2(at.x + x, at.y + y + height - 11), ui.colors->line);
      x += 23;
    }
    if (named) {
      DrawText(ui, ImVec2(at.x + x, at.y + y + height / 2), tab.of == Speaks::kMany ? "Many:" : "One:", grey);
      x += mode;
    }
    ImGui::SetCursorScreenPos(ImVec2(at.x + x, at.y + y));
    if (TabButton(ui, tab.name, &tab == &open)) state.OpenTab(tab.name);
    x += wide + (narrow ? 16.0F : 26.0F);
    last = &tab;
  }
  const float line = at.y + y + height;
  ImGui::GetWindowDrawList()->AddRectFilled(ImVec2(at.x, line - 1), ImVec2(at.x + width, line),
                                            ui.colors->line);
  ImGui::SetCursorScreenPos(ImVec2(at.x, line));
}

std::vector<std::string_view> TabNames() {
  std::vector<std::string_view> names;
  for (const Tab& tab : kTabs) names.push_back(tab.name);
  return names;
}

bool IsOneTab(const AppState& state) {
  return OpenTab(state).of == Speaks::kOne && state.unknown_in_link() == nullptr;
}

void DrawTabHead(Ui& ui, AppState& state, float width) {
  (state.unknown_in_link() != nullptr ? DrawUnknown : OpenTab(state).head)(ui, state, width);
}

void DrawTab(Ui& ui, AppState& state, float width) {
  if (state.unknown_in_link() == nullptr) OpenTab(state).body(ui, state, width);
}

}  // namespace plimsoll
