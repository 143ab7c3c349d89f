// The bars of the canvas, by what they say of themselves and by what they draw.
#include <gtest/gtest.h>

#include <string>

#include "core/base/text.h"
#include "core/resolve/memory_parts.h"
#include "tests/ui/page_driver.h"
#include "web/theme.h"

namespace plimsoll {
namespace {

// What a bar says: "13.7 of 23.5 GiB, Weights 4.3, KV cache 1.0, …".
std::string BarOf(PageDriver* page, const std::string& fragment) {
  EXPECT_TRUE(page->state().LoadFragment(fragment)) << page->state().notice();
  page->Frames();
  return page->Get("GPU 0, RTX 4090", "img").value;
}

// In the last frame.
bool Draws(ImU32 color) {
  for (const ImDrawList* list : ImGui::GetDrawData()->CmdLists) {
    for (const ImDrawVert& vertex : list->VtxBuffer) {
      if (vertex.col == color) return true;
    }
  }
  return false;
}

TEST(LoadLineView, SaysEveryPartOfTheCard) {
  PageDriver page;
  const std::string said = BarOf(&page, "m=qwen3.5-9b&g=rtx-4090&ctx=8192&q=awq-int4&util=0.7&rsv=2000");
  const GpuReport& gpu = page.state().report().per_gpu[0];
  size_t parts = 0;
  for (const MemorySegment& segment : SegmentsOf(gpu)) {
    if (segment.bytes <= Bytes(0)) continue;
    ++parts;
    const std::string text =
        ", " + std::string(segment.part->label) + " " + DecimalText(segment.bytes.gib(), 1);
    EXPECT_NE(said.find(text), std::string::npos) << text << " in " << said;
  }
  EXPECT_GE(parts, 5U) << said;
}

TEST(LoadLineView, DrawsWhatOtherProgramsHold) {
  for (const char* engine : {"e=llama.cpp&q=gguf-q4_k_m", "e=vllm&q=awq-int4&util=0.6"}) {
    PageDriver page;
    const std::string fragment = std::string("m=llama-3.1-8b&g=rtx-4090&ctx=8192&") + engine;
    EXPECT_EQ(BarOf(&page, fragment).find("Other programs"), std::string::npos);
    const ImU32 color = TokenColor(PaletteOf(Theme::kLight), "others");
    EXPECT_FALSE(Draws(color)) << engine;
    const std::string said = BarOf(&page, fragment + "&rsv=8000");
    EXPECT_NE(said.find(", Other programs 7.8"), std::string::npos) << said;
    EXPECT_TRUE(Draws(color)) << engine;
  }
}

// llama.cpp's graph has compute buffers; activations are vLLM's word.
TEST(LoadLineView, CallsComputeBuffersByTheirName) {
  PageDriver page;
  const std::string said = BarOf(&page, "m=llama-3.1-8b&g=rtx-4090&ctx=8192&e=llama.cpp&q=gguf-q4_k_m");
  EXPECT_NE(said.find(", Compute buffers 0.1"), std::string::npos) << said;
  EXPECT_EQ(said.find("Activations"), std::string::npos) << said;
}

}  // namespace
}  // namespace plimsoll
