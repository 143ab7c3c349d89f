#include "web/app.h"

#include <algorithm>
#include <cmath>

#include "imgui_internal.h"
#include "web/views/views.h"

namespace plimsoll {
namespace {

constexpr float kWideFrom = 860;  // narrower windows get one column
constexpr float kSpaciousFrom = 1200;
constexpr float kMenuSpace = 470;  // what an embed grows to while a menu is open

// The part of an overlong pane that is above the window: it stops at its own end while the other goes on.
float PaneOffset(float scroll, float pane_height, float view_height) {
  return std::clamp(scroll, 0.0F, std::max(0.0F, pane_height - view_height));
}

}  // namespace

App::App(const Catalog& catalog) : context_(ImGui::CreateContext()), state_(catalog) {
  ImGui::SetCurrentContext(context_);
  ImGuiIO& io = ImGui::GetIO();
  io.IniFilename = nullptr;
  io.LogFilename = nullptr;
  io.ConfigFlags |= ImGuiConfigFlags_NavEnableKeyboard;
  io.ConfigInputTextCursorBlink = false;  // an idle page draws nothing
  io.ConfigNavCaptureKeyboard = false;
  io.ConfigWindowsMoveFromTitleBarOnly = true;
}

App::~App() {
  ImGui::SetCurrentContext(context_);
  ImGui::DestroyContext(context_);
}

void App::SetFonts(std::string_view regular, std::string_view semibold, float em) {
  ImFontAtlas* atlas = ImGui::GetIO().Fonts;
  const auto add = [atlas](std::string_view file, float tighter = 0) {
    ImFontConfig config;
    config.FontDataOwnedByAtlas = false;
    config.GlyphExtraAdvanceX = -tighter;
    // The atlas does not write to it.
    return atlas->AddFontFromMemoryTTF(const_cast<char*>(file.data()), static_cast<int>(file.size()), 0,
                                       &config);
  };
  fonts_.regular = add(regular);
  fonts_.semibold = add(semibold);
  fonts_.headline = add(semibold, 0.4F);
  fonts_.em = em;
}

int App::KeyFocus() const {
  if (context_->NavId == 0) return 0;
  if (context_->NavCursorVisible) return 1;
  return context_->NavId == ui_.turned ? 2 : 0;
}

bool App::PopupOpen() const { return !context_->OpenPopupStack.empty(); }

bool App::WheelBelongsHere(float x, float y, float delta_y) const {
  // The window under the pointer as of the last frame, or the nearest one around it that scrolls.
  ImGuiWindow* window = nullptr;
  for (int i = context_->Windows.Size - 1; i >= 0 && window == nullptr; --i) {
    ImGuiWindow* candidate = context_->Windows[i];
    if (candidate->WasActive && !candidate->Hidden && candidate->OuterRectClipped.Contains(ImVec2(x, y))) {
      window = candidate;
    }
  }
  for (; window != nullptr; window = window->ParentWindow) {
    const bool scrolls = window->ScrollMax.y > 0 && (window->Flags & ImGuiWindowFlags_NoScrollWithMouse) == 0;
    if (scrolls) return delta_y < 0 ? window->Scroll.y > 0.5F : window->Scroll.y < window->ScrollMax.y - 0.5F;
    if ((window->Flags & ImGuiWindowFlags_Popup) != 0) return false;
  }
  return false;
}

FrameOutput App::Frame(const FrameInput& input) {
  ImGui::SetCurrentContext(context_);
  ImGuiIO& io = ImGui::GetIO();
  if (!themed_ || input.theme != theme_) {
    theme_ = input.theme;
    themed_ = true;
    ApplyTheme(theme_);
  }
  if (fonts_.regular == nullptr) {
    fonts_.regular = fonts_.semibold = fonts_.headline =
        io.Fonts->Fonts.empty() ? io.Fonts->AddFontDefault() : io.Fonts->Fonts[0];
  }
  io.DisplaySize = ImVec2(std::max(input.width, 1.0F), std::max(input.height, 1.0F));
  io.DisplayFramebufferScale = ImVec2(input.density, input.density);
  const double passed = last_seconds_ > 0 ? input.seconds - last_seconds_ : 1.0 / 60;
  io.DeltaTime = static_cast<float>(std::clamp(passed, 0.001, 0.1));
  last_seconds_ = input.seconds;

  tree_.Clear();
  const ImGuiID turned = ui_.turned;
  ui_ = {&PaletteOf(theme_), &fonts_,         &tree_,       &edit_,     &state_.view.press,
         input.coarse,       input.inset_top, input.height, input.width};

  ui_.turned = turned;
  ui_.help = HelpOn;
  ui_.decimal = state_.view.units == SizeUnits::kDecimal;
  // What was refused, in the words of the field that asks for it.
  std::string fault;
  if (const Error* error = state_.fault()) {
    ui_.fault_label = FieldLabel(error->field);
    if (!ui_.fault_label.empty())
      fault = Error{std::string(ui_.fault_label), error->given, error->accepted}.Message() + ".";
    // What to do stands where the answer would.
    if (const AppState::UnknownInLink* unknown = state_.unknown_in_link();
        unknown != nullptr && !fault.empty())
      fault = Quoted(unknown->given) + " is not known.";
    ui_.fault = fault;
  }

  FrameOutput output;
  ImGui::NewFrame();
  // A font learns the screen's density when it is pushed; ours are drawn with directly.
  for (ImFont* font : {fonts_.semibold, fonts_.headline}) {
    ImGui::PushFont(font, kBody * fonts_.em);
    ImGui::PopFont();
  }
  ImGui::PushFont(fonts_.regular, kBody * fonts_.em);
  state_.BeginFrame();
  const std::optional<Config> under_pointer = std::move(state_.view.under_pointer);
  state_.view.under_pointer.reset();
  if (!input.embed && !io.WantTextInput && !PopupOpen() && !io.KeyCtrl &&
      ImGui::IsKeyPressed(ImGuiKey_P, false)) {
    if (under_pointer) {
      state_.PinOther(*under_pointer);
    } else {
      state_.Pin();
    }
  }
  Compose(input, &output);
  state_.EndFrame();
  state_.view.fault_shown = ui_.fault_shown;
  state_.view.press.clear();  // nothing of that name was there
  ImGui::PopFont();
  ImGui::Render();
  return output;
}

void App::Compose(const FrameInput& input, FrameOutput* output) {
  const float left_before = left_height_;
  const float right_before = right_height_;
  const int64_t version_before = state_.version();
  ImGui::SetNextWindowPos(ImVec2(0, 0));
  ImGui::SetNextWindowSize(ImGui::GetIO().DisplaySize);
  ImGui::Begin("Plimsoll", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                   ImGuiWindowFlags_NoBringToFrontOnFocus | ImGuiWindowFlags_NoScrollWithMouse);
  const float height = input.embed                ? EmbedColumn(input)
                       : input.width >= kWideFrom ? WidePanes(input)
                                                  : NarrowColumn(input);
  if (!input.embed) DrawPalette(ui_, state_);
  ImGui::End();
  output->content_height = std::ceil(height + input.inset_top);
  if (input.embed && PopupOpen()) output->content_height = std::max(output->content_height, kMenuSpace);
  output->again = ui_.again || state_.version() != version_before ||
                  std::abs(left_before - left_height_) > 0.5F ||
                  std::abs(right_before - right_height_) > 0.5F || edit_.starting;

  // Keep what the keyboard moves to in sight.
  const ImGuiID focus = context_->NavCursorVisible ? context_->NavId : 0;
  if (focus != 0 && focus != last_focus_ && !PopupOpen() && context_->NavWindow != nullptr) {
    const ImRect box = ImGui::WindowRectRelToAbs(context_->NavWindow, context_->NavWindow->NavRectRel[0]);
    if (box.Min.y < input.inset_top + 8) output->scroll_by = box.Min.y - input.inset_top - 24;
    if (box.Max.y > input.height - 8) output->scroll_by = box.Max.y - input.height + 24;
  }
  last_focus_ = focus;
}

// A column that is as high as its content and moves with the page. Returns its height.
float App::Pane(const char* id, const FrameInput& input, float x, float width, float* last_height,
                void (App::*draw)(float)) {
  const float view = input.height - input.inset_top;
  const float offset = PaneOffset(input.scroll, *last_height, view);
  const bool spacious = input.width >= kSpaciousFrom;
  const float pad = input.embed || input.width < kWideFrom ? 16 : spacious && x > 0 ? 32 : 23;
  ImGui::SetCursorScreenPos(ImVec2(x, input.inset_top - offset));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(pad, 0));
  ImGui::BeginChild(
      id, ImVec2(width, std::max(*last_height, view)),
      ImGuiChildFlags_NavFlattened | ImGuiChildFlags_AlwaysUseWindowPadding,
      ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse | ImGuiWindowFlags_NoBackground);
  ImGui::PopStyleVar();
  const float start = ImGui::GetCursorScreenPos().y;
  (this->*draw)(width - 2 * pad);
  *last_height = std::ceil(ImGui::GetCursorScreenPos().y - start);
  ImGui::Dummy(ImVec2(0, 0));  // a window must end with an item where the cursor was moved on
  ImGui::EndChild();
  return *last_height;
}

