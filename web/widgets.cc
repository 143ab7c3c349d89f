#include "web/widgets.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "core/base/text.h"
#include "imgui_internal.h"

namespace plimsoll {
namespace {

constexpr float kFieldPadding = 12;  // between the frame of a field and its text

const char* Begin(std::string_view text) { return text.data(); }
const char* End(std::string_view text) { return text.data() + text.size(); }

ImFont* FontOf(const Ui& ui, const TextStyle& style) {
  switch (style.weight) {
    case Weight::kSemibold:
      return ui.fonts->semibold;
    case Weight::kHeadline:
      return ui.fonts->headline;
    case Weight::kRegular:
      break;
  }
  return ui.fonts->regular;
}
float Pixels(const Ui& ui, float size) { return size * ui.fonts->em; }
ImU32 ColorOf(const Ui& ui, const TextStyle& style) {
  return style.color != 0 ? style.color : ui.colors->ink;
}

// The longest beginning of `text` that ends between characters and is at most max_width wide.
std::string_view Shortened(const Ui& ui, std::string_view text, const TextStyle& style, float max_width) {
  const char* rest = nullptr;
  FontOf(ui, style)->CalcTextSizeA(Pixels(ui, style.size), max_width, 0, Begin(text), End(text), &rest);
  return text.substr(0, static_cast<size_t>(rest - text.data()));
}

void Register(Ui& ui, std::string_view role, std::string_view label, std::string_view value,
              const ImRect& box) {
  ui.tree->Add({std::string(role), std::string(label), std::string(value), box.Min.x, box.Min.y,
                box.GetWidth(), box.GetHeight()});
}

// The same for the text field just drawn, which has the keyboard where somebody types in it, too.
void RegisterTyped(Ui& ui, std::string_view role, std::string_view label, std::string_view value) {
  Register(ui, role, label, value, ImRect(ImGui::GetItemRectMin(), ImGui::GetItemRectMax()));
  const bool reached = ImGui::IsItemFocused() && ImGui::GetCurrentContext()->NavCursorVisible;
  if (reached || ImGui::IsItemActive()) ui.tree->FocusLast();
}

// Rows of a scrolling list that cannot be seen are not part of the frame.
bool ScrolledAway(const ImRect& box) {
  const ImGuiWindow* window = ImGui::GetCurrentWindowRead();
  return window->ScrollMax.y > 0 && !window->InnerClipRect.Overlaps(box);
}

// Whether the HTML form presses this one; once.
bool Pressed(Ui& ui, std::string_view role, std::string_view label) {
  if (ui.press == nullptr || ui.press->empty() || role.empty()) return false;
  const std::string_view asked = *ui.press;
  const bool mine = asked.size() == role.size() + 1 + label.size() && asked.starts_with(role) &&
                    asked[role.size()] == ':' && asked.ends_with(label);
  if (mine) ui.press->clear();
  return mine;
}

void DrawBox(const Ui& ui, const ImRect& box, bool hovered, float rounding = kRadius) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->AddRectFilled(box.Min, box.Max, ui.colors->field, rounding);
  draw->AddRect(box.Min, box.Max, hovered ? ui.colors->muted : ui.colors->line, rounding);
}

void Triangle(ImVec2 middle_left, bool open, ImU32 color) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float x = middle_left.x;
  const float y = middle_left.y;
  if (open) {
    draw->AddTriangleFilled(ImVec2(x, y - 2.5F), ImVec2(x + 7, y - 2.5F), ImVec2(x + 3.5F, y + 3), color);
  } else {
    draw->AddTriangleFilled(ImVec2(x + 0.5F, y - 3.5F), ImVec2(x + 6, y), ImVec2(x + 0.5F, y + 3.5F), color);
  }
}

// The text box that stands in for a value while it is typed. Enter or leaving commits, Escape does not.
std::optional<std::string> EditBox(Ui& ui, std::string_view label, const ImRect& box) {
  TextEdit& edit = *ui.edit;
  const ImVec2 cursor = ImGui::GetCursorScreenPos();
  ImGui::SetCursorScreenPos(box.Min);
  ImGui::SetNextItemWidth(box.GetWidth());
  const float text_height = Pixels(ui, kBody);
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding,
                      ImVec2(kFieldPadding, std::floor((box.GetHeight() - text_height) / 2)));
  const bool starting = edit.starting;
  if (starting) ImGui::SetKeyboardFocusHere();
  ImGui::PushID(Begin(label), End(label));
  const bool entered =
      ImGui::InputText("##typed", edit.text, sizeof edit.text,
                       ImGuiInputTextFlags_AutoSelectAll | ImGuiInputTextFlags_EnterReturnsTrue);
  ImGui::PopID();
  const bool done = ImGui::IsItemDeactivated();
  const bool cancelled = done && ImGui::IsKeyPressed(ImGuiKey_Escape);
  const bool active = ImGui::IsItemActive();
  ImGui::PopStyleVar();
  Register(ui, "textbox", label, edit.text, box);
  edit.starting = starting && !active && !done;
  ImGui::SetCursorScreenPos(cursor);
  if (!entered && !done && (active || starting || edit.starting)) return std::nullopt;
  const std::string text = edit.text;
  edit.item = 0;
  if (cancelled || (!entered && !done)) return std::nullopt;
  return text;
}

