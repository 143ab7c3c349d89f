// A table as a picture of its own: for posts, where a screenshot would be cut and blurred.
#ifndef PLIMSOLL_WEB_TABLE_SVG_H_
#define PLIMSOLL_WEB_TABLE_SVG_H_

#include <string>
#include <string_view>

#include "web/semantics.h"
#include "web/theme.h"

namespace plimsoll {

// One SVG document without references to anything outside: the caption, the table, its bars, and `note` below.
std::string TableSvg(const ShownTable& shown, const Palette& palette, std::string_view note);

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_TABLE_SVG_H_
