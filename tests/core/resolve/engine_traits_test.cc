#include "core/resolve/engine_traits.h"

#include <gtest/gtest.h>

#include <set>

#include "core/engines/registry.h"

namespace plimsoll {
namespace {

TEST(EngineTraits, AKeyMeansSomethingToEverybodyOrToItsOwner) {
  ConfigKey key;
  EngineTraits plain, paged, ggml, peak;
  peak.share = KeyOwner::kPeakShare;
  paged.keys = KeyOwner::kPagedServer;
  ggml.keys = KeyOwner::kGgml;
  key.owner = KeyOwner::kEveryEngine;
  EXPECT_TRUE(Takes(plain, key) && Takes(paged, key) && Takes(ggml, key));
  key.owner = KeyOwner::kPagedServer;
  EXPECT_TRUE(Takes(paged, key));
  EXPECT_FALSE(Takes(ggml, key) || Takes(plain, key));
  EXPECT_FALSE(Takes(peak, key));
  key.owner = KeyOwner::kHostCache;
  EXPECT_TRUE(Takes(paged, key) && Takes(peak, key));
  EXPECT_FALSE(Takes(ggml, key) || Takes(plain, key));
  key.owner = KeyOwner::kGgml;
  EXPECT_TRUE(Takes(ggml, key));
  EXPECT_FALSE(Takes(paged, key) || Takes(plain, key));
}

TEST(EngineTraits, NamesAreThereAndUnique) {
  std::set<std::string_view> ids, names;
  for (const Engine* engine : Engines()) {
    const EngineTraits& traits = engine->traits();
    EXPECT_FALSE(traits.name.empty()) << traits.id;
    EXPECT_TRUE(ids.insert(traits.id).second) << traits.id;
    EXPECT_TRUE(traits.alias.empty() || ids.insert(traits.alias).second) << traits.alias;
    EXPECT_TRUE(names.insert(traits.name).second) << traits.name;
    // Slots of one context belong to a cache that grows with the length asked for, not to a share of the
    // card.
    EXPECT_FALSE(traits.fills_share && traits.shares_context) << traits.id;
  }
}

}  // namespace
}  // namespace plimsoll
