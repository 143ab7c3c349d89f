#include "core/check/modelfile.h"

#include <gtest/gtest.h>

#include "tests/support/shipped_catalog.h"

namespace plimsoll {
namespace {

TEST(Modelfile, FilesOfContainersAreNone) {
  for (const char* text :
       {"FROM ubuntu:22.04\nRUN apt-get update\n", "PARAMETER num_ctx 4\n", "", "hello FROM x"}) {
    EXPECT_FALSE(ReadModelfileText(text, ShippedCatalog())) << text;
  }
}

}  // namespace
}  // namespace plimsoll
