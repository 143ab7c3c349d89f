#include "tests/ui/page_driver.h"

#include <gtest/gtest.h>

#include <cstdarg>

#include "imgui_internal.h"
#include "tests/support/shipped_catalog.h"
#include "web/worker/work.h"

namespace {
std::vector<plimsoll::HookedItem>* hooked = nullptr;
}

// ImGui calls these for every item when its test hooks are on.
void ImGuiTestEngineHook_ItemAdd(ImGuiContext* context, ImGuiID id, const ImRect& box,
                                 const ImGuiLastItemData*) {
  if (context->CurrentWindow->IsFallbackWindow) return;  // ImGui's own, never shown
  if (hooked != nullptr && id != 0)
    hooked->push_back({id, box.Min.x, box.Min.y, box.GetWidth(), box.GetHeight()});
}
void ImGuiTestEngineHook_ItemInfo(ImGuiContext*, ImGuiID, const char*, ImGuiItemStatusFlags) {}
void ImGuiTestEngineHook_Log(ImGuiContext*, const char*, ...) {}
const char* ImGuiTestEngine_FindItemDebugLabel(ImGuiContext*, ImGuiID) { return nullptr; }

namespace plimsoll {

PageDriver::PageDriver(float width, float height) : app_(ShippedCatalog()) {
  input.width = width;
  input.height = height;
  input.inset_top = 52;
  ImGui::GetIO().BackendFlags |= ImGuiBackendFlags_RendererHasTextures;
  Frames();
}

void PageDriver::Frames(int count) {
  for (int i = 0; i < count; ++i) {
    input.seconds += 1.0 / 60;
    output = app_.Frame(input);
    if (answers) AnswerErrands();
    for (ImTextureData* texture : ImGui::GetPlatformIO().Textures) {
      if (texture->Status == ImTextureStatus_WantDestroy) {
        texture->SetStatus(ImTextureStatus_Destroyed);
      } else if (texture->Status != ImTextureStatus_Destroyed) {
        texture->SetTexID(1);
        texture->SetStatus(ImTextureStatus_OK);
      }
    }
  }
}

void PageDriver::AnswerErrands() {
  Errands& errands = state().errands;
  for (const Errand& errand : errands.TakeQuestions())
    errands.Answer(errand.id, DoWork(errand.kind, errand.question, ShippedCatalog()));
}

SemanticNode PageDriver::Get(std::string_view label, std::string_view role) {
  const SemanticNode* node = app_.semantics().Find(label, role);
  if (node != nullptr) return *node;
  ADD_FAILURE() << "nothing called \"" << label << "\" is shown";
  return {};
}

bool PageDriver::Shows(std::string_view label, std::string_view role) {
  return app_.semantics().Find(label, role) != nullptr;
}

void PageDriver::Click(std::string_view label, std::string_view role) {
  const SemanticNode node = Get(label, role);
  ImGuiIO& io = ImGui::GetIO();
  io.AddMousePosEvent(node.x + node.width / 2, node.y + node.height / 2);
  Frames(2);
  io.AddMouseButtonEvent(0, true);
  Frames(2);
  io.AddMouseButtonEvent(0, false);
  Frames(4);
}

void PageDriver::DragTo(std::string_view label, float share) {
  const SemanticNode node = Get(label, "slider");
  ImGuiIO& io = ImGui::GetIO();
  io.AddMousePosEvent(node.x + node.width / 2, node.y + node.height / 2);
  Frames(2);
  io.AddMouseButtonEvent(0, true);
  Frames(2);
  io.AddMousePosEvent(node.x + node.width * share, node.y + node.height / 2);
  Frames(2);
  io.AddMouseButtonEvent(0, false);
  Frames(3);
}

void PageDriver::Press(ImGuiKey key, int times) {
  for (int i = 0; i < times; ++i) {
    ImGui::GetIO().AddKeyEvent(key, true);
    Frames(2);
    ImGui::GetIO().AddKeyEvent(key, false);
    Frames(2);
  }
}

void PageDriver::Type(std::string_view text) {
  ImGui::GetIO().AddInputCharactersUTF8(std::string(text).c_str());
  Frames(3);
}

std::vector<HookedItem> PageDriver::Items() {
  std::vector<HookedItem> items;
  hooked = &items;
  app_.context()->TestEngineHookItems = true;
  Frames(1);
  app_.context()->TestEngineHookItems = false;
  hooked = nullptr;
  return items;
}

}  // namespace plimsoll
