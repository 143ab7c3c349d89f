#include "core/engines/vllm/vllm_version.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "core/config/version_text.h"

namespace plimsoll {
namespace {

// vLLM's releases on GitHub. Those of 2026 are known from the pull requests of dependency bots that name them
// and are good to about a week; no rule depends on more.
constexpr Release kVllmReleases[] = {
    {VllmNumber(0, 2, 0), 20230928},  {VllmNumber(0, 3, 0), 20240130},  {VllmNumber(0, 4, 0), 20240331},
    {VllmNumber(0, 5, 0), 20240611},  {VllmNumber(0, 5, 4), 20240805},  {VllmNumber(0, 6, 0), 20240904},
    {VllmNumber(0, 6, 3), 20241014},  {VllmNumber(0, 6, 4), 20241115},  {VllmNumber(0, 6, 5), 20241217},
    {VllmNumber(0, 6, 6), 20241227},  {VllmNumber(0, 7, 0), 20250127},  {VllmNumber(0, 7, 1), 20250201},
    {VllmNumber(0, 7, 2), 20250206},  {VllmNumber(0, 7, 3), 20250220},  {VllmNumber(0, 8, 0), 20250318},
    {VllmNumber(0, 8, 2), 20250325},  {VllmNumber(0, 8, 3), 20250406},  {VllmNumber(0, 8, 4), 20250414},
    {VllmNumber(0, 8, 5), 20250428},  {VllmNumber(0, 9, 0), 20250515},  {VllmNumber(0, 9, 1), 20250610},
    {VllmNumber(0, 9, 2), 20250707},  {VllmNumber(0, 10, 0), 20250724}, {VllmNumber(0, 10, 1), 20250818},
    {VllmNumber(0, 10, 2), 20250913}, {VllmNumber(0, 11, 0), 20251002}, {VllmNumber(0, 11, 1), 20251118},
    {VllmNumber(0, 11, 2), 20251120}, {VllmNumber(0, 12, 0), 20251203}, {VllmNumber(0, 13, 0), 20251218},
    {VllmNumber(0, 14, 0), 20260120}, {VllmNumber(0, 15, 0), 20260129}, {VllmNumber(0, 16, 0), 20260213},
    {VllmNumber(0, 17, 0), 20260307}, {VllmNumber(0, 18, 0), 20260321}, {VllmNumber(0, 19, 0), 20260403},
    {VllmNumber(0, 20, 0), 20260423}, {VllmNumber(0, 21, 0), 20260508}, {VllmNumber(0, 22, 0), 20260529},
    {VllmNumber(0, 23, 0), 20260615}, {VllmNumber(0, 24, 0), 20260629}, {VllmNumber(0, 25, 0), 20260711},
    {VllmNumber(0, 26, 0), 20260725}, {VllmNumber(0, 27, 0), 20260808}, {VllmNumber(0, 28, 0), 20260820},
};
constexpr std::string_view kNewestVllm = "0.28.0";

constexpr std::string_view kVllmSpelling = "a vLLM release such as 0.10.2, v0.8.5.post1 or 0.28.0";

int32_t VllmDate(int64_t number) {
  int32_t date = kVllmReleases[0].date;
  for (const Release& release : kVllmReleases) {
    if (release.number <= number) date = release.date;
  }
  return date;
}

}  // namespace

// major.minor[.patch][.postN | rcN | .devN | +local]
Result<EngineVersion> ReadVllmVersion(std::string_view given, std::string_view where) {
  if (given.empty()) given = kNewestVllm;
  std::string_view text = given;
  if (!text.empty() && (text[0] == 'v' || text[0] == 'V')) text.remove_prefix(1);
  int64_t part[3] = {0, 0, 0};
  size_t at = 0;
  int parts = 0;
  while (parts < 3 && ReadDigits(text, &at, &part[parts])) {
    ++parts;
    if (at < text.size() && text[at] == '.' && at + 1 < text.size() && IsDigit(text[at + 1])) {
      ++at;
    } else {
      break;
    }
  }
  const std::string_view rest = text.substr(std::min(at, text.size()));
  const bool suffix_known = rest.empty() || rest[0] == '+' || rest.substr(0, 2) == "rc" ||
                            rest.substr(0, 5) == ".post" || rest.substr(0, 4) == ".dev" ||
                            rest.substr(0, 3) == ".rc";
  if (parts < 2 || !suffix_known || part[0] > 99 || part[1] > 999 || part[2] > 999) {
    return RefuseVersion(where, given, kVllmSpelling);
  }
  const int64_t number =
      VllmNumber(static_cast<int>(part[0]), static_cast<int>(part[1]), static_cast<int>(part[2]));
  if (number < kVllmReleases[0].number) return RefuseVersion(where, given, kVllmSpelling);
  return EngineVersion{std::string(text), number, VllmDate(number)};
}

}  // namespace plimsoll
