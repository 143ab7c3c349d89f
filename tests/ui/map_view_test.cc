// The Map tab as somebody uses it.
#include <gtest/gtest.h>

#include "imgui_internal.h"
#include "tests/ui/page_driver.h"

namespace plimsoll {
namespace {

void Work(PageDriver& page) {
  page.Frames(2);
  for (int i = 0; i < 4000 && page.state().map.working(); ++i) page.Frames(1);
  ASSERT_FALSE(page.state().map.working());
  page.Frames(1);
}

TEST(MapView, ACellExplainsLoadsAndIsPinned) {
  PageDriver page;
  ASSERT_TRUE(page.state().LoadFragment("m=llama-3.1-8b&g=rtx-4090&ctx=8192&t=map"));
  Work(page);
  const SemanticNode cell = page.Get("RTX 3090, BF16", "gridcell");
  ImGui::GetIO().AddMousePosEvent(cell.x + 5, cell.y + 5);
  page.Frames(2);
  bool explained = false;
  for (const SemanticNode& node : page.app().semantics().nodes())
    explained = explained || (node.role == "status" && node.label.rfind("RTX 3090, BF16: TP 1, ", 0) == 0);
  EXPECT_TRUE(explained);
  page.Press(ImGuiKey_P);
  EXPECT_FALSE(page.state().compare.empty());
  page.Click("RTX 3090, BF16", "gridcell");
  EXPECT_EQ(page.state().config().gpu.front(), "rtx-3090");
  EXPECT_EQ(page.state().tab(), "memory");
}

TEST(MapView, AxesAreChosenAndFollowTheConfiguration) {
  PageDriver page;
  ASSERT_TRUE(page.state().LoadFragment("m=llama-3.1-8b&g=rtx-4090&ctx=8192&t=map"));
  Work(page);
  page.Click("Across: Card");
  page.Click("GPU count", "option");
  Work(page);
  EXPECT_EQ(page.state().FragmentText(), "m=llama-3.1-8b&g=rtx-4090&ctx=8192&t=map&map=x.gpus");
  page.Click("Repeat by: nothing");
  page.Click("Card", "option");
  Work(page);
  EXPECT_GT(page.app().semantics().tables().size(), 5U) << "a small map for each card";
  page.Click("Colour: Longest context");
  page.Click("Speed", "option");
  Work(page);
  const std::string before = page.app().semantics().TablesJson();
  ASSERT_TRUE(page.state().Dispatch({{"concurrency", Json(64)}}));
  Work(page);
  EXPECT_NE(page.app().semantics().TablesJson(), before);
}

TEST(MapView, NoFrameOfItsOwnTakesLong) {
  PageDriver page;
  ASSERT_TRUE(
      page.state().LoadFragment("m=llama-3.1-8b&g=rtx-4090&ctx=8192&t=map&map=x.model!y.format!z.gpu"));
  page.Frames(1);
  EXPECT_TRUE(page.state().map.working()) << "a large map is made in slices";
  EXPECT_TRUE(page.output.again);
}

// Twelve cards side by side would be thinner than a finger: they go on below.
TEST(MapView, OnAPhoneAFingerHitsEveryCell) {
  PageDriver page(390, 3000);
  page.input.coarse = true;
  ASSERT_TRUE(page.state().LoadFragment("m=llama-3.1-8b&g=rtx-4090&ctx=8192&t=map"));
  Work(page);
  ASSERT_NE(page.state().map.sheet(), nullptr);
  const MapQuestion& question = page.state().map.sheet()->question;
  size_t cells = 0;
  for (const SemanticNode& node : page.app().semantics().nodes()) {
    if (node.role != "gridcell") continue;
    ++cells;
    EXPECT_GE(node.width, 40) << node.label;
    EXPECT_GE(node.height, 40) << node.label;
    EXPECT_LE(node.x + node.width, 391) << node.label;
  }
  EXPECT_EQ(cells, question.xs.size() * question.ys.size());
}

}  // namespace
}  // namespace plimsoll
