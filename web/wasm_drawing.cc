#include "web/wasm_drawing.h"

#include <algorithm>
#include <initializer_list>

#include "imgui.h"

namespace plimsoll {
namespace {

enum Kind : int32_t { kCreate, kUpdate, kDestroy, kList, kDraw };

int32_t Address(const void* memory) { return static_cast<int32_t>(reinterpret_cast<intptr_t>(memory)); }

void Put(std::vector<int32_t>* list, std::initializer_list<int32_t> record) {
  list->insert(list->end(), record.begin(), record.end());
}

void RecordTexture(ImTextureData* texture, std::vector<int32_t>* list) {
  const int32_t name = texture->UniqueID + 1;
  if (texture->Status == ImTextureStatus_WantCreate) {
    Put(list, {kCreate, name, texture->Width, texture->Height, Address(texture->GetPixels())});
    texture->SetTexID(static_cast<ImTextureID>(name));
    texture->SetStatus(ImTextureStatus_OK);
  } else if (texture->Status == ImTextureStatus_WantUpdates) {
    for (const ImTextureRect& part : texture->Updates) {
      Put(list, {kUpdate, name, part.x, part.y, part.w, part.h, Address(texture->GetPixelsAt(part.x, part.y)),
                 texture->Width});
    }
    texture->SetStatus(ImTextureStatus_OK);
  } else if (texture->Status == ImTextureStatus_WantDestroy && texture->UnusedFrames > 0) {
    Put(list, {kDestroy, name});
    texture->SetTexID(ImTextureID_Invalid);
    texture->SetStatus(ImTextureStatus_Destroyed);
  }
}

void RecordCommand(const ImDrawCmd& command, const ImDrawData& data, std::vector<int32_t>* list) {
  const ImVec2 scale = data.FramebufferScale;
  const int32_t width = static_cast<int32_t>(data.DisplaySize.x * scale.x + 0.5F);
  const int32_t height = static_cast<int32_t>(data.DisplaySize.y * scale.y + 0.5F);
  const int32_t left = std::max(static_cast<int32_t>(command.ClipRect.x * scale.x), 0);
  const int32_t top = std::max(static_cast<int32_t>(command.ClipRect.y * scale.y), 0);
  const int32_t right = std::min(static_cast<int32_t>(command.ClipRect.z * scale.x), width);
  const int32_t bottom = std::min(static_cast<int32_t>(command.ClipRect.w * scale.y), height);
  if (right <= left || bottom <= top) return;
  Put(list,
      {kDraw, left, height - bottom, right - left, bottom - top, static_cast<int32_t>(command.GetTexID()),
       static_cast<int32_t>(command.ElemCount), static_cast<int32_t>(command.IdxOffset)});
}

}  // namespace

void ConnectRenderer() {
  ImGuiIO& io = ImGui::GetIO();
  io.BackendFlags |= ImGuiBackendFlags_RendererHasTextures;
  io.Fonts->TexDesiredFormat = ImTextureFormat_Alpha8;
}

void RecordDrawing(std::vector<int32_t>* list) {
  list->clear();
  const ImDrawData& data = *ImGui::GetDrawData();
  for (ImTextureData* texture : *data.Textures) RecordTexture(texture, list);
  for (const ImDrawList* part : data.CmdLists) {
    Put(list, {kList, Address(part->VtxBuffer.Data), part->VtxBuffer.size_in_bytes(),
               Address(part->IdxBuffer.Data), part->IdxBuffer.size_in_bytes()});
    for (const ImDrawCmd& command : part->CmdBuffer) {
      if (command.UserCallback == nullptr) RecordCommand(command, data, list);
    }
  }
}

void ForgetTextures() {
  for (ImTextureData* texture : ImGui::GetPlatformIO().Textures) {
    const bool leaves =
        texture->Status == ImTextureStatus_WantDestroy || texture->Status == ImTextureStatus_Destroyed;
    texture->SetTexID(ImTextureID_Invalid);
    texture->SetStatus(leaves ? ImTextureStatus_Destroyed : ImTextureStatus_WantCreate);
  }
}

}  // namespace plimsoll
