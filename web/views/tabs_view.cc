// The tab bar. A tab is one view file and one line in kTabs.
#include <algorithm>
#include <array>

#include "web/views/views.h"

namespace plimsoll {
namespace {

struct Tab {
  std::string_view name;
  void (*draw)(Ui& ui, AppState& state, float width);
};

constexpr std::array<Tab, 4> kTabs = {{{"Memory", DrawMemoryTab},
                                       {"Capacity", DrawCapacityTab},
                                       {"Schedule", DrawScheduleTab},
                                       {"Speed", DrawSpeedTab}}};

}  // namespace

void DrawTabs(Ui& ui, AppState& state, float width) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const int count = static_cast<int>(kTabs.size());
  for (int i = 0; i < count && !state.view.show_tab.empty(); ++i) {
    if (kTabs[static_cast<size_t>(i)].name == state.view.show_tab) state.view.tab = i;
  }
  state.view.show_tab.clear();
  state.view.tab = std::clamp(state.view.tab, 0, count - 1);
  float x = 0;
  float y = 0;
  float height = 0;
  for (int i = 0; i < count; ++i) {
    const std::string_view name = kTabs[static_cast<size_t>(i)].name;
    const float tab = TextWidth(ui, name, {0, kBody, Weight::kSemibold}) + 2;
    if (x > 0 && x + tab > width) {
      x = 0;
      y += height;
    }
    ImGui::SetCursorScreenPos(ImVec2(at.x + x, at.y + y));
    if (TabButton(ui, name, i == state.view.tab)) state.view.tab = i;
    height = LastMax().y - LastMin().y;
    x += tab + 24;
  }
  const float line = at.y + y + height;
  ImGui::GetWindowDrawList()->AddRectFilled(ImVec2(at.x, line - 1), ImVec2(at.x + width, line),
                                            ui.colors->line);
  ImGui::SetCursorScreenPos(ImVec2(at.x, line));
  kTabs[static_cast<size_t>(state.view.tab)].draw(ui, state, width);
}

}  // namespace plimsoll