float App::WidePanes(const FrameInput& input) {
  const float left = input.width >= kSpaciousFrom ? 352 : 304;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->AddRectFilled(ImVec2(0, 0), ImVec2(left, input.height), ui_.colors->panel);
  draw->AddRectFilled(ImVec2(left - 1, 0), ImVec2(left, input.height), ui_.colors->line);
  const float a = Pane("configuration", input, 0, left, &left_height_, &App::DrawConfiguration);
  const float b = Pane("answer", input, left, input.width - left, &right_height_, &App::DrawAnswer);
  return std::max(a, b);
}

float App::NarrowColumn(const FrameInput& input) {
  return Pane("page", input, 0, input.width, &right_height_, &App::DrawPhone);
}

float App::EmbedColumn(const FrameInput& input) {
  return Pane("embed", input, 0, input.width, &right_height_, &App::DrawEmbed);
}

void App::DrawConfiguration(float width) {
  Gap(18);
  DrawAllOptions(ui_, state_, width);
  Gap(32);
}

void App::DrawAnswer(float width) {
  Gap(12);
  DrawTabBar(ui_, state_, width);
  Gap(18);
  DrawTabHead(ui_, state_, width);
  if (IsOneTab(state_)) {
    if (state_.untouched()) DrawPresets(ui_, state_, width);
    DrawCalibration(ui_, state_, width);
    DrawDiagnostics(ui_, state_, width);
    DrawGivenFile(ui_, state_, width);
  }
  DrawTab(ui_, state_, width);
  Gap(32);
}

