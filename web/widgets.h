// Our own quiet widgets on top of ImGui: rounded fields with the value left and its qualifier right in grey,
// thin sliders, chips, tabs, rows that open. Each enters itself into the semantic tree and can be reached by
// keyboard.
//
// Positions and sizes are CSS pixels. A widget takes its width; its height follows from the pointer: at least
// 44 px where fingers point. Nothing here knows what a model or a card is.
#ifndef PLIMSOLL_WEB_WIDGETS_H_
#define PLIMSOLL_WEB_WIDGETS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "imgui.h"
#include "web/semantics.h"
#include "web/theme.h"

namespace plimsoll {

struct Fonts {
  ImFont* regular = nullptr;
  ImFont* semibold = nullptr;
  ImFont* headline = nullptr;  // semibold, set a little tighter as large type is
  // ImGui sizes a font by ascent - descent, CSS by the em: this many times as large.
  float em = 1;
};

// The value that is being typed over a number; one at a time on the whole page.
struct TextEdit {
  ImGuiID item = 0;  // 0: nothing is being edited
  bool starting = false;
  char text[4352] = {};  // more than the longest setting that is text
};

// What every widget needs of its surroundings.
struct Ui {
  const Palette* colors = nullptr;
  const Fonts* fonts = nullptr;
  SemanticTree* tree = nullptr;
  TextEdit* edit = nullptr;
  std::string* press =
      nullptr;          // "role:label" of the item that the HTML form presses; cleared when it is drawn
  bool coarse = false;  // fingers
  float view_top = 0;   // what of the canvas is free for popups
  float view_bottom = 0;
  float view_right = 0;
  bool decimal = false;  // sizes in GB instead of GiB
  std::string_view (*help)(std::string_view label) =
      nullptr;  // a sentence on what carries that label; empty: none
  std::string_view fault_label = {},
                   fault = {};  // what was refused, and the sentence that stands at its field
  bool fault_shown = false;
  bool again = false;  // a view still has work or motion: draw another frame
  ImGuiID turned = 0;  // the slider that the pointer moved last, until it presses elsewhere: keys move it on

