#include "core/arch/sparse_families.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/architecture_totals.h"

namespace plimsoll {
namespace {

TEST(SparseFamilies, PublishedTotals) { EXPECT_EQ(ExpectPublishedTotals("sparse"), 16); }

// The first layers are dense where the config says so.
TEST(SparseFamilies, DenseLayersComeFirst) {
  const Architecture deepseek = ReadCase("deepseek-moe-16b");
  ASSERT_EQ(deepseek.groups.size(), 2u);
  EXPECT_EQ(deepseek.groups[0].count, 1);
  EXPECT_EQ(deepseek.groups[0].shape.mlp.kind, MlpKind::kDense);
  EXPECT_EQ(deepseek.groups[1].shape.mlp.experts, 64);
}

// A layer of Laguna's has as many heads as the config's list says.
TEST(SparseFamilies, HeadsPerLayer) {
  const Architecture laguna = ReadCase("laguna-xs.2");
  int64_t fewest = 1000, most = 0;
  for (const LayerGroup& group : laguna.groups) {
    fewest = std::min(fewest, group.shape.attention.heads);
    most = std::max(most, group.shape.attention.heads);
  }
  EXPECT_EQ(fewest, 48);
  EXPECT_EQ(most, 64);
}

}  // namespace
}  // namespace plimsoll
