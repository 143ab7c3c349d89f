#include "site/html.h"

#include <algorithm>
#include <utility>

namespace plimsoll {

std::string Escaped(std::string_view text) {
  std::string safe;
  safe.reserve(text.size());
  for (const char c : text) {
    if (c == '&') {
      safe += "&amp;";
    } else if (c == '<') {
      safe += "&lt;";
    } else if (c == '>') {
      safe += "&gt;";
    } else if (c == '"') {
      safe += "&quot;";
    } else {
      safe += c;
    }
  }
  return safe;
}

namespace {

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.';
}

size_t NameEnd(std::string_view text, size_t from) {
  while (from < text.size() && IsNameCharacter(text[from])) ++from;
  return from;
}

// The address of the repository that a word begins with, and the length of its name; empty: it names none.
std::pair<std::string, size_t> RepositoryOf(std::string_view word) {
  const size_t owner = NameEnd(word, 0);
  // A dot in front of the slash is a site's name.
  if (owner == 0 || owner == word.size() || word[owner] != '/') return {};
  if (word.substr(0, owner).find('.') != std::string_view::npos) return {};
  const size_t name = NameEnd(word, owner + 1);
  if (name == owner + 1 || name == word.size()) return {};
  std::string address = "https://github.com/" + std::string(word.substr(0, name));
  if (word[name] != '@')
    return word[name] == ':' || word[name] == '/' ? std::pair(address, name)
                                                  : std::pair<std::string, size_t>();
  const size_t revision = NameEnd(word, name + 1);
  if (revision == name + 1) return {};
  return {address + "/tree/" + std::string(word.substr(name + 1, revision - name - 1)), revision};
}

}  // namespace

std::string LinkedSource(std::string_view text) {
  std::string html;
  while (!text.empty()) {
    const auto [address, length] = RepositoryOf(text.substr(0, text.find(' ')));
    if (length > 0) {
      html += "<a href=\"" + Escaped(address) + "\" target=\"_blank\" rel=\"noopener\">" +
              Escaped(text.substr(0, length)) + "</a>";
    }
    const size_t end = std::min(text.find(' ', length), text.size() - 1) + 1;
    html += Escaped(text.substr(length, end - length));
    text.remove_prefix(end);
  }
  return html;
}

Filled FillTemplate(std::string_view page,
                    const std::function<std::optional<std::string>(std::string_view)>& fill) {
  Filled result;
  while (true) {
    const size_t open = page.find("{{");
    const size_t close = open == std::string_view::npos ? open : page.find("}}", open);
    if (close == std::string_view::npos) break;
    result.text.append(page.substr(0, open));
    const std::string_view gap = page.substr(open + 2, close - open - 2);
    if (const auto filling = fill(gap)) {
      result.text.append(*filling);
    } else if (!result.unfilled) {
      result.unfilled = std::string(gap);
    }
    page.remove_prefix(close + 2);
  }
  result.text.append(page);
  return result;
}

}  // namespace plimsoll
