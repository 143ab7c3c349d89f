#include "web/options_json.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "core/base/json.h"
#include "core/config/config_keys.h"
#include "core/engines/registry.h"
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

Json Options() {
  const Result<Json> json = Json::Parse(OptionsJson(ShippedCatalog()), "options");
  EXPECT_TRUE(json.ok());
  return json.ok() ? *json : Json();
}

TEST(OptionsJson, NamesEveryKeyWithWhatAFormNeeds) {
  const Json options = Options();
  ASSERT_NE(options.Find("keys"), nullptr);
  const std::vector<Json>& keys = options.Find("keys")->items();
  ASSERT_EQ(keys.size(), ConfigKeys().size());
  for (size_t i = 0; i < keys.size(); ++i) {
    EXPECT_EQ(keys[i].Find("key")->AsString(), ConfigKeys()[i].json);
    for (const char* member : {"label", "help", "group", "widget"}) {
      EXPECT_FALSE(keys[i].Find(member)->AsString().empty()) << ConfigKeys()[i].json << ' ' << member;
    }
  }
}

TEST(OptionsJson, SaysWhatEachEngineTakesAndOffers) {
  const Json options = Options();
  const std::vector<Json>& engines = options.Find("engines")->items();
  ASSERT_EQ(engines.size(), Engines().size());
  for (size_t i = 0; i < engines.size(); ++i) {
    const EngineTraits& traits = Engines()[i]->traits();
    EXPECT_EQ(engines[i].Find("id")->AsString(), traits.id);
    size_t taken = 0;
    for (const ConfigKey& key : ConfigKeys()) taken += Takes(traits, key) ? 1 : 0;
    EXPECT_EQ(engines[i].Find("takes")->items().size(), taken);
    const std::string types = engines[i].Find("offers")->Find("kv_cache_dtype")->Dump();
    EXPECT_EQ(types.find("\"q8_0\"") != std::string::npos, traits.reads_gguf) << types;
    EXPECT_EQ(types.find("\"fp8\"") == std::string::npos, traits.reads_gguf) << types;
  }
}

}  // namespace
}  // namespace plimsoll
