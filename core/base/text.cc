#include "core/base/text.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/decimal.h"

namespace plimsoll {
namespace {

struct Unit {
  double bytes;
  const char* name;
};
constexpr std::array<Unit, 4> kBinaryUnits = {
    {{1099511627776.0, "TiB"}, {1073741824.0, "GiB"}, {1048576.0, "MiB"}, {1024.0, "KiB"}}};
constexpr std::array<Unit, 4> kDecimalUnits = {{{1e12, "TB"}, {1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}}};

// Digits with a comma before every third from the right. `digits` holds no sign.
std::string Grouped(const std::string& digits) {
  std::string text;
  const int length = static_cast<int>(digits.size());
  for (int i = 0; i < length; ++i) {
    if (i > 0 && (length - i) % 3 == 0) text += ',';
    text += digits[static_cast<std::string::size_type>(i)];
  }
  return text;
}

// The largest unit in which the number still has a digit before the point once it is rounded.
std::string InUnits(Bytes bytes, const std::array<Unit, 4>& units) {
  const double magnitude = std::fabs(static_cast<double>(bytes.count()));
  for (const Unit& unit : units) {
    // TiB only from 10 on: "1,430 GiB" compares better with a card than "1.4 TiB".
    const double least = &unit == &units[0] ? 10.0 * unit.bytes : 0.99995 * unit.bytes;
    if (magnitude < least) continue;
    const double value = static_cast<double>(bytes.count()) / unit.bytes;
    const bool whole = std::fabs(value) >= 1000 || (unit.bytes < 1e9 && std::fabs(value) >= 100);
    return DecimalText(value, whole ? 0 : 1) + " " + unit.name;
  }
  return CountText(bytes.count()) + " B";
}

}  // namespace

std::string DecimalText(double value, int decimals) {
  if (!std::isfinite(value)) return "?";
  const std::string digits = FixedDecimal(std::fabs(value), std::clamp(decimals, 0, 20));
  const auto point = digits.find('.');
  const std::string fraction = point == std::string::npos ? "" : digits.substr(point);
  const std::string whole = Grouped(digits.substr(0, point));
  const bool zero = digits.find_first_not_of("0.") == std::string::npos;
  return (value < 0 && !zero ? "-" : "") + whole + fraction;
}

std::string SizeText(Bytes bytes, SizeUnits units) {
  return InUnits(bytes, units == SizeUnits::kBinary ? kBinaryUnits : kDecimalUnits);
}

std::string GibText(Bytes bytes, SizeUnits units, int decimals) {
  return units == SizeUnits::kBinary ? DecimalText(bytes.gib(), decimals) + " GiB"
                                     : DecimalText(bytes.gb(), decimals) + " GB";
}

std::string CountText(int64_t count) {
  const std::string digits = std::to_string(count);
  return count < 0 ? "-" + Grouped(digits.substr(1)) : Grouped(digits);
}

std::string ContextText(int64_t tokens) {
  constexpr int64_t kKilo = 1024, kMega = 1024 * 1024;
  if (tokens >= kMega && tokens % kMega == 0) return CountText(tokens / kMega) + "M";
  if (tokens >= kKilo && tokens % kKilo == 0) return CountText(tokens / kKilo) + "k";
  return CountText(tokens);
}

std::optional<int64_t> ReadTokens(std::string_view text) {
  constexpr int64_t kMost = 1000000000;
  if (text.size() > 40) return std::nullopt;
  const auto trim = [&text] {
    while (text.ends_with(' ')) text.remove_suffix(1);
  };
  for (const std::string_view word : {"tokens", "token", "tok"}) {
    if (!text.ends_with(word)) continue;
    text.remove_suffix(word.size());
    trim();
    break;
  }
  int64_t unit = 1;
  // "Ki" and "Mi" say what "k" and "M" mean here anyway.
  if (text.ends_with("Ki") || text.ends_with("Mi")) text.remove_suffix(1);
  const char last = text.empty() ? ' ' : text.back();
  if (last == 'k' || last == 'K') unit = 1024;
  if (last == 'm' || last == 'M') unit = 1024 * 1024;
  if (unit > 1) {
    text.remove_suffix(1);
    trim();
  }
  std::string digits;
  for (size_t i = 0; i < text.size(); ++i) {
    // A comma stands before three digits.
    const bool comma = text[i] == ',' || text[i] == '_';
    if (comma && i > 0 && text.size() - i >= 4 && (text.size() - i) % 4 == 0) continue;
    digits += text[i];
  }
  const bool plain = digits.find_first_not_of("0123456789.") == std::string::npos && !digits.empty() &&
                     digits.front() != '.' && digits.back() != '.';
  size_t length = 0;
  const double number = plain ? ReadDecimal(digits, &length) : 0;
  const double tokens = number * static_cast<double>(unit);
  if (length != digits.size() || !(tokens >= 1) || tokens > kMost || tokens != std::floor(tokens))
    return std::nullopt;
  return static_cast<int64_t>(tokens);
}

std::string ParametersText(int64_t count) {
  const double value = static_cast<double>(count);
  const double unit = value >= 9.995e11 ? 1e12 : value >= 9.995e8 ? 1e9 : 1e6;
  const char* name = value >= 9.995e11 ? "T" : value >= 9.995e8 ? "B" : "M";
  const double scaled = value / unit;
  return DecimalText(scaled, scaled < 9.995 ? 2 : scaled < 99.95 ? 1 : 0) + name;
}

std::string DurationText(Seconds seconds) {
  const double s = seconds.value();
  if (!std::isfinite(s) || s < 0) return "?";
  if (s < 0.01) return DecimalText(s * 1e3, 2) + " ms";
  if (s < 0.9995) return DecimalText(s * 1e3, s < 0.09995 ? 1 : 0) + " ms";
  if (s < 59.95) return DecimalText(s, 1) + " s";
  if (s >= 9e15) return "?";
  const int64_t whole = static_cast<int64_t>(std::llround(s));
  if (whole < 3600) {
    const std::string rest = whole % 60 == 0 ? "" : " " + std::to_string(whole % 60) + " s";
    return std::to_string(whole / 60) + " min" + rest;
  }
  const int64_t minutes = (whole + 30) / 60;
  const std::string rest = minutes % 60 == 0 ? "" : " " + std::to_string(minutes % 60) + " min";
  return CountText(minutes / 60) + " h" + rest;
}

std::string CountedText(int64_t count, std::string_view singular, std::string_view plural) {
  return CountText(count) + " " + std::string(count == 1 ? singular : plural);
}

std::string ListText(const std::vector<std::string_view>& items, std::string_view conjunction) {
  std::string text;
  for (const std::string_view& item : items) {
    if (&item != &items.front()) {
      text += &item == &items.back() ? " " + std::string(conjunction) + " " : std::string(", ");
    }
    text += item;
  }
  return text;
}

int EditDistance(std::string_view a, std::string_view b) {
  constexpr int kMost = 64;
  a = a.substr(0, kMost);
  b = b.substr(0, kMost);
  const int rows = static_cast<int>(a.size()), columns = static_cast<int>(b.size());
  std::array<std::array<int, kMost + 1>, kMost + 1> distance{};
  auto at = [&](int i, int j) -> int& {
    return distance[static_cast<unsigned>(i)][static_cast<unsigned>(j)];
  };
  for (int i = 0; i <= rows; ++i) at(i, 0) = i;
  for (int j = 0; j <= columns; ++j) at(0, j) = j;
  auto same = [&](int i, int j) { return a[static_cast<unsigned>(i)] == b[static_cast<unsigned>(j)]; };
  for (int i = 1; i <= rows; ++i) {
    for (int j = 1; j <= columns; ++j) {
      const int replace = at(i - 1, j - 1) + (same(i - 1, j - 1) ? 0 : 1);
      int best = std::min({replace, at(i - 1, j) + 1, at(i, j - 1) + 1});
      if (i > 1 && j > 1 && same(i - 1, j - 2) && same(i - 2, j - 1))
        best = std::min(best, at(i - 2, j - 2) + 1);
      at(i, j) = best;
    }
  }
  return at(rows, columns);
}

std::string_view Nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
  std::string_view best;
  int best_score = 0;
  if (word.empty() || word.size() > 64) return best;
  for (std::string_view candidate : candidates) {
    // A word that begins or contains what was typed is nearer than one that merely has as many letters.
    const bool contains = word.size() >= 3 && candidate.find(word) != std::string_view::npos;
    const int distance = contains ? 1 : EditDistance(word, candidate);
    const int limit = std::max(1, static_cast<int>(std::min(word.size(), candidate.size())) / 3);
    if (distance > limit) continue;
    const int score =
        distance * 100 + static_cast<int>(std::min<std::string_view::size_type>(candidate.size(), 99));
    if (best.empty() || score < best_score) {
      best = candidate;
      best_score = score;
    }
  }
  return best;
}

std::vector<std::string_view> SplitAt(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

size_t Utf8Length(std::string_view text) {
  if (text.empty()) return 0;
  const auto at = [&text](size_t i) { return static_cast<unsigned>(static_cast<unsigned char>(text[i])); };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xc2 && first <= 0xdf   ? 2
                        : first >= 0xe0 && first <= 0xef ? 3
                        : first >= 0xf0 && first <= 0xf4 ? 4
                                                         : 0;
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xc0) != 0x80) return 0;
  }
  const bool overlong = (first == 0xe0 && at(1) < 0xa0) || (first == 0xf0 && at(1) < 0x90);
  const bool beyond = (first == 0xed && at(1) > 0x9f) || (first == 0xf4 && at(1) > 0x8f);
  return overlong || beyond ? 0 : length;
}

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace plimsoll
