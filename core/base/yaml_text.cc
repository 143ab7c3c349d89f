#include "core/base/yaml_text.h"

#include <algorithm>

namespace plimsoll {
namespace {

using Kind = YamlNode::Kind;

struct Line {
  size_t begin = 0;  // of its first character that is no space
  size_t end = 0;    // behind its last
  size_t indent = 0;
  bool empty = true;  // or a comment
};

std::string_view kBlank = " \t\r";

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) { SplitLines(); }

  std::vector<YamlNode> Parse() {
    std::vector<YamlNode> documents;
    while (SkipEmpty()) {
      if (IsMarker(lines_[at_])) {
        ++at_;
        continue;
      }
      const size_t before = at_;
      anchors_.clear();
      documents.push_back(ParseBlock(lines_[at_].indent, 0));
      if (at_ == before) ++at_;
      if (nodes_ > kMostYamlNodes) break;
    }
    return documents;
  }

 private:
  void SplitLines() {
    size_t begin = 0;
    while (begin <= text_.size()) {
      size_t end = std::min(text_.find('\n', begin), text_.size());
      Line line;
      size_t first = begin;
      while (first < end && text_[first] == ' ') ++first;
      line.indent = first - begin;
      line.begin = first;
      line.end = end;
      while (line.end > line.begin && kBlank.find(text_[line.end - 1]) != std::string_view::npos) --line.end;
      line.empty = line.begin >= line.end || text_[line.begin] == '#';
      lines_.push_back(line);
      begin = end + 1;
    }
  }

  bool SkipEmpty() {
    while (at_ < lines_.size() && lines_[at_].empty) ++at_;
    return at_ < lines_.size();
  }
  std::string_view Body(const Line& line) const { return text_.substr(line.begin, line.end - line.begin); }
  bool IsMarker(const Line& line) const {
    return line.indent == 0 && (Body(line).starts_with("---") || Body(line) == "...");
  }
  static bool IsItem(std::string_view body) { return body == "-" || body.starts_with("- "); }

  // The ":" that ends a key; npos: the line is none.
  static size_t KeyEnd(std::string_view body) {
    if (body.empty() || body[0] == '{' || body[0] == '[') return std::string_view::npos;
    size_t at = 0;
    if (body[0] == '"' || body[0] == '\'') {
      at = body.find(body[0], 1);
      if (at == std::string_view::npos) return at;
      ++at;
      return at < body.size() && body[at] == ':' ? at : std::string_view::npos;
    }
    for (; at < body.size(); ++at) {
      if (body[at] == ':' && (at + 1 == body.size() || body[at + 1] == ' ' || body[at + 1] == '\t'))
        return at;
      if (body[at] == ' ' && at + 1 < body.size() && body[at + 1] == '#') break;
    }
    return std::string_view::npos;
  }
  static std::string Unquoted(std::string_view key) {
    if (key.size() >= 2 && (key[0] == '"' || key[0] == '\'') && key.back() == key[0]) {
      key = key.substr(1, key.size() - 2);
    }
    return std::string(key);
  }

  YamlNode ParseBlock(size_t indent, int depth) {
    YamlNode node;
    if (++nodes_ > kMostYamlNodes || depth > kYamlDepth || !SkipEmpty()) {
      at_ = nodes_ > kMostYamlNodes ? lines_.size() : at_ + 1;
      return node;
    }
    const std::string_view body = Body(lines_[at_]);
    node.begin = lines_[at_].begin;
    if (IsItem(body)) {
      ParseList(indent, depth, &node);
    } else if (KeyEnd(body) != std::string_view::npos) {
      ParseMap(indent, depth, &node);
    } else {
      const Line& line = lines_[at_];
      node = ParseValue(line.begin, line.end, indent, depth);
    }
    return node;
  }

  void ParseList(size_t indent, int depth, YamlNode* list) {
    list->kind = Kind::kList;
    while (SkipEmpty() && lines_[at_].indent == indent && IsItem(Body(lines_[at_])) &&
           !IsMarker(lines_[at_])) {
      Line& line = lines_[at_];
      size_t inner = line.begin + 1;
      while (inner < line.end && text_[inner] == ' ') ++inner;
      if (inner >= line.end || text_[inner] == '#') {
        ++at_;
        list->items.push_back(ParseNested(indent, depth, false));
      } else {
        // "- key: value": the item is a block of its own that begins behind the dash.
        const size_t item_indent = line.indent + (inner - line.begin);
        line.begin = inner;
        line.indent = item_indent;
        const std::string_view body = Body(line);
        if (IsItem(body) || KeyEnd(body) != std::string_view::npos) {
          list->items.push_back(ParseBlock(item_indent, depth + 1));
        } else {
          list->items.push_back(ParseValue(line.begin, line.end, indent, depth + 1));
        }
      }
      list->end = list->items.back().end;
      if (nodes_ > kMostYamlNodes) return;
    }
  }