// What was refused of the field in this box: its border, and the sentence below it, over whatever stands there.
void ShowFault(Ui& ui, std::string_view label, const ImRect& box) {
  if (ui.fault.empty() || label != ui.fault_label || ui.fault_shown) return;
  ui.fault_shown = true;
  const ImU32 color = ui.colors->does_not_fit;
  ImGui::GetWindowDrawList()->AddRect(box.Min, box.Max, color, kRadius, 0, 1.5F);
  ImDrawList* front = ImGui::GetForegroundDrawList();
  const float size = Pixels(ui, kNote), room = std::min(300.0F, ui.view_right - 40);
  const ImVec2 text = ui.fonts->regular->CalcTextSizeA(size, FLT_MAX, room, Begin(ui.fault), End(ui.fault));
  const ImVec2 at(std::clamp(box.Min.x, 8.0F, std::max(8.0F, ui.view_right - text.x - 28)), box.Max.y + 4);
  const ImRect note(at, ImVec2(at.x + text.x + 20, at.y + text.y + 14));
  front->AddRectFilled(note.Min, note.Max, ui.colors->panel, kRadius);
  front->AddRect(note.Min, note.Max, color, kRadius);
  front->AddText(ui.fonts->regular, size, ImVec2(at.x + 10, at.y + 7), ui.colors->ink, Begin(ui.fault),
                 End(ui.fault), room);
  Register(ui, "alert", ui.fault, label, note);
}

// What the label means, when the pointer rests on it.
void Tip(const Ui& ui, std::string_view label) {
  if (ui.coarse || !ImGui::IsItemHovered(ImGuiHoveredFlags_ForTooltip)) return;
  const std::string_view text = ui.help(label);
  if (text.empty()) return;
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(10, 7));
  if (ImGui::BeginTooltip()) {
    ImGui::PushTextWrapPos(320);
    ImGui::TextUnformatted(Begin(text), End(text));
    ImGui::PopTextWrapPos();
    ImGui::EndTooltip();
  }
  ImGui::PopStyleVar();
}

void StartEdit(Ui& ui, ImGuiID item, std::string_view initial) {
  ui.edit->item = item;
  ui.edit->starting = true;
  const size_t length = std::min(initial.size(), sizeof ui.edit->text - 1);
  std::memcpy(ui.edit->text, initial.data(), length);
  ui.edit->text[length] = '\0';
}

}  // namespace

float TextWidth(const Ui& ui, std::string_view text, const TextStyle& style) {
  return FontOf(ui, style)->CalcTextSizeA(Pixels(ui, style.size), FLT_MAX, 0, Begin(text), End(text)).x;
}

float LineHeight(const Ui& ui, float size) { return Pixels(ui, size); }

float DrawText(const Ui& ui, ImVec2 middle_left, std::string_view text, const TextStyle& style,
               float max_width) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float size = Pixels(ui, style.size);
  const ImVec2 at(std::round(middle_left.x), std::round(middle_left.y - size / 2));
  float width = TextWidth(ui, text, style);
  if (max_width > 0 && width > max_width) {
    const float dots = TextWidth(ui, "…", style);
    text = Shortened(ui, text, style, std::max(0.0F, max_width - dots));
    width = TextWidth(ui, text, style);
    draw->AddText(FontOf(ui, style), size, ImVec2(at.x + width, at.y), ColorOf(ui, style), "…");
    width += dots;
  }
  draw->AddText(FontOf(ui, style), size, at, ColorOf(ui, style), Begin(text), End(text));
  return width;
}

void DrawTextRight(const Ui& ui, ImVec2 middle_right, std::string_view text, const TextStyle& style) {
  DrawText(ui, ImVec2(middle_right.x - TextWidth(ui, text, style), middle_right.y), text, style);
}

