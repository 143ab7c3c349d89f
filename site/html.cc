#include "site/html.h"

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