  float field_height() const { return coarse ? 44 : 34; }
};

enum class Weight : uint8_t { kRegular, kSemibold, kHeadline };

struct TextStyle {
  ImU32 color = 0;  // 0: ink
  float size = kBody;
  Weight weight = Weight::kRegular;
};

// ---- text, at a place ----
float TextWidth(const Ui& ui, std::string_view text, const TextStyle& style = {});
float LineHeight(const Ui& ui, float size);
// `y` is the middle of the line. Cut with an ellipsis at max_width (0: never). Returns the width drawn.
float DrawText(const Ui& ui, ImVec2 middle_left, std::string_view text, const TextStyle& style = {},
               float max_width = 0);
void DrawTextRight(const Ui& ui, ImVec2 middle_right, std::string_view text, const TextStyle& style = {});

// ---- text, in the flow ----
// Wrapped at `width`; role "" leaves it out of the semantic tree.
void Paragraph(Ui& ui, std::string_view text, float width, const TextStyle& style = {},
               std::string_view role = "text");
void SectionLabel(Ui& ui, std::string_view text);
// How far something has come that is worked on elsewhere: 0 to 1.
void ProgressLine(Ui& ui, std::string_view label, double share, float width);
void Gap(float height);

// ---- things that react ----
struct Interaction {
  bool visible = false, clicked = false, hovered = false, held = false, focused = false;
  ImVec2 min, max;
};
// The ground of all widgets: an item of this size at the cursor, clickable and reachable by keyboard.
Interaction Item(Ui& ui, std::string_view id, ImVec2 size, std::string_view role, std::string_view label,
                 std::string_view value, float rounding = kRadius);

// Opens something: value left, qualifier right. `label` is its name in the semantic tree. Where both do not
// fit, the qualifier gives way, or the value does.
enum class Yields : uint8_t { kQualifier, kValue };
bool Field(Ui& ui, std::string_view label, std::string_view value, std::string_view qualifier, float width,
           Yields yields = Yields::kQualifier);
// Settings look alike: name left, value right, in grey where it is the default. One that is "on" or "off" and that a
// click turns; one that opens a list; one that a click lets be typed.
bool Toggle(Ui& ui, std::string_view label, bool on, bool is_default, float width);
bool ChoiceField(Ui& ui, std::string_view label, std::string_view value, bool is_default, float width);
// The committed text, if there is one.
// `shown`: what stands for the label where that is too long for the place.
std::optional<std::string> NumberField(Ui& ui, std::string_view label, std::string_view value,
                                       bool is_default, float width, std::string_view initial,
                                       std::string_view shown = {});

struct SliderRange {
  double min = 1, max = 2;
  double mark = 0;  // a notch on the track; 0: none
  bool linear = false;
};
struct SliderResult {
  std::optional<double> value;       // dragged or stepped to
  std::optional<std::string> typed;  // committed by typing
};
// Logarithmic, unless its range says otherwise. Label left, value right; the value can be typed.
SliderResult Slider(Ui& ui, std::string_view label, double value, std::string_view value_text,
                    std::string_view initial, const SliderRange& range, float width);

struct ChipStyle {
  float width = 0;              // 0: as its text asks for
  bool selected = false;        // of several that exclude each other
  std::string_view label = {};  // in the semantic tree, where the text alone would mean something else, too
  std::string_view note = {};   // behind the text, in small
  std::string_view id = {};     // where label and text change: the keyboard stays at it
};
bool Chip(Ui& ui, std::string_view text, const ChipStyle& style = {});
float ChipWidth(const Ui& ui, std::string_view text, std::string_view note = {});  // what its text asks for
float TabWidth(const Ui& ui, std::string_view label);  // a short name is as wide as a finger
bool TabButton(Ui& ui, std::string_view label, bool selected);
// A plain clickable text with a triangle.
bool Disclosure(Ui& ui, std::string_view label, bool open);
bool LinkText(Ui& ui, std::string_view text, std::string_view label);
// Leads out of the page; the HTML form has it as a link of its own.
bool SourceLink(Ui& ui, std::string_view text, std::string_view address);

// ---- popups ----
// Opened by `open` (a click on the field above it); true while it is open: then call EndMenu. It hangs below
// `anchor`, or above where there is more room, and closes on Escape or a click outside.
bool BeginMenu(Ui& ui, const char* id, bool open, ImVec2 anchor_min, ImVec2 anchor_max, float width);
void EndMenu();
void CloseMenu();
// The height that a menu at this anchor can have.
float MenuRoom(const Ui& ui, ImVec2 anchor_min, ImVec2 anchor_max);
// A scrolling list inside a menu.
void BeginMenuList(Ui& ui, const char* id, float width, float content_height, float max_height);
void EndMenuList();
float MenuRowHeight(const Ui& ui);
struct MenuRowStyle {
  bool selected = false;       // what holds now
  bool marked = false;         // what Enter takes
  std::string_view word = {};  // at the right end, in a colour of its own
  ImU32 word_color = 0;
};
bool MenuRow(Ui& ui, std::string_view label, std::string_view detail, const MenuRowStyle& style);
inline bool MenuRow(Ui& ui, std::string_view label, std::string_view detail, bool selected) {
  return MenuRow(ui, label, detail, MenuRowStyle{selected, false, {}, 0});
}
void MenuHeading(Ui& ui, std::string_view text);
// True when Enter was pressed in it. `moved`: rows by which the arrow keys moved. `hint` stands in it while it is empty;
// empty: the label does.
bool SearchField(Ui& ui, std::string_view label, char* text, int capacity, float width, bool take_focus,
                 int* moved = nullptr, std::string_view hint = {});
// Several lines of text, which scroll within `height`. True when it has changed.
bool TextArea(Ui& ui, std::string_view label, std::string* text, float width, float height);
// The same for what nobody may read over a shoulder: drawn as dots, and the semantic tree says only whether it is set.
bool SecretField(Ui& ui, std::string_view label, char* text, int capacity, float width);

// The last item's corners, to hang a menu on.
ImVec2 LastMin();
ImVec2 LastMax();

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_WIDGETS_H_