void Paragraph(Ui& ui, std::string_view text, float width, const TextStyle& style, std::string_view role) {
  if (text.empty()) return;
  // Broken at spaces only: ImGui would also part a number at its decimal point.
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float line = LineHeight(ui, style.size);
  float widest = 0;
  float y = at.y;
  for (std::string_view rest = text; !rest.empty();) {
    size_t taken = 0;  // what goes on this line
    for (size_t end = 0; end < rest.size();) {
      end = std::min(rest.find(' ', end + 1), rest.size());
      if (taken > 0 && TextWidth(ui, rest.substr(0, end), style) > width) break;
      taken = end;
    }
    widest = std::max(widest, DrawText(ui, ImVec2(at.x, y + line / 2), rest.substr(0, taken), style));
    y += line;
    rest.remove_prefix(std::min(taken + 1, rest.size()));
  }
  ImGui::Dummy(ImVec2(width, y - at.y));
  if (!role.empty()) Register(ui, role, text, "", ImRect(at, ImVec2(at.x + widest, y)));
}

void ProgressLine(Ui& ui, std::string_view label, double share, float width) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float done = width * static_cast<float>(std::clamp(share, 0.0, 1.0));
  ImGui::GetWindowDrawList()->AddRectFilled(ImVec2(at.x, at.y + 2), ImVec2(at.x + done, at.y + 4),
                                            ui.colors->accent, 1);
  ui.tree->Add({"status", std::string(label), DecimalText(share * 100, 0) + " %", at.x, at.y, width, 6});
}

void SectionLabel(Ui& ui, std::string_view text) {
  Paragraph(ui, text, std::max(120.0F, ImGui::GetContentRegionAvail().x),
            {ui.colors->muted, kNote, Weight::kSemibold}, "heading");
}

void Gap(float height) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImGui::SetCursorScreenPos(ImVec2(at.x, at.y + height));
}

Interaction Item(Ui& ui, std::string_view id_text, ImVec2 size, std::string_view role, std::string_view label,
                 std::string_view value, float rounding) {
  ImGuiWindow* window = ImGui::GetCurrentWindow();
  Interaction result;
  const ImVec2 at = window->DC.CursorPos;
  const ImRect box(at, ImVec2(at.x + size.x, at.y + size.y));
  result.min = box.Min;
  result.max = box.Max;
  if (window->SkipItems) return result;
  const ImGuiID id = window->GetID(Begin(id_text), End(id_text));
  ImGui::ItemSize(size);
  const bool visible = ImGui::ItemAdd(box, id);
  const ImGuiContext& imgui = *ImGui::GetCurrentContext();
  if (!role.empty() && !ScrolledAway(box)) {
    Register(ui, role, label, value, box);
    if (imgui.NavId == id && imgui.NavCursorVisible) ui.tree->FocusLast();
  }
  const bool pressed = Pressed(ui, role, label);
  if (pressed) result.visible = result.clicked = true;
  if (!visible) return result;
  result.visible = true;
  result.clicked = ImGui::ButtonBehavior(box, id, &result.hovered, &result.held) || pressed;
  result.focused = imgui.NavId == id;
  if (result.hovered) ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
  if (result.hovered && ui.help != nullptr && !result.held) Tip(ui, label);
  ImGui::PushStyleVar(ImGuiStyleVar_FrameRounding, rounding);
  ImGui::RenderNavCursor(box, id);
  ImGui::PopStyleVar();
#ifdef IMGUI_ENABLE_TEST_ENGINE
  ImGuiContext& g = *ImGui::GetCurrentContext();  // the macro's own name for it
  IMGUI_TEST_ENGINE_ITEM_INFO(id, std::string(label).c_str(), g.LastItemData.StatusFlags);
#endif
  return result;
}

bool Field(Ui& ui, std::string_view label, std::string_view value, std::string_view qualifier, float width,
           Yields yields) {
  std::string spoken(value);
  if (!qualifier.empty()) spoken.append(", ").append(qualifier);
  const Interaction item = Item(ui, label, ImVec2(width, ui.field_height()), "combobox", label, spoken);
  if (!item.visible) return false;
  DrawBox(ui, ImRect(item.min, item.max), item.hovered || item.held);
  ShowFault(ui, label, ImRect(item.min, item.max));
  const float middle = (item.min.y + item.max.y) / 2;
  const TextStyle grey = {yields == Yields::kQualifier ? ui.colors->muted : ui.colors->accent};
  const float inner = width - 2 * kFieldPadding;
  const float needed = TextWidth(ui, qualifier, grey) + 12;
  const bool both = TextWidth(ui, value) + needed <= inner;
  const bool show_qualifier = !qualifier.empty() && (both || yields == Yields::kValue);
  if (show_qualifier) DrawTextRight(ui, ImVec2(item.max.x - kFieldPadding, middle), qualifier, grey);
  DrawText(ui, ImVec2(item.min.x + kFieldPadding, middle), value, {},
           show_qualifier ? inner - needed : inner);
  return item.clicked;
}

