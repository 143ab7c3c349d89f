// HTML in small: escaping, and templates whose gaps are filled by name.
#ifndef PLIMSOLL_SITE_HTML_H_
#define PLIMSOLL_SITE_HTML_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace plimsoll {

std::string Escaped(std::string_view text);

// A source as our data names it, escaped; repositories that it names with a revision or a path ("owner/name@sha:path") lead
// there, in a tab of their own.
std::string LinkedSource(std::string_view text);

// Replaces every {{gap}} by what `fill` returns for its text. A gap that nobody fills is an error: its text
// comes back as `unfilled`.
struct Filled {
  std::string text;
  std::optional<std::string> unfilled;
};
Filled FillTemplate(std::string_view page,
                    const std::function<std::optional<std::string>(std::string_view)>& fill);

}  // namespace plimsoll

#endif  // PLIMSOLL_SITE_HTML_H_
