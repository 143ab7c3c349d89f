// Drives the page without a browser or a graphics card: real frames, a renderer that draws nothing, and a
// mouse and keyboard that find things by the labels of the semantic tree.
#ifndef PLIMSOLL_TESTS_UI_PAGE_DRIVER_H_
#define PLIMSOLL_TESTS_UI_PAGE_DRIVER_H_

#include <string>
#include <string_view>
#include <vector>

#include "web/app.h"

namespace plimsoll {

// An item as ImGui itself knows it, from its test hooks.
struct HookedItem {
  ImGuiID id;
  float x, y, width, height;
};

class PageDriver {
 public:
  explicit PageDriver(float width = 1440, float height = 900);

  FrameInput input;
  FrameOutput output;
  bool answers = true;  // what the page asks of a worker is answered after the frame that asked it

  AppState& state() { return app_.state(); }
  App& app() { return app_; }

  void Frames(int count = 3);
  // REQUIRES: something of that label is shown; the test fails otherwise.
  SemanticNode Get(std::string_view label, std::string_view role = {});
  bool Shows(std::string_view label, std::string_view role = {});
  void Click(std::string_view label, std::string_view role = {});
  void DragTo(std::string_view label, float share);  // of its width
  void Press(ImGuiKey key, int times = 1);
  void Type(std::string_view text);
  std::vector<HookedItem> Items();  // of one frame

 private:
  void AnswerErrands();

  App app_;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_TESTS_UI_PAGE_DRIVER_H_
