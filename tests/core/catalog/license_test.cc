#include "core/catalog/license.h"

#include <gtest/gtest.h>

#include "core/catalog/task.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

TEST(License, SaysWhatMayBeDone) {
  EXPECT_EQ(LicenseKindOf("apache-2.0"), LicenseKind::kOpen);
  EXPECT_EQ(LicenseKindOf("llama3.1"), LicenseKind::kTerms);
  EXPECT_EQ(LicenseKindOf("cc-by-nc-4.0"), LicenseKind::kResearch);
  EXPECT_EQ(LicenseKindOf("my-own"), LicenseKind::kUnknown);
  EXPECT_EQ(LicenseKindOf(""), LicenseKind::kUnknown);
}

TEST(License, HasAName) {
  EXPECT_EQ(LicenseName("modified-mit"), "MIT with a notice");
  EXPECT_EQ(LicenseName("my-own"), "my-own");
  EXPECT_EQ(LicenseName(""), "not known");
}

TEST(License, OfEveryModelThatHasOneIsKnown) {
  size_t with_tasks = 0, licensed = 0;
  for (const Model& model : ShippedCatalog().models()) {
    if (!model.license.empty()) {
      EXPECT_NE(LicenseKindOf(model.license), LicenseKind::kUnknown) << model.id;
    }
    with_tasks += model.tasks.empty() ? 0 : 1;
    licensed += model.license.empty() ? 0 : 1;
  }
  // A new model may wait for either; it is then said to be not known.
  EXPECT_GE(with_tasks * 10, ShippedCatalog().models().size() * 9);
  EXPECT_GE(licensed * 10, ShippedCatalog().models().size() * 8);
}

}  // namespace
}  // namespace plimsoll
