#include "web/table_svg.h"

#include <gtest/gtest.h>

#include "core/base/units.h"

namespace plimsoll {
namespace {

TEST(TableSvg, HoldsEveryCellAndABarToScale) {
  ShownTable shown{"A & B <compared>", Table({"", "A>"}), {}};
  shown.table.Add({"Weights", "12 GiB"});
  GpuReport card;
  card.capacity = GiB(24);
  card.weights = GiB(12);
  shown.bars.push_back({0, 1, card, 24});
  const std::string svg = TableSvg(shown, PaletteOf(Theme::kLight), "note");
  EXPECT_NE(svg.find("A &amp; B &lt;compared>"), std::string::npos);
  EXPECT_NE(svg.find(">12 GiB</text>"), std::string::npos);
  EXPECT_NE(svg.find(">note</text>"), std::string::npos);
  // The card is as wide as its column, the weights half of it.
  EXPECT_NE(svg.find("width=\"150.0\" height=\"12.0\" fill=\"#dde1e8\""), std::string::npos) << svg;
  EXPECT_NE(svg.find("width=\"75.0\" height=\"12.0\" fill=\"#2f6fb7\""), std::string::npos) << svg;
  EXPECT_EQ(svg.find("href"), std::string::npos) << "it refers to nothing outside";
}

}  // namespace
}  // namespace plimsoll
