// One frame of the page: takes where the browser stands (size, scroll, theme), lays the views out, and says
// what the browser must do (grow, scroll, show a cursor, draw again). Owns the ImGui context; drawing its
// triangles is the caller's business, so the same frame runs headless in tests.
//
// The page scrolls, not the canvas: the canvas covers the window and draws the part of the content that the
// page's scroll position selects. Wide layouts have two panes that scroll together, each stopping at its end.
#ifndef PLIMSOLL_WEB_APP_H_
#define PLIMSOLL_WEB_APP_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "imgui.h"
#include "web/app_state.h"
#include "web/semantics.h"
#include "web/theme.h"
#include "web/widgets.h"

struct ImGuiContext;

namespace plimsoll {

struct FrameInput {
  double seconds = 0;  // a steady clock
  float width = 0;     // CSS pixels
  float height = 0;
  float density = 1;    // device pixels per CSS pixel
  float inset_top = 0;  // covered by the page's header
  float scroll = 0;     // how far the page is scrolled into the content
  Theme theme = Theme::kLight;
  bool coarse = false;  // the pointer is a finger
  bool embed = false;
};

struct FrameOutput {
  float content_height = 0;  // what the canvas would need to show everything; includes inset_top
  float scroll_by = 0;       // to bring what has the keyboard focus into view
  bool again = false;        // something is still settling
};

class App {
 public:
  explicit App(const Catalog& catalog);
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  // The typeface, once, before the first frame: TTF files, which must stay in memory. `em` is (ascent -
  // descent) over the em. Without it ImGui's own bitmap font is used.
  void SetFonts(std::string_view regular, std::string_view semibold, float em);

  FrameOutput Frame(const FrameInput& input);

  AppState& state() { return state_; }
  const SemanticTree& semantics() const { return tree_; }
  ImGuiContext* context() { return context_; }

  // Whether a wheel turn at this place moves something inside the page's canvas; otherwise it is the
  // browser's.
  bool WheelBelongsHere(float x, float y, float delta_y) const;
  bool PopupOpen() const;
  // Whose keys are: 0 nothing's in the picture, 1 what the frame of the keyboard's focus stands around, 2 the slider that the
  // pointer moved last, as with a range of a form: those that turn it.
  int KeyFocus() const;

 private:
  void Compose(const FrameInput& input, FrameOutput* output);
  float WidePanes(const FrameInput& input);
  float NarrowColumn(const FrameInput& input);
  float EmbedColumn(const FrameInput& input);
  float Pane(const char* id, const FrameInput& input, float x, float width, float* last_height,
             void (App::*draw)(float));
  void DrawConfiguration(float width);
  void DrawAnswer(float width);
  void DrawPhone(float width);
  void DrawEmbed(float width);

  ImGuiContext* context_;
  AppState state_;
  SemanticTree tree_;
  Fonts fonts_;
  TextEdit edit_;
  Ui ui_;
  Theme theme_ = Theme::kLight;
  bool themed_ = false;
  double last_seconds_ = 0;
  float left_height_ = 0, right_height_ = 0;  // of the panes, as measured by the last frame
  ImGuiID last_focus_ = 0;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_APP_H_
