// Finds many phrases in a long text in one pass: a bit for each three letters that a phrase may begin with
// tells almost every place apart, and the few that are left are compared in full. Memory does not grow with
// the text.
#ifndef PLIMSOLL_CORE_BASE_PHRASE_FINDER_H_
#define PLIMSOLL_CORE_BASE_PHRASE_FINDER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace plimsoll {

class PhraseFinder {
 public:
  // REQUIRES: each phrase has at least three characters and outlives the finder. The place in `phrases` is
  // its number.
  explicit PhraseFinder(std::vector<std::string_view> phrases);

  struct Hit {
    size_t phrase = 0;
    size_t at = 0;
  };
  // Phrases that begin at or after `from`, by where they begin; nothing: no more. Where several begin at one
  // place all are told, in the order of their numbers. `*from` moves past what was told.
  bool Next(std::string_view text, size_t* from, std::vector<Hit>* hits) const;

 private:
  static uint32_t Hash(const char* three);

  std::vector<std::string_view> phrases_;
  std::array<uint64_t, 1024> begins_ = {};       // 65,536 bits
  std::vector<std::pair<uint32_t, size_t>> by_;  // hash and number, sorted
};

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_BASE_PHRASE_FINDER_H_
