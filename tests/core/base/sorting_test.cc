#include "core/base/sorting.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace plimsoll {
namespace {

TEST(Sorting, AgreesWithTheLibraryAtEveryLength) {
  uint32_t seed = 1;
  for (size_t length = 0; length < 200; ++length) {
    std::vector<std::pair<int, size_t>> items;
    for (size_t i = 0; i < length; ++i) {
      seed = seed * 1664525 + 1013904223;
      items.emplace_back(static_cast<int>(seed >> 28), i);  // many equals
    }
    std::vector<std::pair<int, size_t>> expected = items;
    const auto less = [](const auto& a, const auto& b) { return a.first < b.first; };
    std::stable_sort(expected.begin(), expected.end(), less);
    StableSort(&items, less);
    ASSERT_EQ(items, expected) << length;
  }
}

TEST(Sorting, MovesWhatCannotBeCopiedAndUsesWhatTheOrderHolds) {
  std::vector<std::unique_ptr<std::string>> items;
  for (const char* word : {"plum", "fig", "apple", "kiwi"})
    items.push_back(std::make_unique<std::string>(word));
  const size_t wanted = 4;
  StableSort(&items, [&wanted](const auto& a, const auto& b) {
    return (a->size() == wanted) > (b->size() == wanted);
  });
  std::string line;
  for (const auto& item : items) line += *item + " ";
  EXPECT_EQ(line, "plum kiwi fig apple ");
}

}  // namespace
}  // namespace plimsoll
