#include "site/html.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

TEST(Html, SourcesLeadToTheirRepositories) {
  EXPECT_EQ(LinkedSource("owner/name@0a1b2c3:path/to.md (rates & more)"),
            "<a href=\"https://github.com/owner/name/tree/0a1b2c3\" target=\"_blank\" rel=\"noopener\">"
            "owner/name@0a1b2c3</a>:path/to.md (rates &amp; more)");
  EXPECT_EQ(
      LinkedSource("2026-05 $0.08/h: some-one/prices/src/a.json"),
      "2026-05 $0.08/h: <a href=\"https://github.com/some-one/prices\" target=\"_blank\" rel=\"noopener\">"
      "some-one/prices</a>/src/a.json");
}

TEST(Html, WhatNamesNoRepositoryStaysText) {
  for (const char* text :
       {"", "a maker's product page", "shops (eBay/Amazon resale)", "site.example/blog/post", "1/2 of it",
        "/etc/passwd", "a//b:c", "owner/name@ and more"}) {
    EXPECT_EQ(LinkedSource(text), Escaped(text));
  }
  EXPECT_EQ(LinkedSource("<b>"), "&lt;b&gt;");
}

}  // namespace
}  // namespace plimsoll
