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

constexpr float kRule = 23;  // a rule between two modes, with the space behind it

// How closely tabs stand; the modes are named where there is room for it.
struct TabSpacing {
  float gap;
  bool named;
};
constexpr std::array<TabSpacing, 5> kSpacings = {
    {{26, true}, {16, true}, {26, false}, {16, false}, {11, false}}};

struct TabPlace {
  float x = 0;
  int line = 0;
  bool named = false, ruled = false;  // the mode's name stands in front of it; a rule does
};
using TabPlaces = std::array<TabPlace, kTabs.size()>;

// Left to right, in new lines where there is no room, and on a phone for each mode.
TabPlaces PlaceTabs(const Ui& ui, float width, float mode, const TabSpacing& spacing) {
  const bool narrow = width < 640;
  TabPlaces places;
  float x = 0;
  int line = 0;
  for (size_t i = 0; i < kTabs.size(); ++i) {
    const float wide = TabWidth(ui, kTabs[i].name);
    const bool begins = i == 0 || kTabs[i - 1].of != kTabs[i].of;
    TabPlace& place = places[i];
    const bool opens = begins && kTabs[i].of != Speaks::kAny;
    place.named = opens && spacing.named;
    const float needed = (place.named ? mode : 0) + (begins && i > 0 ? kRule : 0) + wide;
    if (x > 0 && ((opens && narrow) || x + needed > width)) {
      x = 0;
      ++line;
    } else if (begins && i > 0) {
      place.ruled = true;
      x += kRule;
    }
    if (place.named) x += mode;
    place.x = x;
    place.line = line;
    x += wide + spacing.gap;
  }
  return places;
}

}  // namespace

void DrawTabBar(Ui& ui, AppState& state, float width) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const Tab& open = OpenTab(state);
  const TextStyle grey = {ui.colors->muted, kNote};
  const float mode = std::max(TextWidth(ui, "One:", grey), TextWidth(ui, "Many:", grey)) + 16;
  // The widest that needs no line more than the narrowest.
  TabPlaces places = PlaceTabs(ui, width, mode, kSpacings.back());
  const int lines = places.back().line;
  for (const TabSpacing& spacing : kSpacings) {
    places = PlaceTabs(ui, width, mode, spacing);
    if (places.back().line == lines) break;
  }
  const float height = ui.coarse ? 46 : 42;
  for (size_t i = 0; i < kTabs.size(); ++i) {
    const Tab& tab = kTabs[i];
    const TabPlace& place = places[i];
    const ImVec2 corner(at.x + place.x, at.y + height * static_cast<float>(place.line));
    const float before = corner.x - (place.named ? mode : 0);
    if (place.ruled) {
      ImGui::GetWindowDrawList()->AddRectFilled(ImVec2(before - kRule - 1, corner.y + 11),
                                                ImVec2(before - kRule, corner.y + height - 11),
                                                ui.colors->line);
    }
    if (place.named) {
      DrawText(ui, ImVec2(before, corner.y + height / 2), tab.of == Speaks::kMany ? "Many:" : "One:", grey);
    }
    ImGui::SetCursorScreenPos(corner);
    if (TabButton(ui, tab.name, &tab == &open)) state.OpenTab(tab.name);
  }
  const float line = at.y + height * static_cast<float>(lines + 1);
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
