#include "core/config/config_keys.h"

#include <gtest/gtest.h>

#include <set>

namespace plimsoll {
namespace {

TEST(ConfigKeys, TheTableIsConsistent) {
  std::set<std::string_view> json, url;
  for (const ConfigKey& key : ConfigKeys()) {
    EXPECT_TRUE(json.insert(key.json).second) << key.json;
    EXPECT_TRUE(url.insert(key.url).second) << key.url;
    EXPECT_NE(key.url, "v") << "taken by the version";
    EXPECT_EQ(FindConfigKey(key.json), &key);
    EXPECT_EQ(FindUrlKey(key.url), &key);
    const int members = (key.integer != nullptr) + (key.number != nullptr) + (key.flag != nullptr) +
                        (key.numbers != nullptr) + (key.text != nullptr);
    const bool simple = key.type == KeyType::kInteger || key.type == KeyType::kNumber ||
                        key.type == KeyType::kSwitch || key.type == KeyType::kNumberList ||
                        key.type == KeyType::kText;
    EXPECT_EQ(members, simple ? 1 : 0) << key.json;
  }
}

// Each row is enough to draw it: a name, a sentence, and a widget that has what it needs.
TEST(ConfigKeys, EveryKeyCanBeShown) {
  std::set<std::string_view> labels;
  for (const ConfigKey& key : ConfigKeys()) {
    EXPECT_FALSE(key.label.empty()) << key.json;
    EXPECT_TRUE(labels.insert(key.label).second) << key.label;
    EXPECT_TRUE(key.help.ends_with('.') && key.help.size() > 6) << key.json;
    EXPECT_EQ(key.help.find(". "), std::string_view::npos) << key.json << ": one sentence";
    EXPECT_EQ(key.widget == KeyWidget::kChoice, key.choice_count > 0) << key.json;
    EXPECT_EQ(key.widget == KeyWidget::kSwitch, key.type == KeyType::kSwitch) << key.json;
    EXPECT_EQ(key.widget == KeyWidget::kNumber, key.type == KeyType::kInteger || key.type == KeyType::kNumber)
        << key.json;
    for (int i = 0; i < key.choice_count; ++i) EXPECT_FALSE(key.choices[i].label.empty()) << key.json;
    EXPECT_LE(key.least, key.most) << key.json;
    EXPECT_EQ(key.minus_one.empty(), key.minus_word.empty()) << key.json;
  }
}

TEST(ConfigKeys, WhatIsNoKeyIsNotFound) {
  EXPECT_EQ(FindConfigKey("ctx"), nullptr) << "a URL's";
  EXPECT_EQ(FindUrlKey("max_model_len"), nullptr);
  EXPECT_EQ(FindConfigKey(""), nullptr);
  EXPECT_EQ(FindUrlKey("v"), nullptr) << "the version of a link";
}

}  // namespace
}  // namespace plimsoll
