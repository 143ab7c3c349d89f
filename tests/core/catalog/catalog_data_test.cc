#include "core/catalog/catalog_data.h"

#include <gtest/gtest.h>

#include "core/catalog/catalog.h"
#include "tests/support/json_text.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

TEST(CatalogData, ModelsAreSortedByTheirFiles) {
  const Json models = JsonOfText(EmbeddedCatalog().models);
  ASSERT_GT(models.items().size(), 100u);
  for (size_t i = 1; i < models.items().size(); ++i) {
    // A file is named after its id, and '.' stands before letters as it does in a listing of "<id>.json".
    EXPECT_LT(models.items()[i - 1].Find("id")->AsString() + ".json",
              models.items()[i].Find("id")->AsString() + ".json");
  }
  EXPECT_EQ(models.items().size(), ShippedCatalog().models().size());
}

TEST(CatalogData, StaysTheSameAndHoldsNoSpace) {
  EXPECT_EQ(EmbeddedCatalog().gpus.data(), EmbeddedCatalog().gpus.data()) << "static storage";
  const Json gpus = JsonOfText(EmbeddedCatalog().gpus);
  EXPECT_EQ(gpus.items().size(), ShippedCatalog().gpus().size());
  EXPECT_EQ(EmbeddedCatalog().gpus.find('\n'), std::string_view::npos);
}

}  // namespace
}  // namespace plimsoll
