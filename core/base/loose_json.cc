#include "core/base/loose_json.h"

#include <cmath>
#include <string>
#include <utility>

#include "core/base/decimal.h"

namespace plimsoll {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

void SkipSpace(std::string_view text, size_t* at) {
  for (;;) {
    *at = std::min(text.find_first_not_of(kSpace, *at), text.size());
    if (*at >= text.size() || text[*at] != '#') return;
    *at = std::min(text.find('\n', *at), text.size());
  }
}

std::optional<std::string> ReadQuoted(std::string_view text, size_t* at) {
  const char quote = text[(*at)++];
  std::string value;
  for (; *at < text.size(); ++*at) {
    const char c = text[*at];
    if (c == quote) {
      ++*at;
      return value;
    }
    if (c != '\\' || *at + 1 >= text.size()) {
      value += c;
      continue;
    }
    const char next = text[++*at];
    value += next == 'n' ? '\n' : next == 't' ? '\t' : next;
  }
  return std::nullopt;
}

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::string_view ReadBare(std::string_view text, size_t* at, bool is_key) {
  const size_t begin = *at;
  while (*at < text.size()) {
    const char c = text[*at];
    if (c == ',' || c == ']' || c == '}' || c == '\n') break;
    // A colon ends a key; in a value ("qwen3:8b") it is text.
    if (c == ':' && is_key) break;
    ++*at;
  }
  return Trim(text.substr(begin, *at - begin));
}

std::optional<Json> ReadObject(std::string_view text, size_t* at, int depth) {
  Json object = Json::MakeObject();
  ++*at;
  for (;;) {
    SkipSpace(text, at);
    if (*at >= text.size()) return std::nullopt;
    if (text[*at] == '}') break;
    if (text[*at] == ',') {
      ++*at;
      continue;
    }
    std::string key;
    if (text[*at] == '"' || text[*at] == '\'') {
      std::optional<std::string> quoted = ReadQuoted(text, at);
      if (!quoted) return std::nullopt;
      key = std::move(*quoted);
    } else {
      key = std::string(ReadBare(text, at, true));
    }
    SkipSpace(text, at);
    if (*at >= text.size() || text[*at] != ':') return std::nullopt;
    ++*at;
    std::optional<Json> value = ReadLooseJson(text, at, depth - 1);
    if (!value) return std::nullopt;
    object.Set(key, std::move(*value));
  }
  ++*at;
  return object;
}

std::optional<Json> ReadList(std::string_view text, size_t* at, int depth) {
  Json list = Json::MakeArray();
  ++*at;
  for (;;) {
    SkipSpace(text, at);
    if (*at >= text.size()) return std::nullopt;
    if (text[*at] == ']') break;
    if (text[*at] == ',') {
      ++*at;
      continue;
    }
    const size_t before = *at;
    std::optional<Json> value = ReadLooseJson(text, at, depth - 1);
    if (!value || *at == before) return std::nullopt;
    list.Append(std::move(*value));
  }
  ++*at;
  return list;
}

}  // namespace

Json ScalarOf(std::string_view word) {
  word = Trim(word);
  if (word == "true" || word == "True") return Json(true);
  if (word == "false" || word == "False") return Json(false);
  if (word.empty() || word == "null" || word == "None" || word == "~") return Json();
  size_t length = 0;
  const double value = ReadDecimal(word, &length);
  if (length != word.size() || !std::isfinite(value)) return Json(word);
  const bool whole = word.find_first_of(".eE") == std::string_view::npos && std::fabs(value) < 9e15;
  return whole ? Json(static_cast<int64_t>(value)) : Json(value);
}

std::optional<Json> ReadLooseJson(std::string_view text, size_t* at, int depth) {
  if (depth <= 0) return std::nullopt;
  SkipSpace(text, at);
  if (*at >= text.size()) return Json();
  const char c = text[*at];
  if (c == '{') return ReadObject(text, at, depth);
  if (c == '[') return ReadList(text, at, depth);
  if (c == '"' || c == '\'') {
    std::optional<std::string> quoted = ReadQuoted(text, at);
    return quoted ? std::optional<Json>(Json(std::move(*quoted))) : std::nullopt;
  }
  return ScalarOf(ReadBare(text, at, false));
}

std::optional<Json> ParseLooseJson(std::string_view text) {
  size_t at = 0;
  std::optional<Json> value = ReadLooseJson(text, &at);
  SkipSpace(text, &at);
  if (at != text.size()) return std::nullopt;
  return value;
}

}  // namespace plimsoll