  void ParseMap(size_t indent, int depth, YamlNode* map) {
    map->kind = Kind::kMap;
    while (SkipEmpty() && lines_[at_].indent == indent && !IsMarker(lines_[at_])) {
      const Line line = lines_[at_];
      const std::string_view body = Body(line);
      const size_t colon = KeyEnd(body);
      if (colon == std::string_view::npos || IsItem(body)) return;
      std::string key = Unquoted(body.substr(0, colon));
      size_t value = line.begin + colon + 1;
      while (value < line.end && (text_[value] == ' ' || text_[value] == '\t')) ++value;
      const bool nothing = value >= line.end || text_[value] == '#';
      YamlNode node;
      if (nothing) {
        ++at_;
        node = ParseNested(indent, depth, true);
      } else {
        node = ParseValue(value, line.end, indent, depth + 1);
      }
      map->end = std::max(node.end, line.end);
      if (key == "<<" && node.is_map()) {
        Merge(node, map);
      } else {
        map->keys.push_back(std::move(key));
        map->key_begins.push_back(line.begin);
        map->items.push_back(std::move(node));
      }
      if (nodes_ > kMostYamlNodes) return;
    }
  }

  static void Merge(const YamlNode& from, YamlNode* map) {
    for (size_t i = 0; i < from.keys.size(); ++i) {
      map->keys.push_back(from.keys[i]);
      map->key_begins.push_back(from.key_begins[i]);
      map->items.push_back(from.items[i]);
    }
  }

  // What stands under a key or a lone dash: deeper, or for a list under a key at the same depth.
  YamlNode ParseNested(size_t indent, int depth, bool under_key) {
    if (!SkipEmpty() || IsMarker(lines_[at_])) return {};
    const Line& line = lines_[at_];
    const bool list = under_key && line.indent == indent && IsItem(Body(line));
    if (line.indent <= indent && !list) return {};
    return ParseBlock(line.indent, depth + 1);
  }

  // A value that begins on the current line.
  YamlNode ParseValue(size_t begin, size_t end, size_t indent, int depth) {
    YamlNode node;
    node.begin = begin;
    if (++nodes_ > kMostYamlNodes || depth > kYamlDepth) {
      ++at_;
      node.end = end;
      return node;
    }
    const char c = text_[begin];
    if (c == '&' || c == '!') return ParseTagged(begin, end, indent, depth);
    if (c == '*') return ParseAlias(begin, end);
    if (c == '|' || c == '>') return ParseBlockText(begin, indent, c == '>');
    if (c == '{' || c == '[') {
      size_t at = begin;
      node = ParseFlow(&at, depth);
      AdvanceTo(at);
      return node;
    }
    if (c == '"' || c == '\'') {
      size_t at = begin;
      node = ParseQuoted(&at);
      AdvanceTo(at);
      return node;
    }
    return ParsePlain(begin, end, indent);
  }

  YamlNode ParseTagged(size_t begin, size_t end, size_t indent, int depth) {
    size_t at = begin;
    while (at < end && text_[at] != ' ') ++at;
    const std::string name(text_.substr(begin + 1, at - begin - 1));
    const bool anchor = text_[begin] == '&';
    while (at < end && text_[at] == ' ') ++at;
    YamlNode node;
    if (at >= end) {
      ++at_;
      node = ParseNested(indent, depth, true);
    } else {
      node = ParseValue(at, end, indent, depth + 1);
    }
    if (anchor && anchors_.size() < 256) anchors_.emplace_back(name, node);
    return node;
  }

  YamlNode ParseAlias(size_t begin, size_t end) {
    const std::string_view name = text_.substr(begin + 1, end - begin - 1);
    ++at_;
    YamlNode node;
    for (const auto& [anchor, value] : anchors_) {
      if (anchor != name) continue;
      // Aliases of aliases would grow without bound.
      const size_t size = CountNodes(value);
      if (nodes_ + size > kMostYamlNodes) break;
      nodes_ += size;
      node = value;
    }
    node.begin = begin;
    node.end = end;
    return node;
  }
  static size_t CountNodes(const YamlNode& node) {
    size_t count = 1;
    for (const YamlNode& item : node.items) count += CountNodes(item);
    return count;
  }

  // Lines are joined by newlines, or folded by spaces.
  YamlNode ParseBlockText(size_t begin, size_t indent, bool folded) {
    YamlNode node;
    node.kind = Kind::kText;
    node.block = true;
    ++at_;
    node.begin = at_ < lines_.size() ? lines_[at_].begin : begin;
    node.end = node.begin;
    size_t own = std::string_view::npos;
    for (; at_ < lines_.size(); ++at_) {
      const Line& line = lines_[at_];
      const bool blank = line.begin >= line.end;
      if (!blank && line.indent <= indent) break;
      if (!blank && own == std::string_view::npos) own = line.indent;
      if (!node.text.empty()) node.text += folded ? ' ' : '\n';
      if (blank) continue;
      if (line.indent > own) node.text.append(line.indent - own, ' ');
      node.text.append(Body(line));
      node.end = line.end;
    }
    return node;
  }

