#include "core/engines/registry.h"

#include <gtest/gtest.h>

#include <set>

namespace plimsoll {
namespace {

TEST(Registry, EveryEngineIsFoundByItsIdAndItsAlias) {
  std::set<std::string_view> names;
  for (const Engine* engine : Engines()) {
    const EngineTraits& traits = engine->traits();
    EXPECT_EQ(FindEngine(traits.id), engine) << traits.id;
    EXPECT_FALSE(traits.name.empty()) << traits.id;
    EXPECT_TRUE(names.insert(traits.id).second) << traits.id;
    if (!traits.alias.empty()) {
      EXPECT_EQ(FindEngine(traits.alias), engine);
      EXPECT_TRUE(names.insert(traits.alias).second) << traits.alias;
    }
    EXPECT_NE(EngineIds().find(traits.id), std::string::npos);
  }
  EXPECT_EQ(FindEngine(""), Engines().front());
  EXPECT_EQ(FindEngine("no-such-engine"), nullptr);
}

TEST(Registry, GgufHasAnEngineThatReadsIt) { EXPECT_TRUE(GgufEngine().traits().reads_gguf); }

}  // namespace
}  // namespace plimsoll