namespace {

// What all settings look like, whether they are chosen, typed or turned: the name left, the value right, in grey where
// nobody gave it.
struct SettingLook {
  std::string_view role, label, spoken, shown, value;
  bool is_default;
};
Interaction Setting(Ui& ui, const SettingLook& look, float width) {
  const Interaction item =
      Item(ui, look.label, ImVec2(width, ui.field_height()), look.role, look.label, look.spoken);
  if (!item.visible) return item;
  DrawBox(ui, ImRect(item.min, item.max), item.hovered || item.held);
  ShowFault(ui, look.label, ImRect(item.min, item.max));
  const float middle = (item.min.y + item.max.y) / 2;
  // Of two texts that do not both fit, the value is the one that is read.
  const float room = width - 2 * kFieldPadding;
  const float value = std::min(TextWidth(ui, look.value), room * 0.7F);
  DrawText(ui, ImVec2(item.max.x - kFieldPadding - value, middle), look.value,
           {look.is_default ? ui.colors->muted : ui.colors->ink}, value + 1);
  DrawText(ui, ImVec2(item.min.x + kFieldPadding, middle), look.shown, {}, std::max(1.0F, room - value - 12));
  return item;
}

}  // namespace

bool Toggle(Ui& ui, std::string_view label, bool on, bool is_default, float width) {
  const std::string_view state = on ? "on" : "off";
  return Setting(ui, {"switch", label, state, label, state, is_default}, width).clicked;
}

bool ChoiceField(Ui& ui, std::string_view label, std::string_view value, bool is_default, float width) {
  return Setting(ui, {"combobox", label, value, label, value, is_default}, width).clicked;
}

std::optional<std::string> NumberField(Ui& ui, std::string_view label, std::string_view value,
                                       bool is_default, float width, std::string_view initial,
                                       std::string_view shown) {
  const ImGuiID id = ImGui::GetCurrentWindow()->GetID(Begin(label), End(label));
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const ImVec2 size(width, ui.field_height());
  if (ui.edit->item == id) {
    ImGui::Dummy(size);
    return EditBox(ui, label, ImRect(at, ImVec2(at.x + size.x, at.y + size.y)));
  }
  std::string right(value);
  if (is_default) right.append(" (default)");
  const Interaction item =
      Setting(ui, {"spinbutton", label, right, shown.empty() ? label : shown, right, is_default}, width);
  if (!item.visible) return std::nullopt;
  if (item.clicked) StartEdit(ui, id, initial);
  return std::nullopt;
}

namespace {

constexpr float kKnob = 7.5F;

struct Track {
  float left, width;
  double low, span;  // natural logarithms unless linear
  bool linear;
  float At(double value) const {
    const double t = span > 0 ? ((linear ? value : std::log(std::max(value, 1e-9))) - low) / span : 0;
    return left + width * static_cast<float>(std::clamp(t, 0.0, 1.0));
  }
  double Value(float x) const {
    const double t = width > 0 ? std::clamp(static_cast<double>((x - left) / width), 0.0, 1.0) : 0;
    return linear ? low + t * span : std::exp(low + t * span);
  }
};

// Keyboard steps while the slider has the focus: arrows an eighth of an octave, page keys an octave.
std::optional<double> SteppedValue(ImGuiID id, double value, const SliderRange& range) {
  struct Step {
    ImGuiKey key;
    double factor;
  };
  constexpr std::array<Step, 4> kSteps = {{{ImGuiKey_LeftArrow, -0.125},
                                           {ImGuiKey_RightArrow, 0.125},
                                           {ImGuiKey_PageDown, -1},
                                           {ImGuiKey_PageUp, 1}}};
  std::optional<double> result;
  for (const Step& step : kSteps) {
    ImGui::SetKeyOwner(step.key, id);
    if (!ImGui::IsKeyPressed(step.key, ImGuiInputFlags_Repeat, id)) continue;
    if (range.linear) {
      result = std::clamp(value + step.factor * (range.max - range.min) / 8, range.min, range.max);
      continue;
    }
    const double moved = value * std::exp2(step.factor);
    // Small numbers move by at least one.
    result = std::clamp(step.factor > 0 ? std::max(moved, value + 1) : std::min(moved, value - 1), range.min,
                        range.max);
  }
  for (const ImGuiKey key : {ImGuiKey_Home, ImGuiKey_End}) {
    ImGui::SetKeyOwner(key, id);
    if (ImGui::IsKeyPressed(key, ImGuiInputFlags_None, id))
      result = key == ImGuiKey_Home ? range.min : range.max;
  }
  return result;
}

void DrawTrack(const Ui& ui, const Track& track, float y, double value, const SliderRange& range,
               bool active) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float left = track.left - kKnob;
  const float right = track.left + track.width + kKnob;
  const float knob = track.At(value);
  draw->AddRectFilled(ImVec2(left, y - 2.5F), ImVec2(right, y + 2.5F), ui.colors->line, 2.5F);
  draw->AddRectFilled(ImVec2(left, y - 2.5F), ImVec2(knob, y + 2.5F), ui.colors->accent, 2.5F);
  if (range.mark > range.min && range.mark < range.max) {
    const float x = std::round(track.At(range.mark));
    draw->AddRectFilled(ImVec2(x - 1, y - 6), ImVec2(x + 1, y + 6), ui.colors->muted, 1);
  }
  draw->AddCircleFilled(ImVec2(knob, y), active ? kKnob + 1 : kKnob, ui.colors->accent, 32);
  draw->AddCircleFilled(ImVec2(knob, y), (active ? kKnob + 1 : kKnob) - 2, ui.colors->field, 32);
}

}  // namespace

