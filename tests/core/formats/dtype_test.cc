#include "core/formats/dtype.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

TEST(DType, Widths) {
  EXPECT_EQ(BytesPerElement(DType::kFp32), 4);
  EXPECT_EQ(BytesPerElement(DType::kBf16), 2);
  EXPECT_EQ(BytesPerElement(DType::kFp16), 2);
  EXPECT_EQ(BytesPerElement(DType::kFp8), 1);
}

}  // namespace
}  // namespace plimsoll
