#include "core/weights/tensor_schemes.h"

#include <gtest/gtest.h>

#include "core/catalog/catalog.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

// What everybody relies on who walks over the schemes, for every model in every format.
TEST(TensorSchemes, HoldWhatTheirCommentsSay) {
  for (const Model& model : ShippedCatalog().models()) {
    if (model.refused()) continue;
    for (const char* format : {"bf16", "fp8", "awq-int4", "nvfp4", "fp8-block"}) {
      const BoundFormat* bound = ShippedCatalog().Bind(model, format);
      ASSERT_NE(bound, nullptr);
      const TensorSchemes& schemes = *bound->binding;
      ASSERT_EQ(schemes.scheme.size(), bound->architecture->tensors.size());
      ASSERT_FALSE(schemes.schemes.empty());
      EXPECT_EQ(schemes.schemes[0].family, FormatFamily::kPlain) << model.id << " " << format;
      for (const uint8_t scheme : schemes.scheme) EXPECT_LT(scheme, schemes.schemes.size());
      const TensorSchemes::Exception* before = nullptr;
      for (const TensorSchemes::Exception& exception : schemes.exceptions) {
        EXPECT_LT(exception.scheme, schemes.schemes.size());
        EXPECT_NE(exception.scheme, schemes.scheme[static_cast<size_t>(exception.tensor)])
            << model.id << ": an exception differs";
        if (before != nullptr) {
          EXPECT_TRUE(before->tensor < exception.tensor ||
                      (before->tensor == exception.tensor && before->layer < exception.layer))
              << model.id << " " << format;
        }
        before = &exception;
      }
    }
  }
}

}  // namespace
}  // namespace plimsoll
