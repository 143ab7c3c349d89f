#include "core/arch/convolution_families.h"

#include <gtest/gtest.h>

#include "core/arch/kv_cache.h"
#include "tests/support/architecture_totals.h"

namespace plimsoll {
namespace {

TEST(ConvolutionFamilies, PublishedTotals) { EXPECT_EQ(ExpectPublishedTotals("convolution"), 7); }

TEST(ConvolutionFamilies, ALayerCarriesItsLastTwoInputs) {
  const Architecture a = ReadCase("lfm2-1.2b");
  const Recurrent& recurrent = a.groups[0].shape.recurrent;
  EXPECT_EQ(recurrent.kind, RecurrentKind::kShortConvolution);
  EXPECT_EQ(ConvolutionElements(recurrent), 2 * 2048);
  EXPECT_EQ(StateElements(recurrent), 0);
}

TEST(ConvolutionFamilies, ALayerNumberBeyondTheModelIsRefused) {
  const Result<Architecture> read = ReadCaseWith("lfm2-1.2b-by-number", "full_attn_idxs", "[2, 16]");
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().field, "model.full_attn_idxs");
}

}  // namespace
}  // namespace plimsoll
