#include "core/engines/sglang/sglang_version.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "core/config/version_text.h"

namespace plimsoll {
namespace {

// SGLang's releases on GitHub, as far as their days are known.
constexpr Release kSglangReleases[] = {
    {SglangNumber(0, 4, 0), 20241204},  {SglangNumber(0, 4, 3), 20250214},
    {SglangNumber(0, 4, 4), 20250313},  {SglangNumber(0, 4, 8), 20250623},
    {SglangNumber(0, 4, 10), 20250731}, {SglangNumber(0, 5, 1), 20250823},
    {SglangNumber(0, 5, 2), 20250911},  {SglangNumber(0, 5, 3), 20251006},
    {SglangNumber(0, 5, 4), 20251024},  {SglangNumber(0, 5, 5), 20251107},
    {SglangNumber(0, 5, 6), 20251202},  {SglangNumber(0, 5, 7), 20260101},
    {SglangNumber(0, 5, 8), 20260124},  {SglangNumber(0, 5, 9), 20260223},
    {SglangNumber(0, 5, 10), 20260405}, {SglangNumber(0, 5, 11), 20260504},
    {SglangNumber(0, 5, 12), 20260516}, {SglangNumber(0, 5, 13), 20260610},
    {SglangNumber(0, 5, 14), 20260624}, {SglangNumber(0, 5, 15), 20260709},
    {SglangNumber(0, 5, 16), 20260724}, {SglangNumber(0, 5, 17), 20260807},
    {SglangNumber(0, 5, 18), 20260820},
};
constexpr std::string_view kNewestSglang = "0.5.18";
constexpr std::string_view kSglangSpelling =
    "an SGLang release from 0.4.0 on, such as 0.4.6.post2 or v0.5.18, or a date such as 2026-05 or "
    "2026-05-02";

int32_t SglangDate(int64_t number) {
  int32_t date = kSglangReleases[0].date;
  for (const Release& release : kSglangReleases) {
    if (release.number <= number) date = release.date;
  }
  return date;
}

// Nothing: the day is older than every release that is known.
const Release* NewestOf(int32_t date) {
  const auto later = [date](const Release& release) { return release.date > date; };
  const Release* end = std::find_if(std::begin(kSglangReleases), std::end(kSglangReleases), later);
  return end == std::begin(kSglangReleases) ? nullptr : end - 1;
}

std::string TextOf(int64_t number) {
  const int64_t patch = number / 100;
  return std::to_string(patch / 1000000) + "." + std::to_string(patch / 1000 % 1000) + "." +
         std::to_string(patch % 1000);
}

}  // namespace

// major.minor[.patch][.postN][rcN | .devN | +local | -image tag]
Result<EngineVersion> ReadSglangVersion(std::string_view given, std::string_view where) {
  if (given.empty()) given = kNewestSglang;
  int32_t date = 0;
  if (ReadDate(given, &date)) {
    const Release* newest = NewestOf(date);
    if (newest == nullptr) return RefuseVersion(where, given, kSglangSpelling);
    return EngineVersion{TextOf(newest->number), newest->number, newest->date};
  }
  std::string_view text = given;
  if (text[0] == 'v' || text[0] == 'V') text.remove_prefix(1);
  int64_t part[3] = {0, 0, 0};
  size_t at = 0;
  int parts = 0;
  while (parts < 3 && ReadDigits(text, &at, &part[parts])) {
    ++parts;
    const bool more = at + 1 < text.size() && text[at] == '.' && IsDigit(text[at + 1]);
    if (!more) break;
    ++at;
  }
  int64_t post = 0;
  if (text.substr(at, 5) == ".post") {
    at += 5;
    if (!ReadDigits(text, &at, &post)) return RefuseVersion(where, given, kSglangSpelling);
  }
  const std::string_view rest = text.substr(at);
  const bool suffix_known = rest.empty() || rest[0] == '+' || rest[0] == '-' || rest.substr(0, 2) == "rc" ||
                            rest.substr(0, 3) == ".rc" || rest.substr(0, 4) == ".dev";
  if (parts < 2 || !suffix_known || part[0] > 99 || part[1] > 999 || part[2] > 999 || post > 99) {
    return RefuseVersion(where, given, kSglangSpelling);
  }
  const int64_t number = SglangNumber(static_cast<int>(part[0]), static_cast<int>(part[1]),
                                      static_cast<int>(part[2]), static_cast<int>(post));
  if (number < kSglangReleases[0].number) return RefuseVersion(where, given, kSglangSpelling);
  return EngineVersion{std::string(text), number, SglangDate(number)};
}

}  // namespace plimsoll
