// The bars of the canvas, by what they say of themselves and by what they draw.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

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

// What is missing is drawn: the bar goes beyond the engine's share by as much as the sentence says.
TEST(LoadLineView, DrawsWhatIsMissing) {
  PageDriver page;
  const ImU32 missing = PaletteOf(Theme::kLight).does_not_fit;
  ASSERT_TRUE(page.state().LoadFragment("m=llama-3.1-70b&q=awq-int4&g=rtx-4090&n=2&ctx=131072&eager=1"));
  page.Frames();
  const GpuReport& gpu = page.state().report().per_gpu[0];
  ASSERT_LT(gpu.headroom, Bytes(0));
  ASSERT_LT(gpu.total, gpu.capacity) << "all that is there has room";
  const std::string said = page.Get("GPU 0 to 1, RTX 4090, each", "img").value;
  EXPECT_NE(said.find(DecimalText((Bytes(0) - gpu.headroom).gib(), 1) + " missing"), std::string::npos)
      << said;
  EXPECT_TRUE(Draws(missing));
  const std::vector<BarPiece> pieces = BarPiecesOf(gpu);
  const auto piece = std::find_if(pieces.begin(), pieces.end(), [](const BarPiece& p) { return !p.part; });
  ASSERT_NE(piece, pieces.end());
  EXPECT_EQ(piece->to - gpu.budget, Bytes(0) - gpu.headroom);
}

// One bar for equal cards, and a word on the one that is not.
TEST(LoadLineView, FoldsEqualCards) {
  PageDriver page;
  ASSERT_TRUE(page.state().LoadFragment("m=qwen3-32b&g=h100-sxm&n=4&pp=4&tp=1&ctx=8192"));
  page.Frames();
  std::vector<std::string> names;
  for (const SemanticNode& node : page.app().semantics().nodes()) {
    if (node.role == "img" && node.label.rfind("GPU ", 0) == 0) names.push_back(node.label);
  }
  ASSERT_GE(names.size(), 2U);
  ASSERT_LT(names.size(), 4U);
  EXPECT_EQ(names[0], "GPU 0, H100 SXM5 80GB");
  for (size_t i = 1; i < names.size(); ++i)
    EXPECT_TRUE(names[i].find(", more ") != std::string::npos ||
                names[i].find(", less ") != std::string::npos)
        << names[i];
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
