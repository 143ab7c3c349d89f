#include "core/base/phrase_finder.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace plimsoll {
namespace {

using Found = std::vector<std::pair<size_t, size_t>>;

Found All(const PhraseFinder& finder, std::string_view text) {
  Found found;
  std::vector<PhraseFinder::Hit> hits;
  for (size_t from = 0; finder.Next(text, &from, &hits);) {
    for (const PhraseFinder::Hit& hit : hits) found.push_back({hit.at, hit.phrase});
  }
  return found;
}

TEST(PhraseFinder, TellsEveryPlace) {
  const PhraseFinder finder({"abc", "abcd", "took "});
  EXPECT_EQ(All(finder, "xabcd abc took 3 took"), (Found{{1, 0}, {1, 1}, {6, 0}, {10, 2}}));
  EXPECT_TRUE(All(finder, "").empty());
  EXPECT_TRUE(All(finder, "ab").empty());
  EXPECT_EQ(All(finder, "ababc"), (Found{{2, 0}}));
}

// The dumb way over random texts of few letters, where places overlap.
TEST(PhraseFinder, AgreesWithComparingEverywhere) {
  std::mt19937 random(7);
  const std::vector<std::string> phrases = {"aab", "aba", "abab", "bbbb", "cab", "aaa"};
  const PhraseFinder finder({phrases.begin(), phrases.end()});
  for (int round = 0; round < 300; ++round) {
    std::string text(random() % 40, 'a');
    for (char& c : text) c = static_cast<char>('a' + random() % 3);
    Found expected;
    for (size_t at = 0; at < text.size(); ++at) {
      for (size_t i = 0; i < phrases.size(); ++i) {
        if (text.compare(at, phrases[i].size(), phrases[i]) == 0) expected.push_back({at, i});
      }
    }
    EXPECT_EQ(All(finder, text), expected) << text;
  }
}

}  // namespace
}  // namespace plimsoll