void App::DrawPhone(float width) {
  Gap(16);
  DrawTabHead(ui_, state_, width);
  Gap(4);
  DrawOptionsSummary(ui_, state_, width);
  if (IsOneTab(state_)) {
    const bool pinned = state_.IsPinned();
    if (Chip(ui_, pinned ? "Pinned" : "Pin to compare", {0, pinned, "Pin to compare", {}})) state_.Pin();
    ImGui::SameLine(0, 8);
    const bool opened = Chip(ui_, "Copy, save, print");
    DrawTakeMenu(ui_, state_, opened, true);
    Gap(4);
    if (state_.untouched()) DrawPresets(ui_, state_, width);
    DrawWaysOut(ui_, state_, width);
    DrawCalibration(ui_, state_, width);
    DrawDiagnostics(ui_, state_, width);
    DrawGivenFile(ui_, state_, width);
  }
  DrawTabBar(ui_, state_, width);
  DrawTab(ui_, state_, width);
  Gap(24);
}

void App::DrawEmbed(float width) {
  Gap(14);
  if (state_.tab() == "compare") {
    DrawCompareHead(ui_, state_, width);
    DrawCompareTab(ui_, state_, width);
    Gap(10);
    return;
  }
  DrawVerdict(ui_, state_, width);
  Gap(4);
  DrawLoadLine(ui_, state_, width);
  Gap(4);
  const int columns = width >= 620 ? 4 : 2;
  const float cell = (width - 8 * static_cast<float>(columns - 1)) / static_cast<float>(columns);
  DrawModelPicker(ui_, state_, cell);
  ImGui::SameLine(0, 8);
  DrawFormatPicker(ui_, state_, cell);
  if (columns == 4) ImGui::SameLine(0, 8);
  DrawGpuPicker(ui_, state_, cell);
  ImGui::SameLine(0, 8);
  DrawParallelism(ui_, state_, cell);
  Gap(2);
  DrawContextSlider(ui_, state_, width);
  Gap(10);
}

}  // namespace plimsoll
