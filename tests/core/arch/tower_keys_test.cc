#include "core/arch/tower_keys.h"

#include <gtest/gtest.h>

#include <optional>

namespace plimsoll {
namespace {

TEST(TowerKeys, OneSideOrTwoThatAreAlike) {
  const Json config = *Json::Parse(R"({"a": [448, 448], "b": 336, "c": [448, 224]})", "config");
  std::optional<Error> error;
  ConfigReader reader(&config, "vision_config", &error);
  EXPECT_EQ(Side(reader, "a", 0, 1000), 448);
  EXPECT_EQ(Side(reader, "b", 0, 1000), 336);
  EXPECT_EQ(Side(reader, "d", 14, 1000), 14);
  EXPECT_FALSE(error.has_value());
  Side(reader, "c", 0, 1000);
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->field, "vision_config.c");
}

TEST(TowerKeys, PatchesOfAnImage) {
  VisionTower tower;
  tower.image_size = 384;
  tower.patch_size = 14;
  EXPECT_EQ(Patches(tower), 27 * 27);
  EXPECT_EQ(PatchElements(tower), 3 * 14 * 14);
  tower.image_size = 0;
  EXPECT_EQ(Patches(tower), 0);
}

}  // namespace
}  // namespace plimsoll
