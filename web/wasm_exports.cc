// The seam between the page's C++ and the browser: a dozen C functions that host.mjs calls. Nothing else in
// this program knows that it runs in a browser.
//
// Strings go in as UTF-8 and come out as pointers that stay valid until the next call of the same function.
#include <emscripten/emscripten.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/catalog/catalog_data.h"
#include "imgui.h"
#include "imgui_internal.h"
#include "web/app.h"
#include "web/input.h"
#include "web/options_json.h"
#include "web/picture.h"
#include "web/table_svg.h"
#include "web/wasm_drawing.h"

namespace plimsoll {
namespace {

// What a frame says to the browser; host.mjs reads it as an array of doubles.
struct Outcome {
  double content_height, scroll_by, again;
  double wants_text, caret_x, caret_y, caret_height;
  double cursor;
  double popup_open, focus_visible;
  double version;
  double drawing, drawing_length;  // the list of RecordDrawing
  double red, green, blue;         // the ground
  double files_asked, file_version;
  double asked;
  double errands;  // grows when there are questions for the worker, or when one is given up
  double picture;  // grows when there is something new to draw
};

struct Page {
  std::unique_ptr<Catalog> catalog;
  std::unique_ptr<App> app;
  Outcome outcome{};
  std::vector<int32_t> drawing;
  PictureCount pictures;
  ImGuiPlatformImeData caret;
  std::string clipboard;
  std::string text;  // the last one handed out
};

// A C function called from outside has nowhere else to find the page.
Page& ThePage() {
  static Page page;
  return page;
}

const char* HandOut(std::string text) {
  Page& page = ThePage();
  page.text = std::move(text);
  return page.text.c_str();
}

std::string QuestionsJson(const std::vector<Errand>& questions) {
  Json list = Json::MakeArray();
  for (const Errand& each : questions)
    list.Append(Json::MakeObject().Set("id", each.id).Set("kind", each.kind).Set("question", each.question));
  return list.Dump();
}

void ConnectPlatform() {
  ImGuiPlatformIO& platform = ImGui::GetPlatformIO();
  platform.Platform_SetClipboardTextFn = [](ImGuiContext*, const char* text) { ThePage().clipboard = text; };
  platform.Platform_GetClipboardTextFn = [](ImGuiContext*) { return ThePage().clipboard.c_str(); };
  platform.Platform_SetImeDataFn = [](ImGuiContext*, ImGuiViewport*, ImGuiPlatformImeData* data) {
    ThePage().caret = *data;
  };
}

}  // namespace
}  // namespace plimsoll

using namespace plimsoll;  // the exported functions are C

