#include "web/picture.h"

#include <gtest/gtest.h>

#include "tests/ui/page_driver.h"
#include "web/theme.h"

namespace plimsoll {
namespace {

int64_t Next(PageDriver& page, PictureCount* pictures) {
  page.Frames(1);
  return pictures->Count(*ImGui::GetDrawData(), PaletteOf(page.input.theme).background);
}

TEST(Picture, AFrameThatShowsNothingNewHasTheNumberOfTheLast) {
  PageDriver page;
  PictureCount pictures;
  page.Frames(8);  // until all its letters are in the texture
  const int64_t first = Next(page, &pictures);
  EXPECT_GT(first, 0);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Next(page, &pictures), first);

  page.Click("Launch", "tab");
  const int64_t clicked = Next(page, &pictures);
  EXPECT_GT(clicked, first) << "another tab is shown";
  page.input.theme = Theme::kDark;
  EXPECT_GT(Next(page, &pictures), clicked) << "in other colours";
}

TEST(Picture, ADigestSeesColoursClippingAndTheGround) {
  PageDriver page;
  page.Frames(8);
  const ImDrawData& data = *ImGui::GetDrawData();
  ASSERT_GT(data.CmdLists.Size, 0);
  ImDrawList& part = *data.CmdLists.back();
  const uint64_t before = DigestOf(data, 0);
  EXPECT_EQ(DigestOf(data, 0), before);
  EXPECT_NE(DigestOf(data, 1), before);

  part.VtxBuffer.back().col ^= 1;
  EXPECT_NE(DigestOf(data, 0), before);
  part.VtxBuffer.back().col ^= 1;
  part.CmdBuffer.front().ClipRect.x += 1;
  EXPECT_NE(DigestOf(data, 0), before);
  part.CmdBuffer.front().ClipRect.x -= 1;
  EXPECT_EQ(DigestOf(data, 0), before);
}

TEST(Picture, ANewTextureIsNew) {
  PageDriver page;
  PictureCount pictures;
  page.Frames(8);
  const int64_t before = Next(page, &pictures);
  ASSERT_EQ(Next(page, &pictures), before);
  ImTextureData* texture = ImGui::GetDrawData()->Textures->back();
  texture->SetStatus(ImTextureStatus_WantUpdates);
  EXPECT_GT(pictures.Count(*ImGui::GetDrawData(), PaletteOf(page.input.theme).background), before);
  texture->SetStatus(ImTextureStatus_OK);
}

}  // namespace
}  // namespace plimsoll
