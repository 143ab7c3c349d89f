#include "core/base/phrase_finder.h"

#include <algorithm>
#include <utility>

namespace plimsoll {

uint32_t PhraseFinder::Hash(const char* three) {
  const auto a = static_cast<unsigned char>(three[0]);
  const auto b = static_cast<unsigned char>(three[1]);
  const auto c = static_cast<unsigned char>(three[2]);
  return (static_cast<uint32_t>(a) | static_cast<uint32_t>(b) << 5 | static_cast<uint32_t>(c) << 10) & 0xffff;
}

PhraseFinder::PhraseFinder(std::vector<std::string_view> phrases) : phrases_(std::move(phrases)) {
  for (size_t i = 0; i < phrases_.size(); ++i) {
    const uint32_t hash = Hash(phrases_[i].data());
    begins_[hash >> 6] |= uint64_t{1} << (hash & 63);
    by_.push_back({hash, i});
  }
  std::sort(by_.begin(), by_.end());
}

bool PhraseFinder::Next(std::string_view text, size_t* from, std::vector<Hit>* hits) const {
  hits->clear();
  for (size_t at = *from; at + 3 <= text.size(); ++at) {
    const uint32_t hash = Hash(text.data() + at);
    if ((begins_[hash >> 6] >> (hash & 63) & 1) == 0) continue;
    for (auto row = std::lower_bound(by_.begin(), by_.end(), std::pair<uint32_t, size_t>(hash, 0));
         row != by_.end() && row->first == hash; ++row) {
      if (text.substr(at, phrases_[row->second].size()) == phrases_[row->second])
        hits->push_back({row->second, at});
    }
    if (hits->empty()) continue;
    *from = at + 1;
    return true;
  }
  *from = text.size();
  return false;
}

}  // namespace plimsoll
