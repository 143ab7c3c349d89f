// Whether a frame shows anything new. After an event the page goes on for some tenths of a second, for delays and queued
// input, and most of those frames show what the last one did: they are computed, not drawn again.
#ifndef PLIMSOLL_WEB_PICTURE_H_
#define PLIMSOLL_WEB_PICTURE_H_

#include <cstdint>

#include "imgui.h"

namespace plimsoll {

// A digest of all triangles, where they are clipped, and the ground behind them.
uint64_t DigestOf(const ImDrawData& data, ImU32 ground);

// Counts the pictures: a frame has a number of its own unless it shows what the last one did.
class PictureCount {
 public:
  // Of the frame that ImGui::Render closed. One that makes or changes a texture is always new.
  int64_t Count(const ImDrawData& data, ImU32 ground);

 private:
  int64_t count_ = 0;
  uint64_t last_ = 0;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_PICTURE_H_
