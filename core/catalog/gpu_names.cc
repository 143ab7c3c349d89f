#include "core/catalog/gpu_names.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <vector>

#include "core/base/text.h"

namespace plimsoll {
namespace {

constexpr size_t kLongestName = 300;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool Among(std::string_view word, const std::string_view* words, size_t count) {
  return std::find(words, words + count, word) != words + count;
}

// Runs of letters and digits in lower case. A point, or an underscore that stands for one, between digits
// belongs to the word: "3.1", "3_5".
std::vector<std::string> WordsOf(std::string_view text) {
  std::vector<std::string> words;
  bool inside = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool point = (c == '.' || c == '_') && i > 0 && IsDigit(text[i - 1]) && i + 1 < text.size() &&
                       IsDigit(text[i + 1]);
    const bool plus = c == '+';
    if (!IsLetter(c) && !IsDigit(c) && !point && !plus) {
      inside = false;
      continue;
    }
    if (!inside) words.emplace_back();
    inside = true;
    words.back() += point ? '.' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return words;
}

// What drivers and shops write around a card's name. GB stands beside a number that says enough.
constexpr std::string_view kCardNoise[] = {
    "nvidia",     "geforce", "amd",   "instinct", "tesla", "intel",  "graphics", "gpu",  "edition",
    "generation", "hbm2",    "hbm2e", "hbm3",     "hbm3e", "gb",     "gib",      "rtx",  "gtx",
    "rx",         "apple",   "r",     "tm",       "gen",   "radeon", "oam",      "dual", "slot"};

// "rtx4090" is "rtx" and "4090"; the number of a socket (SXM5) says nothing.
std::vector<std::string> CardWords(std::string_view name) {
  std::vector<std::string> words;
  for (const std::string& word : WordsOf(name)) {
    if (Among(word, kCardNoise, std::size(kCardNoise))) continue;
    if (word.size() == 4 && word.starts_with("sxm")) {
      words.push_back("sxm");
      continue;
    }
    size_t begin = 0;
    for (size_t i = 1; i <= word.size(); ++i) {
      if (i < word.size() && IsDigit(word[i]) == IsDigit(word[i - 1])) continue;
      const std::string piece = word.substr(begin, i - begin);
      if (!Among(piece, kCardNoise, std::size(kCardNoise))) words.push_back(piece);
      begin = i;
    }
  }
  std::sort(words.begin(), words.end());
  return words;
}

// Other names of cards that share no words with ours.
struct CardName {
  std::string_view name, id;
};
constexpr CardName kCardNames[] = {
    {"dgx spark", "gb10-dgx-spark"},
    {"gb10", "gb10-dgx-spark"},
    {"gh200 480gb", "gh200-96gb"},
    {"rtx pro 6000 blackwell max-q workstation", "rtx-pro-6000-blackwell-max-q"},
    {"strix halo", "ryzen-ai-max-395"},
    {"h100 80gb", "h100-sxm"},
    {"a100 80gb", "a100-sxm-80gb"},
    {"a100 40gb", "a100-sxm-40gb"},
};

// The one card whose words, without the size of its memory, are these: "RTX 3060" where there is one of 12
// GB.
const Gpu* CardWithoutSize(const Catalog& catalog, const std::vector<std::string>& words) {
  const Gpu* found = nullptr;
  for (const Gpu& gpu : catalog.gpus()) {
    std::vector<std::string> own = CardWords(gpu.id);
    const auto size = std::find(own.begin(), own.end(), std::to_string(static_cast<int64_t>(gpu.memory_gb)));
    if (size == own.end()) continue;
    own.erase(size);
    if (own != words) continue;
    if (found != nullptr) return nullptr;
    found = &gpu;
  }
  return found;
}

// The one card whose words are these but for the size of its memory: "RX 7900 XT 20 GB".
const Gpu* CardWithItsSize(const Catalog& catalog, const std::vector<std::string>& words) {
  const Gpu* found = nullptr;
  for (const Gpu& gpu : catalog.gpus()) {
    std::vector<std::string> without = words;
    const auto size =
        std::find(without.begin(), without.end(), std::to_string(static_cast<int64_t>(gpu.memory_gb)));
    if (size == without.end()) continue;
    without.erase(size);
    if (without.empty() || (CardWords(gpu.id) != without && CardWords(gpu.name) != without)) continue;
    if (found != nullptr) return nullptr;
    found = &gpu;
  }
  return found;
}

}  // namespace

const Gpu* FindGpuNamed(const Catalog& catalog, std::string_view name) {
  if (name.empty() || name.size() > kLongestName) return nullptr;
  if (const Gpu* gpu = catalog.FindGpu(name)) return gpu;
  if (const Gpu* gpu = catalog.FindGpu(Lower(name))) return gpu;
  const std::vector<std::string> words = CardWords(name);
  if (words.empty()) return nullptr;
  for (const CardName& other : kCardNames) {
    if (CardWords(other.name) == words) return catalog.FindGpu(other.id);
  }
  const Gpu* found = nullptr;
  for (const Gpu& gpu : catalog.gpus()) {
    if (CardWords(gpu.id) != words && CardWords(gpu.name) != words) continue;
    if (found != nullptr) return nullptr;
    found = &gpu;
  }
  if (found == nullptr) found = CardWithoutSize(catalog, words);
  return found != nullptr ? found : CardWithItsSize(catalog, words);
}

}  // namespace plimsoll
