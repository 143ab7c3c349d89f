#include "core/arch/tower_builder.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

const Json& Empty() {
  static const Json empty = Json::MakeObject();
  return empty;
}

int64_t Elements(const Architecture& a) {
  int64_t sum = 0;
  for (const Tensor& tensor : a.tensors) sum += tensor.elements() * tensor.times;
  return sum;
}

// SigLIP so400m with 729 positions, and its pooling head (the sums of its published checkpoints).
TEST(TowerBuilder, Siglip) {
  TowerBuilder::Siglip siglip{1152, 27, 4304, 588, 729, false};
  ArchitectureBuilder plain(Empty(), "");
  TowerBuilder(&plain).AddSiglip("vision.", siglip);
  EXPECT_EQ(Elements(plain.architecture), 412987248);
  siglip.pooling_head = true;
  ArchitectureBuilder pooling(Empty(), "");
  TowerBuilder(&pooling).AddSiglip("vision.", siglip);
  EXPECT_EQ(Elements(pooling.architecture), 412987248 + 15238352);
}

TEST(TowerBuilder, Clip) {
  ArchitectureBuilder builder(Empty(), "");
  TowerBuilder(&builder).AddClip("vision.", {1024, 24, 4096, 588, 576, true});
  EXPECT_EQ(Elements(builder.architecture), 303507456);
}

TEST(TowerBuilder, Whisper) {
  ArchitectureBuilder builder(Empty(), "");
  TowerBuilder(&builder).AddWhisper("audio.", {1280, 32, 5120, 128, 1500, "layer_norm"});
  EXPECT_EQ(Elements(builder.architecture), 636968960);
}

TEST(TowerBuilder, WholeTowersAreCutNowhere) {
  ArchitectureBuilder builder(Empty(), "");
  TowerBuilder tower(&builder, true);
  tower.Enter("tower.");
  tower.Linear("first", 8, 4, true);
  tower.KeepWhole(false);
  tower.Linear("second", 4, 8, true, Sharding::kColumns);
  ASSERT_EQ(builder.architecture.tensors.size(), 4u);
  EXPECT_EQ(builder.architecture.tensors[0].sharding, Sharding::kReplicated);
  EXPECT_EQ(builder.architecture.tensors[2].sharding, Sharding::kColumns);
  EXPECT_EQ(builder.architecture.tensors[3].sharding, Sharding::kReplicated) << "its bias";
}

TEST(TowerBuilder, WhatNoEngineLoadsIsNotInMemory) {
  ArchitectureBuilder builder(Empty(), "");
  TowerBuilder tower(&builder);
  tower.Enter("talker.");
  tower.Unloaded("weights", 100);
  ASSERT_EQ(builder.architecture.tensors.size(), 1u);
  EXPECT_TRUE(builder.architecture.tensors[0].duplicate);
}

}  // namespace
}  // namespace plimsoll
