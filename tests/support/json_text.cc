#include "tests/support/json_text.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace plimsoll {

Json JsonOfText(std::string_view text) {
  Result<Json> json = Json::Parse(text, "test");
  if (!json.ok()) {
    std::fprintf(stderr, "%s\n", json.error().Message().c_str());
    std::abort();
  }
  return std::move(*json);
}

}  // namespace plimsoll