SliderResult Slider(Ui& ui, std::string_view label, double value, std::string_view value_text,
                    std::string_view initial, const SliderRange& range, float width) {
  SliderResult result;
  const float line = ui.coarse ? 44 : 22;
  const float bar = ui.coarse ? 44 : 22;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const TextStyle strong = {0, kBody, Weight::kSemibold};
  DrawText(ui, ImVec2(at.x, at.y + line / 2), label);

  // The number, to be typed over.
  const std::string typed_label = std::string(label) + ", typed";
  const ImGuiID typed_id = ImGui::GetCurrentWindow()->GetID(typed_label.c_str());
  const float number_width = std::max(TextWidth(ui, value_text, strong) + 12, 44.0F);
  const float text_width = TextWidth(ui, value_text, strong);
  if (ui.edit->item == typed_id) {
    const float box_width = 108;
    result.typed =
        EditBox(ui, typed_label,
                ImRect(at.x + width - box_width, at.y + line / 2 - 13, at.x + width, at.y + line / 2 + 13));
  } else {
    ImGui::SetCursorScreenPos(ImVec2(at.x + width - number_width + 6, at.y));
    const Interaction number =
        Item(ui, typed_label, ImVec2(number_width, line), "button", typed_label, value_text);
    if (number.visible) {
      DrawText(ui, ImVec2(at.x + width - text_width, at.y + line / 2), value_text, strong);
      if (number.hovered) {
        ImGui::SetMouseCursor(ImGuiMouseCursor_TextInput);
        const float under = at.y + line / 2 + 9;
        ImGui::GetWindowDrawList()->AddLine(ImVec2(at.x + width - text_width, under),
                                            ImVec2(at.x + width, under), ui.colors->line);
      }
      if (number.clicked) StartEdit(ui, typed_id, initial);
    }
  }

  // The track.
  ImGui::SetCursorScreenPos(ImVec2(at.x, at.y + line));
  const Interaction item = Item(ui, label, ImVec2(width, bar), "slider", label, value_text);
  if (!item.visible) return result;
  const Track track = {at.x + kKnob, width - 2 * kKnob, range.linear ? range.min : std::log(range.min),
                       range.linear ? range.max - range.min : std::log(range.max / range.min), range.linear};
  const ImGuiID id = ImGui::GetItemID();
  // Held by the mouse; the space bar holds an item too and must not throw the knob to where the mouse rests.
  const bool by_pointer = item.held && ImGui::GetCurrentContext()->ActiveIdSource == ImGuiInputSource_Mouse;
  if (by_pointer) {
    ui.turned = id;
  } else if (ui.turned == id && ImGui::IsMouseClicked(ImGuiMouseButton_Left)) {
    ui.turned = 0;
  }
  if (by_pointer) {
    const double moved = track.Value(ImGui::GetIO().MousePos.x);
    if (std::abs(moved - value) > 1e-9) result.value = moved;
  } else if (item.focused && ImGui::IsWindowFocused(ImGuiFocusedFlags_RootAndChildWindows)) {
    result.value = SteppedValue(id, value, range);
  }
  DrawTrack(ui, track, (item.min.y + item.max.y) / 2, result.value.value_or(value), range,
            item.held || item.hovered);
  ShowFault(ui, label, ImRect(ImVec2(item.min.x - 4, at.y), ImVec2(item.max.x + 4, item.max.y)));
  return result;
}

