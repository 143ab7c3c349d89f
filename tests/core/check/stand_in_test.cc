#include "core/check/stand_in.h"

#include <gtest/gtest.h>

#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

std::string IdOf(const Model* model) { return model == nullptr ? "none" : model->id; }

TEST(StandIn, SizesAndProductsAreRead) {
  EXPECT_EQ(ParametersIn("70B"), 70);
  EXPECT_EQ(ParametersIn("0.6b"), 0.6);
  for (const char* word : {"8x7B", "B", "70", "70GB", "-3B", "", "b70"})
    EXPECT_EQ(ParametersIn(word), 0) << word;
  EXPECT_EQ(ProductIn("8x7B"), 56);
  EXPECT_EQ(ProductIn("16X17b"), 272);
  for (const char* word : {"70B", "8x", "8x7", "x7B", "1x7B", ""}) EXPECT_EQ(ProductIn(word), 0) << word;
}

TEST(StandIn, ASizeIsTheModelThatIsPublishedMost) {
  EXPECT_EQ(IdOf(StandInOfSize(ShippedCatalog(), 70)), "llama-3.1-70b");
  EXPECT_EQ(IdOf(StandInOfSize(ShippedCatalog(), 32)), "qwen3-32b");
  EXPECT_EQ(IdOf(StandInOfSize(ShippedCatalog(), 13)), "llama-2-13b");
  EXPECT_EQ(IdOf(StandInOfSize(ShippedCatalog(), 5000)), "none");
}

TEST(StandIn, AFamilysNewestOfThatSizeIsMeant) {
  EXPECT_EQ(IdOf(StandInOfFamily(ShippedCatalog(), "Llama", "70B")), "llama-3.3-70b");
  EXPECT_EQ(IdOf(StandInOfFamily(ShippedCatalog(), "mistral", "7b")), "mistral-7b-v0.3");
  EXPECT_EQ(IdOf(StandInOfFamily(ShippedCatalog(), "", "8x7B")), "mixtral-8x7b");
  EXPECT_EQ(IdOf(StandInOfFamily(ShippedCatalog(), "Qwen9", "32B")), "none");
  EXPECT_EQ(IdOf(StandInOfFamily(ShippedCatalog(), "Llama", "words")), "none");
}

}  // namespace
}  // namespace plimsoll
