#include "core/config/trace_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace plimsoll {
namespace {

TEST(TraceReader, ReadsArrivalsLengthsAndPriorities) {
  const auto rows = ReadTrace("arrival,prompt,output\n0,100,20\r\n1.5, 30, 4\n", "--trace");
  ASSERT_TRUE(rows.ok());
  ASSERT_EQ(rows->size(), 2u);
  EXPECT_EQ((*rows)[1].arrival, 1.5);
  EXPECT_EQ((*rows)[1].prompt, 30);
  EXPECT_EQ((*rows)[1].output, 4);
  const auto prioritised =
      ReadTrace("arrival,prompt,output,priority\n0,100,20,-3\n1;30;4\n\n# later\n2,30,4, 7", "--trace");
  ASSERT_TRUE(prioritised.ok());
  ASSERT_EQ(prioritised->size(), 3u);
  EXPECT_EQ((*prioritised)[0].priority, -3);
  EXPECT_EQ((*prioritised)[1].priority, 0);
  EXPECT_EQ((*prioritised)[2].priority, 7);
}

TEST(TraceReader, NamesTheLineThatIsWrong) {
  const Error wrong = ReadTrace("0,100,20\nx,y,z\n", "--trace").error();
  EXPECT_EQ(wrong.field, "--trace line 2");
  EXPECT_EQ(wrong.given, "\"x,y,z\"");
  EXPECT_EQ(wrong.accepted, "lines of arrival seconds, prompt tokens, output tokens");
  EXPECT_EQ(ReadTrace("a,b,c\na,b,c\n", "").error().field, " line 2") << "one header, not two";
  for (const char* bad :
       {"0,-5,20", "0,1e99,20", "-1,5,20", "0,5,0", "0,5", "0 5 20", "0,5,20 x", "0,100,20,1.5"}) {
    EXPECT_FALSE(ReadTrace(std::string("0,1,1\n") + bad, "--trace").ok()) << bad;
  }
  for (const char* none : {"", "\n\n", "arrival,prompt,output\n", "# nothing"})
    EXPECT_EQ(ReadTrace(none, "--trace").error().given, "no rows") << none;
}

// However a text is cut, the rows and the errors are those of the whole.
TEST(TraceReader, TakesPiecesOfAnySize) {
  const std::string long_line = "3,4,5" + std::string(400, ' ') + "x";
  for (const std::string& text :
       {std::string("arrival,prompt,output\r\n0,100,20\r\n\r\n1.25,30,4,-2\n# no row\n17,1,1"),
        std::string("0,100,20\n1,2,nothing\n3,4,5\n"), "0,100,20\n" + long_line + "\n4,5,6\n",
        std::string()}) {
    const auto whole = ReadTrace(text, "t");
    for (size_t size = 1; size <= text.size() + 1; ++size) {
      TraceReader reader("t");
      for (size_t at = 0; at < text.size(); at += size) reader.Feed(std::string_view(text).substr(at, size));
      const auto pieces = reader.Finish();
      ASSERT_EQ(pieces.ok(), whole.ok()) << size;
      if (!whole.ok()) {
        EXPECT_EQ(pieces.error().Message(), whole.error().Message()) << size;
        continue;
      }
      ASSERT_EQ(pieces->size(), whole->size()) << size;
      for (size_t i = 0; i < whole->size(); ++i) {
        EXPECT_EQ((*pieces)[i].arrival, (*whole)[i].arrival);
        EXPECT_EQ((*pieces)[i].prompt, (*whole)[i].prompt);
        EXPECT_EQ((*pieces)[i].output, (*whole)[i].output);
        EXPECT_EQ((*pieces)[i].priority, (*whole)[i].priority);
      }
    }
  }
}

TEST(TraceReader, StopsAtTheFirstWrongLine) {
  TraceReader reader("t");
  EXPECT_TRUE(reader.Feed("0,1,1\n2,"));
  EXPECT_FALSE(reader.Feed("x\n"));
  EXPECT_FALSE(reader.Feed("3,1,1\n"));
  EXPECT_EQ(reader.Finish().error().field, "t line 2");
}

TEST(TraceReader, TakesAMillionRowsAndNoMore) {
  TraceReader reader("t");
  for (int i = 0; i < 1000; ++i) {
    std::string thousand;
    for (int j = 0; j < 1000; ++j) thousand += "0,1,1\n";
    ASSERT_TRUE(reader.Feed(thousand));
  }
  EXPECT_FALSE(reader.Feed("0,1,1\n"));
  EXPECT_EQ(reader.Finish().error().given, "more than 1000000 rows");
}

}  // namespace
}  // namespace plimsoll