float ChipWidth(const Ui& ui, std::string_view text, std::string_view note) {
  const float behind = note.empty() ? 0 : TextWidth(ui, note, {0, kNote}) + 8;
  return TextWidth(ui, text) + 28 + behind;
}

bool Chip(Ui& ui, std::string_view text, const ChipStyle& style) {
  const float width = style.width > 0 ? style.width : ChipWidth(ui, text, style.note);
  const float height = ui.coarse ? 44 : 30;
  const std::string_view label = style.label.empty() ? text : style.label;
  const std::string_view id = style.id.empty() ? label : style.id;
  const Interaction item = Item(ui, id, ImVec2(width, height), "button", label,
                                style.selected ? std::string_view("selected") : style.note, height / 2);
  if (!item.visible) return false;
  DrawBox(ui, ImRect(item.min, item.max), item.hovered || item.held, height / 2);
  if (style.selected)
    ImGui::GetWindowDrawList()->AddRect(item.min, item.max, ui.colors->accent, height / 2, 0, 1.5F);
  const float middle = (item.min.y + item.max.y) / 2;
  // In the middle of a chip that keeps the width of a longer text.
  const float left_of_text = 14 + std::max(0.0F, (width - ChipWidth(ui, text, style.note)) / 2);
  const float drawn =
      DrawText(ui, ImVec2(item.min.x + left_of_text, middle), text,
               {item.hovered || style.selected ? ui.colors->ink : ui.colors->muted}, width - 26);
  const float left = width - 28 - drawn - 8;
  if (!style.note.empty() && left > 24)
    DrawText(ui, ImVec2(item.min.x + left_of_text + drawn + 8, middle), style.note, {ui.colors->muted, kNote},
             left + 2);
  return item.clicked;
}

float TabWidth(const Ui& ui, std::string_view label) {
  const float text = TextWidth(ui, label, {0, kBody, Weight::kSemibold}) + 2;
  return ui.coarse ? std::max(text, 44.0F) : text;
}

bool TabButton(Ui& ui, std::string_view label, bool selected) {
  const TextStyle style = {selected ? ui.colors->ink : ui.colors->muted, kBody,
                           selected ? Weight::kSemibold : Weight::kRegular};
  const float width = TabWidth(ui, label);
  const Interaction item =
      Item(ui, label, ImVec2(width, ui.coarse ? 46 : 42), "tab", label, selected ? "selected" : "");
  if (!item.visible) return false;
  const TextStyle shown = {item.hovered ? ui.colors->ink : style.color, style.size, style.weight};
  DrawText(ui, ImVec2(item.min.x + 1, (item.min.y + item.max.y) / 2), label, shown);
  if (selected) {
    ImGui::GetWindowDrawList()->AddRectFilled(ImVec2(item.min.x, item.max.y - 2), item.max,
                                              ui.colors->accent);
  }
  return item.clicked;
}

bool Disclosure(Ui& ui, std::string_view label, bool open) {
  const TextStyle style = {ui.colors->muted, kNote, Weight::kSemibold};
  const Interaction item = Item(ui, label, ImVec2(TextWidth(ui, label, style) + 20, ui.coarse ? 44 : 28),
                                "button", label, open ? "open" : "closed");
  if (!item.visible) return false;
  const float middle = (item.min.y + item.max.y) / 2;
  const ImU32 color = item.hovered ? ui.colors->ink : ui.colors->muted;
  DrawText(ui, ImVec2(item.min.x, middle), label, {color, style.size, style.weight});
  Triangle(ImVec2(item.max.x - 12, middle), open, color);
  return item.clicked;
}

bool LinkText(Ui& ui, std::string_view text, std::string_view label) {
  const Interaction item =
      Item(ui, label, ImVec2(TextWidth(ui, text), ui.coarse ? 44 : 24), "button", label, text, 3);
  if (!item.visible) return false;
  const float middle = (item.min.y + item.max.y) / 2;
  DrawText(ui, ImVec2(item.min.x, middle), text, {ui.colors->accent});
  if (item.hovered) {
    ImGui::GetWindowDrawList()->AddLine(ImVec2(item.min.x, middle + 9), ImVec2(item.max.x, middle + 9),
                                        ui.colors->accent);
  }
  return item.clicked;
}