  YamlNode ParsePlain(size_t begin, size_t end, size_t indent) {
    YamlNode node;
    node.kind = Kind::kText;
    node.begin = begin;
    size_t stop = text_.substr(0, end).find(" #", begin);
    stop = std::min(stop, end);
    while (stop > begin && kBlank.find(text_[stop - 1]) != std::string_view::npos) --stop;
    node.text = std::string(text_.substr(begin, stop - begin));
    node.end = stop;
    ++at_;
    // Plain text may go on in deeper lines.
    while (at_ < lines_.size() && !lines_[at_].empty && lines_[at_].indent > indent &&
           KeyEnd(Body(lines_[at_])) == std::string_view::npos && !IsItem(Body(lines_[at_]))) {
      node.text += ' ';
      node.text.append(Body(lines_[at_]));
      node.end = lines_[at_].end;
      ++at_;
    }
    if (node.text == "null" || node.text == "~") node.kind = Kind::kNull;
    return node;
  }

  // The first line that begins behind a place in the text.
  void AdvanceTo(size_t place) {
    ++at_;
    while (at_ < lines_.size() && lines_[at_].begin < place) ++at_;
  }

  YamlNode ParseQuoted(size_t* at) {
    YamlNode node;
    node.kind = Kind::kText;
    node.quoted = true;
    node.begin = *at;
    const char quote = text_[(*at)++];
    while (*at < text_.size()) {
      const char c = text_[*at];
      if (c == quote) {
        if (quote == '\'' && *at + 1 < text_.size() && text_[*at + 1] == '\'') {
          node.text += '\'';
          *at += 2;
          continue;
        }
        ++*at;
        break;
      }
      if (c == '\\' && quote == '"' && *at + 1 < text_.size()) {
        const char next = text_[*at + 1];
        node.text += next == 'n' ? '\n' : next == 't' ? '\t' : next == '\n' ? ' ' : next;
        *at += 2;
        continue;
      }
      node.text += c == '\n' ? ' ' : c;
      ++*at;
    }
    node.end = *at;
    return node;
  }

  void SkipFlowSpace(size_t* at) const {
    while (*at < text_.size()) {
      const char c = text_[*at];
      if (c == '#') {
        *at = std::min(text_.find('\n', *at), text_.size());
      } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
        ++*at;
      } else {
        return;
      }
    }
  }

  YamlNode ParseFlow(size_t* at, int depth) {
    YamlNode node;
    node.begin = *at;
    SkipFlowSpace(at);
    if (*at >= text_.size() || ++nodes_ > kMostYamlNodes || depth > kYamlDepth) {
      *at = text_.size();
      node.end = *at;
      return node;
    }
    const char c = text_[*at];
    if (c == '{' || c == '[') {
      ParseFlowItems(at, depth, c == '{', &node);
    } else if (c == '"' || c == '\'') {
      node = ParseQuoted(at);
    } else {
      const size_t begin = *at;
      while (*at < text_.size() && std::string_view(",]}\n").find(text_[*at]) == std::string_view::npos) {
        if (text_[*at] == ':' && (*at + 1 >= text_.size() || text_[*at + 1] == ' ')) break;
        ++*at;
      }
      size_t end = *at;
      while (end > begin && kBlank.find(text_[end - 1]) != std::string_view::npos) --end;
      node.kind = Kind::kText;
      node.text = std::string(text_.substr(begin, end - begin));
      node.begin = begin;
      node.end = end;
    }
    return node;
  }

  void ParseFlowItems(size_t* at, int depth, bool map, YamlNode* node) {
    node->kind = map ? Kind::kMap : Kind::kList;
    const char close = map ? '}' : ']';
    ++*at;
    for (;;) {
      SkipFlowSpace(at);
      if (*at >= text_.size() || nodes_ > kMostYamlNodes) break;
      if (text_[*at] == close) {
        ++*at;
        break;
      }
      if (text_[*at] == ',') {
        ++*at;
        continue;
      }
      const size_t before = *at;
      YamlNode item = ParseFlow(at, depth + 1);
      SkipFlowSpace(at);
      if (map) {
        node->keys.push_back(item.text);
        node->key_begins.push_back(item.begin);
        if (*at < text_.size() && text_[*at] == ':') {
          ++*at;
          item = ParseFlow(at, depth + 1);
        } else {
          item = YamlNode();
        }
      }
      node->items.push_back(std::move(item));
      if (*at == before) ++*at;  // a bracket that closes nothing
    }
    node->end = *at;
  }

  std::string_view text_;
  std::vector<Line> lines_;
  size_t at_ = 0, nodes_ = 0;
  std::vector<std::pair<std::string, YamlNode>> anchors_;
};

}  // namespace

const YamlNode* YamlNode::Find(std::string_view key) const {
  for (size_t i = keys.size(); i-- > 0;) {
    if (keys[i] == key) return &items[i];
  }
  return nullptr;
}

std::vector<YamlNode> ParseYaml(std::string_view text) { return Parser(text).Parse(); }

}  // namespace plimsoll
