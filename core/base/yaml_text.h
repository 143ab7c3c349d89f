// The YAML that manifests are written in, as a tree that knows where each value stands: mappings and lists by
// indentation, flow {…} and […], plain, quoted, literal | and folded > text, comments, several documents,
// anchors and aliases of whole values ("&name", "*name", "<<: *name"). Tags are passed over; what is not of
// this subset is read as plain text.
#ifndef PLIMSOLL_CORE_BASE_YAML_TEXT_H_
#define PLIMSOLL_CORE_BASE_YAML_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plimsoll {

struct YamlNode {
  enum class Kind : unsigned char { kNull, kText, kList, kMap };
  Kind kind = Kind::kNull;
  std::string text;
  bool quoted = false;
  bool block = false;              // literal or folded: lines are joined
  size_t begin = 0, end = 0;       // in the text
  std::vector<YamlNode> items;     // of a list; values of a map
  std::vector<std::string> keys;   // of a map
  std::vector<size_t> key_begins;  // of a map

  bool is_text() const { return kind == Kind::kText; }
  bool is_list() const { return kind == Kind::kList; }
  bool is_map() const { return kind == Kind::kMap; }
  // nullptr when this is no map or has no such key.
  const YamlNode* Find(std::string_view key) const;
};

constexpr size_t kMostYamlNodes = 50000;
constexpr int kYamlDepth = 48;

// Every document; an empty list where the text is no YAML of this kind.
std::vector<YamlNode> ParseYaml(std::string_view text);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_BASE_YAML_TEXT_H_
