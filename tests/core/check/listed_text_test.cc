#include "core/check/listed_text.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

TEST(ListedText, CellsLoseTheirFrame) {
  EXPECT_EQ(TrimCell("|  RTX 3090 \t|\r"), "RTX 3090");
  EXPECT_EQ(TrimCell(" | | "), "");
  EXPECT_EQ(LinesOf("a\nb\n").size(), 3U);
}

TEST(ListedText, ASizeIsTheNumberInFront) {
  EXPECT_EQ(NumberAt("| 1034 MiB"), 1034);
  EXPECT_EQ(NumberAt("23.5 GiB"), 23.5);
  EXPECT_EQ(NumberAt("-3 MiB"), 0);
  EXPECT_EQ(NumberAt("N/A"), 0);
  EXPECT_EQ(NumberAt("1e999"), 0);
  EXPECT_EQ(NumberAt(""), 0);
}

}  // namespace
}  // namespace plimsoll
