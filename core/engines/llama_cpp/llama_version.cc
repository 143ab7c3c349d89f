#include "core/engines/llama_cpp/llama_version.h"

#include <cstddef>
#include <string>
#include <utility>

#include "core/config/version_text.h"

namespace plimsoll {
namespace {

// llama.cpp's build numbers count commits; dates between these are interpolated.
constexpr Release kLlamaCppBuilds[] = {
    {1, 20230310},    {1000, 20230818}, {1620, 20231213}, {2000, 20240128},  {2500, 20240323},
    {3000, 20240526}, {3500, 20240801}, {4000, 20241031}, {4500, 20250118},  {5000, 20250401},
    {5500, 20250527}, {6000, 20250728}, {6500, 20250918}, {7000, 20251109},  {7446, 20251218},
    {8000, 20260211}, {8900, 20260502}, {9272, 20260522}, {10800, 20261101},
};
constexpr std::string_view kNewestLlamaCpp = "b10800";

constexpr std::string_view kLlamaCppSpelling =
    "a llama.cpp build such as b4589, a date such as 2026-05 or 2026-05-02, or ik for that fork";

int32_t LlamaCppDate(int64_t build) {
  const Release* before = kLlamaCppBuilds;
  for (const Release& release : kLlamaCppBuilds) {
    if (release.number > build) {
      const int64_t from = DayNumber(before->date), to = DayNumber(release.date);
      return DateOfDay(from + (to - from) * (build - before->number) / (release.number - before->number));
    }
    before = &release;
  }
  return before->date;
}

}  // namespace

Result<EngineVersion> ReadLlamaVersion(std::string_view given, std::string_view where) {
  if (given.empty()) given = kNewestLlamaCpp;
  // The ik_llama.cpp fork numbers nothing; its memory is that of spring 2025 (llama_rules.cc).
  if (given == "ik") return EngineVersion{"ik", 0, 20250601};
  int32_t date = 0;
  if (ReadDate(given, &date)) return EngineVersion{std::string(given), 0, date};
  std::string_view text = given;
  if (!text.empty() && (text[0] == 'b' || text[0] == 'B')) text.remove_prefix(1);
  size_t at = 0;
  int64_t build = 0;
  if (!ReadDigits(text, &at, &build) || at != text.size() || build < 1) {
    return RefuseVersion(where, given, kLlamaCppSpelling);
  }
  std::string name(1, 'b');
  name.append(text);
  return EngineVersion{std::move(name), build, LlamaCppDate(build)};
}

}  // namespace plimsoll
