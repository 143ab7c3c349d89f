#include "web/semantics.h"

#include <gtest/gtest.h>

#include "core/base/json.h"

namespace plimsoll {
namespace {

TEST(SemanticTree, FindsWhatLiesInFront) {
  SemanticTree tree;
  tree.Add({"button", "Model", "behind", 0, 0, 10, 10});
  tree.Add({"option", "Model", "in front", 0, 0, 10, 10});
  EXPECT_EQ(tree.Find("Model")->value, "in front");
  EXPECT_EQ(tree.Find("Model", "button")->value, "behind");
  EXPECT_EQ(tree.Find("model"), nullptr);
}

TEST(SemanticTree, IsJsonWhateverTheLabelsHold) {
  SemanticTree tree;
  tree.Add({"button", "\"quoted\" \\ \n", "\xF0\x9F\x98\x80", 1.005F, 2, 3.5F, 4});
  const auto json = Json::Parse(tree.ToJson(), "semantics");
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(json->items()[0].Find("label")->AsString(), "\"quoted\" \\ \n");
  EXPECT_EQ(json->items()[0].Find("width")->AsDouble(), 3.5);
  EXPECT_FALSE(json->items()[0].Has("focused"));
  tree.FocusLast();
  EXPECT_TRUE(Json::Parse(tree.ToJson(), "semantics")->items()[0].Has("focused"));
}

}  // namespace
}  // namespace plimsoll