extern "C" {

// Reads the catalog and starts the page. The fonts are TTF files that stay in memory. 0: the catalog is
// broken.
EMSCRIPTEN_KEEPALIVE int plimsoll_start(const char* regular, int regular_size, const char* semibold,
                                        int semibold_size, float em) {
  Page& page = ThePage();
  const CatalogData data = EmbeddedCatalog();
  Result<Catalog> catalog = Catalog::Parse(data.models, data.gpus);
  if (!catalog.ok()) return 0;
  page.catalog = std::make_unique<Catalog>(std::move(catalog).value());
  page.app = std::make_unique<App>(*page.catalog);
  ConnectPlatform();
  ConnectRenderer();
  page.app->SetFonts({regular, static_cast<size_t>(regular_size)},
                     {semibold, static_cast<size_t>(semibold_size)}, em);
  return 1;
}

// The canvas lost its context, and has a new one.
EMSCRIPTEN_KEEPALIVE void plimsoll_canvas_lost() { ForgetTextures(); }

// flags: 1 dark, 2 coarse pointer, 4 embed.
EMSCRIPTEN_KEEPALIVE const double* plimsoll_frame(double seconds, float width, float height, float density,
                                                  float inset_top, float scroll, int flags) {
  Page& page = ThePage();
  const FrameInput input = {seconds,
                            width,
                            height,
                            density,
                            inset_top,
                            scroll,
                            (flags & 1) != 0 ? Theme::kDark : Theme::kLight,
                            (flags & 2) != 0,
                            (flags & 4) != 0};
  const FrameOutput output = page.app->Frame(input);
  const ImU32 background = PaletteOf(input.theme).background;
  const int64_t picture = page.pictures.Count(*ImGui::GetDrawData(), background);
  RecordDrawing(&page.drawing);
  const ImVec4 ground = ImGui::ColorConvertU32ToFloat4(background);
  const ImGuiContext& context = *page.app->context();
  page.outcome = {static_cast<double>(output.content_height),
                  static_cast<double>(output.scroll_by),
                  output.again ? 1.0 : 0.0,
                  context.IO.WantTextInput ? 1.0 : 0.0,
                  static_cast<double>(page.caret.InputPos.x),
                  static_cast<double>(page.caret.InputPos.y),
                  static_cast<double>(page.caret.InputLineHeight),
                  static_cast<double>(context.MouseCursor),
                  page.app->PopupOpen() ? 1.0 : 0.0,
                  static_cast<double>(page.app->KeyFocus()),
                  static_cast<double>(page.app->state().version()),
                  static_cast<double>(reinterpret_cast<intptr_t>(page.drawing.data())),
                  static_cast<double>(page.drawing.size()),
                  static_cast<double>(ground.x),
                  static_cast<double>(ground.y),
                  static_cast<double>(ground.z),
                  static_cast<double>(page.app->state().view.files_asked),
                  static_cast<double>(page.app->state().file_version()),
                  static_cast<double>(page.app->state().view.asked),
                  static_cast<double>(page.app->state().errands.asked()),
                  static_cast<double>(picture)};
  return &page.outcome.content_height;
}

// kind: 0 moved, 1 pressed, 2 released, 3 gone. button: 0 left, 1 right, 2 middle.
EMSCRIPTEN_KEEPALIVE void plimsoll_pointer(int kind, float x, float y, int button, int touch) {
  ImGuiIO& io = ImGui::GetIO();
  io.AddMouseSourceEvent(touch != 0 ? ImGuiMouseSource_TouchScreen : ImGuiMouseSource_Mouse);
  if (kind == 3) {
    io.AddMousePosEvent(-FLT_MAX, -FLT_MAX);
    return;
  }
  io.AddMousePosEvent(x, y);
  if (kind == 1 || kind == 2) io.AddMouseButtonEvent(button, kind == 1);
}

// Deltas in lines. 1: it was ours; 0: the browser should scroll the page.
EMSCRIPTEN_KEEPALIVE int plimsoll_wheel(float x, float y, float lines_x, float lines_y) {
  if (!ThePage().app->WheelBelongsHere(x, y, lines_y)) return 0;
  ImGuiIO& io = ImGui::GetIO();
  io.AddMousePosEvent(x, y);
  io.AddMouseWheelEvent(-lines_x, -lines_y);
  return 1;
}

// modifiers: 1 control, 2 shift, 4 alt, 8 meta. 1: a key that the page knows.
EMSCRIPTEN_KEEPALIVE int plimsoll_key(const char* code, int down, int modifiers) {
  const ImGuiKey key = KeyFromBrowser(code);
  ImGuiIO& io = ImGui::GetIO();
  io.AddKeyEvent(ImGuiMod_Ctrl, (modifiers & 1) != 0);
  io.AddKeyEvent(ImGuiMod_Shift, (modifiers & 2) != 0);
  io.AddKeyEvent(ImGuiMod_Alt, (modifiers & 4) != 0);
  io.AddKeyEvent(ImGuiMod_Super, (modifiers & 8) != 0);
  if (key == ImGuiKey_None) return 0;
  io.AddKeyEvent(key, down != 0);
  return 1;
}

EMSCRIPTEN_KEEPALIVE void plimsoll_text(const char* text) { ImGui::GetIO().AddInputCharactersUTF8(text); }

// On losing the focus all keys are released.
EMSCRIPTEN_KEEPALIVE void plimsoll_focus(int focused, int mac) {
  ImGuiIO& io = ImGui::GetIO();
  io.ConfigMacOSXBehaviors = mac != 0;
  io.AddFocusEvent(focused != 0);
}

// kind: 0 a configuration as JSON, 1 a link's fragment, 2 an action {key: value, …}, 3 the clipboard,
// 4 dismisses the notice, 6 lets go of the file that is shown, 7 what came of asking the hub (AppState::TakeHubJson), 8
// what a text said that was checked elsewhere, 9 its beginning {"text", "note"}. 0: refused, see the notice.
EMSCRIPTEN_KEEPALIVE int plimsoll_put(int kind, const char* text) {
  Page& page = ThePage();
  AppState& state = page.app->state();
  if (kind == 0) return state.LoadJson(text) ? 1 : 0;
  if (kind == 1) return state.LoadFragment(text) ? 1 : 0;
  if (kind == 2) return state.DispatchJson(text) ? 1 : 0;
  if (kind == 3) page.clipboard = text;
  if (kind == 4) state.ClearNotice();
  if (kind == 6) state.ForgetFile();
  if (kind == 7) return state.TakeHubJson(text) ? 1 : 0;
  if (kind == 8) state.TakeChecked(text);
  if (kind == 9) return state.CheckBeginning(text) ? 1 : 0;
  return 1;
}

// kind: 0 the configuration, 1 its fragment, 2 the report, 3 the frame's semantics, 4 what the form offers,
// 5 the notice, 6 the clipboard, 7 the file that was given, 8 questions for the worker, each once, 9 the tables of the
// open tab, 10 what the browser is asked to do, 11 and 12 the first table as a picture, light and dark,
// 13 what the hub is asked for, 14 what is shown of that, 15 the text to be copied or the address to be opened,
// 16 the answer in words, 17 the ways out.
EMSCRIPTEN_KEEPALIVE const char* plimsoll_get(int kind) {
  Page& page = ThePage();
  AppState& state = page.app->state();
  switch (kind) {
    case 0:
      return HandOut(state.ConfigText());
    case 1:
      return HandOut(state.FragmentText());
    case 2:
      return HandOut(state.ReportText());
    case 3:
      return HandOut(page.app->semantics().ToJson());
    case 4:
      return HandOut(OptionsJson(*page.catalog));
    case 5:
      return HandOut(state.view.fault_shown && state.fault() != nullptr ? "" : state.notice());
    case 6:
      return HandOut(page.clipboard);
    case 7:
      return HandOut(state.FileText());
    case 8:
      return HandOut(QuestionsJson(state.errands.TakeQuestions()));
    case 9:
      return HandOut(page.app->semantics().TablesJson());
    case 10:
      return HandOut(state.view.ask);
    case 11:
    case 12: {
      const auto& tables = page.app->semantics().tables();
      const Palette& palette = PaletteOf(kind == 11 ? Theme::kLight : Theme::kDark);
      return HandOut(tables.empty() ? ""
                                    : TableSvg(tables.front(), palette, "Plimsoll, the load line for GPUs"));
    }
    case 13:
      return HandOut(state.hub.RequestText());
    case 14:
      return HandOut(state.hub.ShownText());
    case 15:
      return HandOut(state.view.to_copy);
    case 16:
      return HandOut(state.AnswerText());
    case 17:
      return HandOut(state.WaysText());
    default:
      return "";
  }
}

// Takes what a worker read (wasm_worker.cc); 0: refused, see the notice.
EMSCRIPTEN_KEEPALIVE int plimsoll_take_file(const char* json) {
  return ThePage().app->state().TakeFileJson(json) ? 1 : 0;
}

// What came back for a question of kind 8 of plimsoll_get: how far it is, or its answer.
EMSCRIPTEN_KEEPALIVE void plimsoll_progress(double id, double share) {
  ThePage().app->state().errands.Progress(static_cast<int64_t>(id), share);
}
EMSCRIPTEN_KEEPALIVE void plimsoll_answer(double id, const char* text) {
  ThePage().app->state().errands.Answer(static_cast<int64_t>(id), text);
}
EMSCRIPTEN_KEEPALIVE int plimsoll_wanted(double id) {
  return ThePage().app->state().errands.wanted(static_cast<int64_t>(id)) ? 1 : 0;
}

// Counts the accepted changes.
EMSCRIPTEN_KEEPALIVE double plimsoll_version() {
  return static_cast<double>(ThePage().app->state().version());
}

}  // extern "C"
