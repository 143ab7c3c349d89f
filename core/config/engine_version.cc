#include "core/config/engine_version.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace plimsoll {
namespace {

struct Release {
  int64_t number;
  int32_t date;
};

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

// llama.cpp's build numbers count commits; dates between these are interpolated.
constexpr Release kLlamaCppBuilds[] = {
    {1, 20230310},    {1000, 20230818}, {1620, 20231213}, {2000, 20240128},  {2500, 20240323},
    {3000, 20240526}, {3500, 20240801}, {4000, 20241031}, {4500, 20250118},  {5000, 20250401},
    {5500, 20250527}, {6000, 20250728}, {6500, 20250918}, {7000, 20251109},  {7446, 20251218},
    {8000, 20260211}, {8900, 20260502}, {9272, 20260522}, {10800, 20261101},
};
constexpr std::string_view kNewestLlamaCpp = "b10800";

constexpr std::string_view kVllmSpelling = "a vLLM release such as 0.10.2, v0.8.5.post1 or 0.28.0";
constexpr std::string_view kLlamaCppSpelling =
    "a llama.cpp build such as b4589, a date such as 2026-05 or 2026-05-02, or ik for that fork";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Reads digits at *at; false when there are none or more than nine.
bool ReadNumber(std::string_view text, size_t* at, int64_t* number) {
  const size_t start = *at;
  *number = 0;
  while (*at < text.size() && IsDigit(text[*at])) {
    if (*at - start >= 9) return false;
    *number = *number * 10 + (text[*at] - '0');
    ++*at;
  }
  return *at > start;
}

int64_t DaysInMonth(int64_t year, int64_t month) {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

int64_t DayNumber(int32_t date) {
  int64_t days = 0;
  const int64_t year = date / 10000, month = date / 100 % 100;
  for (int64_t y = 2023; y < year; ++y) days += 337 + DaysInMonth(y, 2);
  for (int64_t m = 1; m < month; ++m) days += DaysInMonth(year, m);
  return days + date % 100;
}

int32_t DateOfDay(int64_t days) {
  int64_t year = 2023, month = 1;
  while (days > 337 + DaysInMonth(year, 2)) days -= 337 + DaysInMonth(year++, 2);
  while (days > DaysInMonth(year, month)) days -= DaysInMonth(year, month++);
  return static_cast<int32_t>(year * 10000 + month * 100 + days);
}

int32_t VllmDate(int64_t number) {
  int32_t date = kVllmReleases[0].date;
  for (const Release& release : kVllmReleases) {
    if (release.number <= number) date = release.date;
  }
  return date;
}

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

Error Refuse(std::string_view where, std::string_view text, std::string_view accepted) {
  return {std::string(where), Quoted(text), std::string(accepted)};
}

// major.minor[.patch][.postN | rcN | .devN | +local]
Result<EngineVersion> ReadVllm(std::string_view given, std::string_view where) {
  std::string_view text = given;
  if (!text.empty() && (text[0] == 'v' || text[0] == 'V')) text.remove_prefix(1);
  int64_t part[3] = {0, 0, 0};
  size_t at = 0;
  int parts = 0;
  while (parts < 3 && ReadNumber(text, &at, &part[parts])) {
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
    return Refuse(where, given, kVllmSpelling);
  }
  const int64_t number =
      VllmNumber(static_cast<int>(part[0]), static_cast<int>(part[1]), static_cast<int>(part[2]));
  if (number < kVllmReleases[0].number) return Refuse(where, given, kVllmSpelling);
  return EngineVersion{std::string(text), number, VllmDate(number)};
}

// 2026-05 or 2026-05-02
bool ReadDate(std::string_view text, int32_t* date) {
  size_t at = 0;
  int64_t year = 0, month = 0, day = 1;
  if (!ReadNumber(text, &at, &year) || at != 4 || at >= text.size() || text[at++] != '-') return false;
  if (!ReadNumber(text, &at, &month) || month < 1 || month > 12 || year < 2023 || year > 2100) return false;
  if (at < text.size()) {
    if (text[at++] != '-' || !ReadNumber(text, &at, &day) || at != text.size()) return false;
    if (day < 1 || day > DaysInMonth(year, month)) return false;
  }
  *date = static_cast<int32_t>(year * 10000 + month * 100 + day);
  return true;
}

Result<EngineVersion> ReadLlamaCpp(std::string_view given, std::string_view where) {
  // The ik_llama.cpp fork numbers nothing; its memory is that of spring 2025 (llama_rules.cc).
  if (given == "ik") return EngineVersion{"ik", 0, 20250601};
  int32_t date = 0;
  if (ReadDate(given, &date)) return EngineVersion{std::string(given), 0, date};
  std::string_view text = given;
  if (!text.empty() && (text[0] == 'b' || text[0] == 'B')) text.remove_prefix(1);
  size_t at = 0;
  int64_t build = 0;
  if (!ReadNumber(text, &at, &build) || at != text.size() || build < 1) {
    return Refuse(where, given, kLlamaCppSpelling);
  }
  std::string name(1, 'b');
  name.append(text);
  return EngineVersion{std::move(name), build, LlamaCppDate(build)};
}

// No rule of ours depends on these engines' releases: whatever names one is kept as it stands.
Result<EngineVersion> ReadAny(std::string_view given, std::string_view where) {
  for (const char c : given) {
    if (c < ' ' || c > '~') return Refuse(where, given, "printable text");
  }
  if (given.size() > 64) return Refuse(where, given, "at most 64 characters");
  return EngineVersion{std::string(given), 0, 0};
}

}  // namespace

Result<EngineVersion> ReadEngineVersion(EngineKind engine, std::string_view text, std::string_view where) {
  if (IsGenericEngine(engine)) return ReadAny(text, where);
  if (engine == EngineKind::kLlamaCpp) return ReadLlamaCpp(text.empty() ? kNewestLlamaCpp : text, where);
  return ReadVllm(text.empty() ? kNewestVllm : text, where);
}

}  // namespace plimsoll
