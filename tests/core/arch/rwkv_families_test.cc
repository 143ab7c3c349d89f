#include "core/arch/rwkv_families.h"

#include <gtest/gtest.h>

#include "core/arch/kv_cache.h"
#include "tests/support/architecture_totals.h"

namespace plimsoll {
namespace {

TEST(RwkvFamilies, PublishedTotals) { EXPECT_EQ(ExpectPublishedTotals("rwkv"), 2); }

TEST(RwkvFamilies, AMatrixPerHeadAndTheLastInputs) {
  const Architecture a = ReadCase("rwkv7-1.5b");
  EXPECT_EQ(ConvolutionElements(a.groups[0].shape.recurrent), 2 * 2048);
  EXPECT_EQ(StateElements(a.groups[0].shape.recurrent), 2048 * 64);
  ASSERT_EQ(a.groups.size(), 2u) << "the first layer mixes no values";
  EXPECT_EQ(a.groups[0].count, 1);
}

TEST(RwkvFamilies, HeadsMustFit) { EXPECT_FALSE(ReadCaseWith("rwkv7-1.5b", "head_dim", "60").ok()); }

}  // namespace
}  // namespace plimsoll
