#include "core/base/table.h"

#include <gtest/gtest.h>

namespace plimsoll {
namespace {

TEST(Table, AlignsByCodePoints) {
  Table table({"name", "size>"});
  table.Add({"2 × a", "1"});
  table.Add({"b", "1000"});
  EXPECT_EQ(table.Print(), "name   size\n2 × a     1\nb      1000\n");
  EXPECT_FALSE(table.right(0));
  EXPECT_TRUE(table.right(1));
}

TEST(Table, MarkdownAndCsvEscapeWhatWouldEndACell) {
  Table table({"a|b", "n>"});
  table.Add({"say \"x\", y", "1"});
  EXPECT_EQ(table.Markdown(), "| a\\|b | n |\n|---|---:|\n| say \"x\", y | 1 |\n");
  EXPECT_EQ(table.Csv(), "a|b,n\n\"say \"\"x\"\", y\",1\n");
}

}  // namespace
}  // namespace plimsoll
