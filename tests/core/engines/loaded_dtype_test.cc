#include "core/engines/loaded_dtype.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

TEST(LoadedDType, OnlyFloat32IsCast) {
  EXPECT_EQ(LoadedDType(EngineKind::kVllm, DType::kFp32), DType::kBf16);
  EXPECT_EQ(LoadedDType(EngineKind::kSglang, DType::kFp32), DType::kFp16);
  EXPECT_EQ(LoadedDType(EngineKind::kTransformers, DType::kFp32), DType::kFp32);
  EXPECT_EQ(LoadedDType(EngineKind::kLlamaCpp, DType::kFp32), DType::kFp32);
  for (const DType dtype : {DType::kBf16, DType::kFp16}) {
    EXPECT_EQ(LoadedDType(EngineKind::kVllm, dtype), dtype);
    EXPECT_EQ(LoadedDType(EngineKind::kLmdeploy, dtype), dtype);
  }
}

}  // namespace
}  // namespace plimsoll