bool SourceLink(Ui& ui, std::string_view text, std::string_view address) {
  const TextStyle style = {ui.colors->accent, kNote};
  const float arrow = 12;
  const Interaction item = Item(ui, address, ImVec2(TextWidth(ui, text, style) + arrow, ui.coarse ? 44 : 22),
                                "link", text, address, 3);
  if (!item.visible) return item.clicked;
  const float middle = (item.min.y + item.max.y) / 2, x = item.max.x - 7;
  DrawText(ui, ImVec2(item.min.x, middle), text, style);
  // An arrow that leads out of its corner: somewhere else.
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->AddLine(ImVec2(x, middle + 3), ImVec2(x + 6, middle - 3), style.color);
  draw->AddLine(ImVec2(x + 1.5F, middle - 3), ImVec2(x + 6.5F, middle - 3), style.color);
  draw->AddLine(ImVec2(x + 6, middle - 3), ImVec2(x + 6, middle + 2), style.color);
  if (item.hovered)
    draw->AddLine(ImVec2(item.min.x, middle + 8), ImVec2(item.max.x - arrow, middle + 8), style.color);
  return item.clicked;
}

// ---- popups -----------------------------------------------------------------------------------------------

namespace {
constexpr float kMenuPadding = 6;
constexpr float kMenuGap = 4;
}  // namespace

float MenuRoom(const Ui& ui, ImVec2 anchor_min, ImVec2 anchor_max) {
  const float below = ui.view_bottom - anchor_max.y - kMenuGap - 8;
  const float above = anchor_min.y - ui.view_top - kMenuGap - 8;
  return std::max(below, above) - 2 * kMenuPadding;
}

bool BeginMenu(Ui& ui, const char* id, bool open, ImVec2 anchor_min, ImVec2 anchor_max, float width) {
  if (open) ImGui::OpenPopup(id);
  if (!ImGui::IsPopupOpen(id)) return false;
  const float below = ui.view_bottom - anchor_max.y - kMenuGap - 8;
  const float above = anchor_min.y - ui.view_top - kMenuGap - 8;
  const bool hang = below >= 320 || below >= above;
  width = std::min(width, ui.view_right - 16);
  const float x = std::clamp(anchor_min.x, 8.0F, std::max(8.0F, ui.view_right - width - 8));
  ImGui::SetNextWindowPos(hang ? ImVec2(x, anchor_max.y + kMenuGap) : ImVec2(x, anchor_min.y - kMenuGap),
                          ImGuiCond_Always, ImVec2(0, hang ? 0 : 1));
  ImGui::SetNextWindowSizeConstraints(ImVec2(width, 0),
                                      ImVec2(width, std::max(120.0F, hang ? below : above)));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(kMenuPadding, kMenuPadding));
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(6, 6));
  const bool shown = ImGui::BeginPopup(
      id, ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_AlwaysAutoResize);
  if (!shown) ImGui::PopStyleVar(2);
  // One press closes it, wherever in it the keyboard is; but for a number that is being typed, which it takes back.
  if (shown && ui.edit->item == 0 && ImGui::IsKeyPressed(ImGuiKey_Escape, false) &&
      ImGui::IsWindowFocused(ImGuiFocusedFlags_RootAndChildWindows)) {
    ImGui::CloseCurrentPopup();
  }
  return shown;
}

void EndMenu() {
  ImGui::EndPopup();
  ImGui::PopStyleVar(2);
}

void CloseMenu() { ImGui::CloseCurrentPopup(); }

void BeginMenuList(Ui& ui, const char* id, float width, float content_height, float max_height) {
  (void)ui;
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
  ImGui::BeginChild(id, ImVec2(width, std::min(content_height, std::max(90.0F, max_height))),
                    ImGuiChildFlags_NavFlattened);
}

void EndMenuList() {
  ImGui::EndChild();
  ImGui::PopStyleVar();
}

float MenuRowHeight(const Ui& ui) { return ui.coarse ? 44 : 30; }

bool MenuRow(Ui& ui, std::string_view label, std::string_view detail, const MenuRowStyle& style) {
  const float width = ImGui::GetContentRegionAvail().x;
  const float height = MenuRowHeight(ui);
  std::string spoken(style.selected ? "selected" : style.marked ? "current" : "");
  for (const std::string_view more : {detail, style.word}) {
    if (more.empty()) continue;
    if (!spoken.empty()) spoken += ", ";
    spoken += more;
  }
  const Interaction item = Item(ui, label, ImVec2(width, height), "option", label, spoken, 5);
  if (!item.visible) return false;
  const ImRect box(item.min, item.max);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  if (item.hovered || style.selected) {
    draw->AddRectFilled(box.Min, box.Max,
                        style.selected ? Faded(ui.colors->accent, 0.14F) : Faded(ui.colors->line, 0.5F), 5);
  }
  if (style.marked) draw->AddRect(box.Min, box.Max, ui.colors->accent, 5);
  const float middle = (box.Min.y + box.Max.y) / 2;
  const TextStyle grey = {ui.colors->muted, kNote};
  float right = box.Max.x - 10;
  if (!style.word.empty()) {
    const TextStyle word = {style.word_color, kNote, Weight::kSemibold};
    DrawTextRight(ui, ImVec2(right, middle), style.word, word);
    right -= 52;  // the words of all rows stand below each other
  }
  const float detail_width = TextWidth(ui, detail, grey);
  DrawTextRight(ui, ImVec2(right, middle), detail, grey);
  DrawText(ui, ImVec2(box.Min.x + 10, middle), label,
           {0, kBody, style.selected ? Weight::kSemibold : Weight::kRegular},
           right - detail_width - 22 - box.Min.x);
  return item.clicked;
}

