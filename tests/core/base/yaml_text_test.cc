#include "core/base/yaml_text.h"

#include <gtest/gtest.h>

#include <string>

namespace plimsoll {
namespace {

// The tree on one line: {key: value, …}, [a, b], text, ~.
std::string Line(const YamlNode& node) {
  if (node.is_text()) return node.text;
  std::string line;
  for (size_t i = 0; i < node.items.size(); ++i) {
    line += (i > 0 ? ", " : "") + (node.is_map() ? node.keys[i] + ": " : std::string()) + Line(node.items[i]);
  }
  return node.is_map() ? "{" + line + "}" : node.is_list() ? "[" + line + "]" : "~";
}
std::string Tree(std::string_view text) {
  std::string line;
  for (const YamlNode& document : ParseYaml(text)) line += (line.empty() ? "" : " | ") + Line(document);
  return line;
}

TEST(YamlText, MapsAndListsByIndentation) {
  EXPECT_EQ(Tree("a: 1\nb:\n  c: x y\n  d:\n    - 1\n    - e: 2\n      f: 3\ng:\n- h\n- i\n"),
            "{a: 1, b: {c: x y, d: [1, {e: 2, f: 3}]}, g: [h, i]}");
  EXPECT_EQ(Tree("-\n  a: 1\n- - x\n  - y\n"), "[{a: 1}, [x, y]]");
}

TEST(YamlText, FlowAndQuotes) {
  EXPECT_EQ(Tree("a: {b: 1, c: [x, 'y z', \"q\\\"\"]}\nd: ['it''s']"),
            "{a: {b: 1, c: [x, y z, q\"]}, d: [it's]}");
  EXPECT_EQ(Tree("command: [\"a\",\n  \"b\"]\nd: 1"), "{command: [a, b], d: 1}");
  EXPECT_EQ(Tree("args: [\"--x=qwen3:8b\", --y]"), "{args: [--x=qwen3:8b, --y]}");
}

TEST(YamlText, BlocksAreLiteralOrFolded) {
  EXPECT_EQ(Tree("a: |\n  x\n    y\nb: >-\n  x\n  y\nc: 1"), "{a: x\n  y, b: x y, c: 1}");
  EXPECT_EQ(Tree("a: x\n  y z\nb: 1"), "{a: x y z, b: 1}");
}

TEST(YamlText, CommentsDocumentsAndAliases) {
  EXPECT_EQ(Tree("# c\na: 1 # d\n---\nb: x#y"), "{a: 1} | {b: x#y}");
  EXPECT_EQ(Tree("a: &n\n  x: 1\nb: *n\nc:\n  <<: *n\n  y: 2"), "{a: {x: 1}, b: {x: 1}, c: {x: 1, y: 2}}");
  EXPECT_EQ(Tree("a: ~\nb:\nc: null"), "{a: ~, b: ~, c: ~}");
}

TEST(YamlText, NodesSayWhereTheyStand) {
  const std::string text = "a:\n  - --len\n  - \"8\"\n";
  const std::vector<YamlNode> documents = ParseYaml(text);
  const YamlNode& list = documents[0].items[0];
  EXPECT_EQ(text.substr(list.items[0].begin, list.items[0].end - list.items[0].begin), "--len");
  EXPECT_EQ(text.substr(list.items[1].begin, list.items[1].end - list.items[1].begin), "\"8\"");
}

TEST(YamlText, AnythingEnds) {
  for (const std::string& text :
       {std::string(), std::string(200000, '['), std::string(200000, '{'), std::string(200000, '-'),
        std::string("- ") + std::string(100000, '\t'), std::string("a: \""), std::string("a: |"),
        std::string("a: *b"), std::string("]}"), std::string(": :"), std::string("a:\n b\n  c\n d")}) {
    (void)ParseYaml(text);
  }
  std::string deep;
  for (int i = 0; i < 2000; ++i) deep += std::string(static_cast<size_t>(i), ' ') + "a:\n";
  (void)ParseYaml(deep);
  // Aliases of aliases.
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + "\n";
    for (int j = 0; j < 9; ++j) laughs += "  - " + before + "\n";
  }
  (void)ParseYaml(laughs);
}

}  // namespace
}  // namespace plimsoll
