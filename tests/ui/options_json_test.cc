#include "web/options_json.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "core/base/json.h"
#include "core/resolve/memory_parts.h"
#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

// The mirror's table of cards has a column for each segment: together they are the whole card, once.
TEST(OptionsJson, SegmentsNameEveryPartOfACardOnce) {
  const auto options = Json::Parse(OptionsJson(ShippedCatalog()), "options");
  ASSERT_TRUE(options.ok());
  std::multiset<std::string> keys, labels;
  for (const Json& segment : options->Find("segments")->items()) {
    labels.insert(segment.Find("label")->AsString());
    for (const Json& key : segment.Find("keys")->items()) keys.insert(key.AsString());
  }
  EXPECT_EQ(keys.size(), kStackedParts.size());
  for (const MemoryPart* part : kStackedParts) {
    EXPECT_EQ(keys.count(std::string(part->key)), 1U) << part->key;
    EXPECT_EQ(labels.count(std::string(part->label)), 1U) << part->label;
  }
}

}  // namespace
}  // namespace plimsoll