void MenuHeading(Ui& ui, std::string_view text) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float height = 26;
  DrawText(ui, ImVec2(at.x + 10, at.y + height / 2 + 2), text, {ui.colors->muted, kNote, Weight::kSemibold});
  ImGui::Dummy(ImVec2(ImGui::GetContentRegionAvail().x, height));
}

namespace {

// ImGui offers the arrow keys of a line of text to whoever keeps a history of it.
int TakeArrows(ImGuiInputTextCallbackData* data) {
  *static_cast<int*>(data->UserData) += data->EventKey == ImGuiKey_UpArrow ? -1 : 1;
  return 0;
}

bool TypedLine(Ui& ui, std::string_view label, char* text, int capacity, float width, bool secret, int* moved,
               std::string_view hint_text) {
  const float height = ui.field_height();
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(10, std::floor((height - Pixels(ui, kBody)) / 2)));
  ImGui::SetNextItemWidth(width);
  const std::string hint(hint_text.empty() ? label : hint_text);
  const std::string id = "##" + std::string(label);
  const ImGuiInputTextFlags flags = ImGuiInputTextFlags_EnterReturnsTrue |
                                    (secret ? ImGuiInputTextFlags_Password : 0) |
                                    (moved != nullptr ? ImGuiInputTextFlags_CallbackHistory : 0);
  const bool entered = ImGui::InputTextWithHint(id.c_str(), hint.c_str(), text, static_cast<size_t>(capacity),
                                                flags, moved != nullptr ? TakeArrows : nullptr, moved);
  ImGui::PopStyleVar();
  const std::string_view shown = !secret ? std::string_view(text) : text[0] == '\0' ? "" : "set";
  RegisterTyped(ui, secret ? "textbox" : "searchbox", label, shown);
  return entered;
}

}  // namespace

bool SearchField(Ui& ui, std::string_view label, char* text, int capacity, float width, bool take_focus,
                 int* moved, std::string_view hint) {
  if (take_focus) ImGui::SetKeyboardFocusHere();
  return TypedLine(ui, label, text, capacity, width, false, moved, hint);
}

bool SecretField(Ui& ui, std::string_view label, char* text, int capacity, float width) {
  return TypedLine(ui, label, text, capacity, width, true, nullptr, {});
}

namespace {

int GrowText(ImGuiInputTextCallbackData* data) {
  auto* text = static_cast<std::string*>(data->UserData);
  if (data->EventFlag == ImGuiInputTextFlags_CallbackResize) {
    text->resize(static_cast<size_t>(data->BufTextLen));
    data->Buf = text->data();
  }
  return 0;
}

}  // namespace

bool TextArea(Ui& ui, std::string_view label, std::string* text, float width, float height) {
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(12, 10));
  ImGui::PushID(Begin(label), End(label));
  const bool changed =
      ImGui::InputTextMultiline("##text", text->data(), text->capacity() + 1, ImVec2(width, height),
                                ImGuiInputTextFlags_CallbackResize, GrowText, text);
  ImGui::PopID();
  ImGui::PopStyleVar();
  const ImRect box(ImGui::GetItemRectMin(), ImGui::GetItemRectMax());
  ImGui::GetWindowDrawList()->AddRect(box.Min, box.Max,
                                      ImGui::IsItemActive() ? ui.colors->accent : ui.colors->line, kRadius);
  if (text->empty() && !ImGui::IsItemActive())
    DrawText(ui, ImVec2(box.Min.x + 12, box.Min.y + 10 + Pixels(ui, kBody) / 2), label, {ui.colors->muted},
             width - 24);
  constexpr size_t kSpoken = 400;  // of a text that may be long
  RegisterTyped(ui, "textbox", label, std::string_view(*text).substr(0, kSpoken));
  return changed;
}

ImVec2 LastMin() { return ImGui::GetItemRectMin(); }
ImVec2 LastMax() { return ImGui::GetItemRectMax(); }

}  // namespace plimsoll
