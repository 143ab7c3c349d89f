#include "core/engines/ollama/ollama_version.h"

#include <cstddef>
#include <iterator>
#include <string>

#include "core/config/version_text.h"

namespace plimsoll {
namespace {

// From 0.30 the file LLAMA_CPP_VERSION of the release's tag; before, the commit in llama/build-info.cpp and
// Makefile.sync, numbered where ollama's commit message names the build and else dated by that commit.
struct ReleaseRow {
  int64_t number;
  int32_t date;   // of the release
  int32_t build;  // of llama.cpp; 0: by date
  int32_t build_date;
};
constexpr ReleaseRow kReleases[] = {
    {OllamaRelease(0, 1, 0), 20230923, 0, 20230920},
    {OllamaRelease(0, 2, 0), 20240705, 0, 20240701},
    {OllamaRelease(0, 3, 0), 20240725, 0, 20240720},
    {OllamaRelease(0, 4, 0), 20241106, 0, 20241017},
    {OllamaRelease(0, 5, 0), 20241204, 0, 20241017},
    {OllamaRelease(0, 5, 2), 20241213, 0, 20241210},
    {OllamaRelease(0, 5, 3), 20241216, 0, 20241214},
    {OllamaRelease(0, 5, 8), 20250210, 0, 20250106},
    {OllamaRelease(0, 5, 13), 20250303, 0, 20250226},
    {OllamaRelease(0, 6, 0), 20250311, 0, 20250226},
    {OllamaRelease(0, 6, 6), 20250418, 0, 20250416},
    {OllamaRelease(0, 6, 7), 20250430, 0, 20250424},
    {OllamaRelease(0, 6, 8), 20250503, 0, 20250429},
    {OllamaRelease(0, 7, 0), 20250514, 0, 20250512},
    {OllamaRelease(0, 8, 0), 20250527, 0, 20250512},
    {OllamaRelease(0, 9, 0), 20250528, 0, 20250512},
    {OllamaRelease(0, 10, 0), 20250730, 0, 20250512},
    {OllamaRelease(0, 11, 0), 20250805, 0, 20250512},
    {OllamaRelease(0, 11, 5), 20250818, 0, 20250814},
    {OllamaRelease(0, 12, 0), 20250918, 0, 20250814},
    {OllamaRelease(0, 12, 4), 20251009, 6646, 20251001},
    {OllamaRelease(0, 12, 6), 20251016, 0, 20251013},
    {OllamaRelease(0, 12, 11), 20251113, 6840, 20251024},
    {OllamaRelease(0, 13, 0), 20251118, 6840, 20251024},
    {OllamaRelease(0, 13, 2), 20251207, 7108, 20251120},
    {OllamaRelease(0, 13, 3), 20251211, 0, 20251210},
    {OllamaRelease(0, 13, 5), 20251218, 7437, 20251217},
    {OllamaRelease(0, 14, 0), 20260113, 7437, 20251217},
    {OllamaRelease(0, 15, 0), 20260123, 7437, 20251217},
    {OllamaRelease(0, 15, 5), 20260205, 7437, 20251217},
    {OllamaRelease(0, 16, 0), 20260211, 7437, 20251217},
    {OllamaRelease(0, 17, 0), 20260222, 7437, 20251217},
    {OllamaRelease(0, 18, 0), 20260313, 7437, 20251217},
    {OllamaRelease(0, 19, 0), 20260329, 7437, 20251217},
    {OllamaRelease(0, 20, 0), 20260402, 7437, 20251217},
    {OllamaRelease(0, 21, 0), 20260416, 7437, 20251217},
    {OllamaRelease(0, 22, 0), 20260427, 7437, 20251217},
    {OllamaRelease(0, 23, 0), 20260502, 7437, 20251217},
    {OllamaRelease(0, 24, 0), 20260514, 7437, 20251217},
    {OllamaRelease(0, 30, 0), 20260601, 9452, 20260601},
    {OllamaRelease(0, 30, 1), 20260602, 9479, 20260602},
    {OllamaRelease(0, 30, 4), 20260603, 9493, 20260603},
    {OllamaRelease(0, 30, 5), 20260604, 9509, 20260604},
    {OllamaRelease(0, 30, 9), 20260616, 9626, 20260614},
    {OllamaRelease(0, 30, 10), 20260617, 9672, 20260616},
    {OllamaRelease(0, 30, 11), 20260626, 9781, 20260624},
    {OllamaRelease(0, 31, 0), 20260629, 9840, 20260628},
    {OllamaRelease(0, 31, 2), 20260707, 9888, 20260703},
    {OllamaRelease(0, 32, 0), 20260713, 9888, 20260703},
    {OllamaRelease(0, 32, 2), 20260721, 10069, 20260719},
    {OllamaRelease(0, 32, 3), 20260722, 10091, 20260721},
    {OllamaRelease(0, 32, 6), 20260804, 10242, 20260803},
    {OllamaRelease(0, 32, 8), 20260810, 10353, 20260809},
    {OllamaRelease(0, 32, 10), 20260812, 10380, 20260811},
    {OllamaRelease(0, 32, 14), 20260815, 10434, 20260814},
    {OllamaRelease(0, 32, 15), 20260819, 10488, 20260818},
};
constexpr std::string_view kNewest = "0.32.15";
constexpr std::string_view kSpelling =
    "a release of ollama such as 0.32.14 or 0.12.3, or a date such as 2026-05 or 2026-05-02";

// The last row that `before` does not exceed; the first one where there is none.
template <typename Of>
const ReleaseRow& RowUpTo(int64_t wanted, Of of) {
  const ReleaseRow* found = kReleases;
  for (const ReleaseRow& row : kReleases) {
    if (of(row) <= wanted) found = &row;
  }
  return *found;
}

const ReleaseRow& RowOf(const EngineVersion& release) {
  return RowUpTo(release.number, [](const ReleaseRow& row) { return row.number; });
}

std::string TextOf(int64_t number) {
  return std::to_string(number / 1000000) + "." + std::to_string(number / 1000 % 1000) + "." +
         std::to_string(number % 1000);
}

}  // namespace

Result<EngineVersion> ReadOllamaVersion(std::string_view given, std::string_view where) {
  if (given.empty()) given = kNewest;
  int32_t date = 0;
  if (ReadDate(given, &date)) {
    const ReleaseRow& row = RowUpTo(date, [](const ReleaseRow& each) { return each.date; });
    return EngineVersion{TextOf(row.number), row.number, row.date};
  }
  std::string_view text = given;
  if (text[0] == 'v' || text[0] == 'V') text.remove_prefix(1);
  size_t at = 0;
  int64_t parts[3] = {};
  for (size_t i = 0; i < std::size(parts); ++i) {
    if (i == 2 && at == text.size()) break;  // 0.30
    if (i > 0 && (at >= text.size() || text[at++] != '.')) return RefuseVersion(where, given, kSpelling);
    if (!ReadDigits(text, &at, &parts[i]) || parts[i] > 999) return RefuseVersion(where, given, kSpelling);
  }
  if (at < text.size() && text[at] != '-') return RefuseVersion(where, given, kSpelling);
  EngineVersion version;
  version.text = std::string(text.substr(0, at));
  version.number = OllamaRelease(parts[0], parts[1], parts[2]);
  if (version.number < kReleases[0].number) return RefuseVersion(where, given, kSpelling);
  version.date = RowOf(version).date;
  return version;
}

EngineVersion LlamaBuildIn(const EngineVersion& release) {
  const ReleaseRow& row = RowOf(release);
  const std::string name = row.build > 0 ? "b" + std::to_string(row.build)
                                         : "llama.cpp of " + std::to_string(row.build_date / 10000) + "-" +
                                               std::to_string(100 + row.build_date / 100 % 100).substr(1);
  return EngineVersion{name, row.build, row.build_date};
}

bool IsBeyondKnown(const EngineVersion& release) { return release.number > std::end(kReleases)[-1].number; }

}  // namespace plimsoll
