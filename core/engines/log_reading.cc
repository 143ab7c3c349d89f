#include "core/engines/log_reading.h"

#include <algorithm>
#include <cmath>

#include "core/base/decimal.h"
#include "core/base/text.h"

namespace plimsoll {
namespace {

constexpr size_t kMostFigures = 2000;
constexpr size_t kMostPairs = 400;
constexpr int kMostCards = 100;
constexpr size_t kLongestLine = 240;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || IsDigit(c) || c == '_' || c == '-' || c == '.';
}

std::string Shortened(std::string_view line) {
  std::string text;
  for (const char c : Trimmed(line).substr(0, kLongestLine)) {
    const auto byte = static_cast<unsigned char>(c);
    text += byte < 0x20 || byte == 0x7f ? ' ' : c;
  }
  // Do not end inside a character.
  while (!text.empty() && !IsUtf8(text) && text.size() + 4 > kLongestLine) text.pop_back();
  return IsUtf8(text) ? text : "";
}

// The stage by the innermost cause: frames of a capture contain those of a run, and those of a profile run
// do, too.
FailureStage StageOfFrames(uint32_t frames) {
  constexpr FailureStage kOrder[] = {FailureStage::kSamplerWarmUp, FailureStage::kGraphCapture,
                                     FailureStage::kProfiling,     FailureStage::kCacheTooSmall,
                                     FailureStage::kLoading,       FailureStage::kRunTime};
  for (const FailureStage stage : kOrder) {
    if ((frames >> static_cast<int>(stage) & 1) != 0) return stage;
  }
  return FailureStage::kNone;
}

FailureStage StageAfter(LogPhase phase) {
  switch (phase) {
    case LogPhase::kStart:
      return FailureStage::kLoading;
    case LogPhase::kWeights:
    case LogPhase::kProfile:
      return FailureStage::kProfiling;
    case LogPhase::kPool:
      return FailureStage::kGraphCapture;
    case LogPhase::kGraphs:
    case LogPhase::kWarmUp:
      return FailureStage::kSamplerWarmUp;
    case LogPhase::kServing:
      break;
  }
  return FailureStage::kRunTime;
}

}  // namespace

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::optional<double> LeadingNumber(std::string_view text, std::string_view* rest) {
  size_t at = 0;
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
  if (at < text.size() && std::string_view("=:([\"'").find(text[at]) != std::string_view::npos) ++at;
  while (at < text.size() && text[at] == ' ') ++at;
  std::string digits;
  size_t end = at;
  for (; end < text.size() && digits.size() < 40; ++end) {
    const char c = text[end];
    const bool comma = c == ',' && end + 3 < text.size() && IsDigit(text[end + 1]) &&
                       IsDigit(text[end + 2]) && IsDigit(text[end + 3]) &&
                       (end + 4 == text.size() || !IsDigit(text[end + 4]));
    if (comma) continue;
    if (!IsDigit(c) && c != '.' && !(c == '-' && end == at)) break;
    digits += c;
  }
  size_t length = 0;
  const double number = ReadDecimal(digits, &length);
  if (length == 0 || !std::isfinite(number)) return std::nullopt;
  // A full stop after the number is none of it.
  if (length < digits.size()) end -= digits.size() - length;
  if (rest != nullptr) *rest = text.substr(std::min(end, text.size()));
  return number;
}

namespace {

// ",88 MiB": how some systems' languages write ".88". Takes it off the text; 0: it is no such part of a size.
double DecimalComma(std::string_view* text) {
  if (!text->starts_with(',')) return 0;
  size_t end = 1;
  double part = 0, place = 0.1;
  for (; end < text->size() && end < 4 && IsDigit((*text)[end]); ++end, place /= 10)
    part += place * ((*text)[end] - '0');
  const std::string_view unit = text->substr(end);
  const bool size = unit.starts_with(" MiB") || unit.starts_with(" GiB") || unit.starts_with(" KiB");
  if (end == 1 || !size) return 0;
  *text = unit;
  return part;
}

}  // namespace

std::optional<Bytes> LeadingBytes(std::string_view text, std::string_view* rest) {
  std::string_view after;
  std::optional<double> number = LeadingNumber(text, &after);
  if (!number) return std::nullopt;
  if (const double part = DecimalComma(&after); part > 0) *number += part;
  after = Trimmed(after);
  double unit = 1;
  size_t length = 0;
  constexpr std::pair<std::string_view, double> kUnits[] = {
      {"GiB", 1073741824.0}, {"MiB", 1048576.0}, {"KiB", 1024.0}, {"TiB", 1099511627776.0},
      {"GB", 1073741824.0},  {"MB", 1048576.0},  {"KB", 1024.0},  {"Gib", 1073741824.0},
      {"bytes", 1.0},        {"B", 1.0}};
  for (const auto& [name, bytes] : kUnits) {
    if (!after.starts_with(name)) continue;
    unit = bytes;
    length = name.size();
    break;
  }
  if (rest != nullptr) *rest = after.substr(length);
  return BytesFromDouble(*number * unit + 0.5);
}

std::optional<double> NumberAfter(std::string_view text, std::string_view phrase) {
  const size_t at = text.find(phrase);
  return at == std::string_view::npos ? std::nullopt : LeadingNumber(text.substr(at + phrase.size()));
}

std::optional<Bytes> BytesAfter(std::string_view text, std::string_view phrase) {
  const size_t at = text.find(phrase);
  return at == std::string_view::npos ? std::nullopt : LeadingBytes(text.substr(at + phrase.size()));
}

std::string_view Between(std::string_view text, std::string_view begin, std::string_view end) {
  const size_t at = begin.empty() ? 0 : text.find(begin);
  if (at == std::string_view::npos) return {};
  const size_t from = at + begin.size();
  const size_t to = text.find(end, from);
  return to == std::string_view::npos ? std::string_view() : text.substr(from, to - from);
}

std::string RankOf(std::string_view before) {
  std::string rank;
  for (const std::string_view name : {"PP", "DP", "TP", "EP", "rank=", "RANK ", "rank "}) {
    for (size_t at = before.rfind(name); at != std::string_view::npos && at < before.size();) {
      size_t end = at + name.size();
      while (end < before.size() && IsDigit(before[end])) ++end;
      const bool starts = at == 0 || !((before[at - 1] >= 'A' && before[at - 1] <= 'Z') ||
                                       (before[at - 1] >= 'a' && before[at - 1] <= 'z'));
      if (starts && end > at + name.size() && end < at + name.size() + 5) {
        if (!rank.empty()) rank += '_';
        rank +=
            name.substr(0, 2).front() == 'P' || name.size() == 2 ? std::string(name) : std::string("rank");
        rank += before.substr(at + name.size(), end - at - name.size());
      }
      break;
    }
  }
  return rank;
}

void AddFigure(std::string_view metric, std::string device, double value, LogReading* reading) {
  if (!std::isfinite(value) || reading->figures.size() >= kMostFigures) return;
  reading->figures.push_back({metric, std::move(device), value});
}

void AddFailure(LogFailure failure, LogReading* reading) {
  if (failure.stage != FailureStage::kNone) failure.certain = true;
  if (failure.stage == FailureStage::kNone) failure.stage = StageOfFrames(reading->frames);
  if (failure.stage == FailureStage::kNone) failure.stage = StageAfter(reading->phase);
  failure.line = Shortened(failure.line);
  if (!reading->failure) {
    reading->failure = std::move(failure);
    return;
  }
  LogFailure& first = *reading->failure;
  if (!first.certain && failure.certain) {
    first.stage = failure.stage;
    first.certain = true;
  }
  if (!first.asked) first.asked = failure.asked;
  if (!first.free) first.free = failure.free;
  if (!first.needed) first.needed = failure.needed;
  if (!first.available) first.available = failure.available;
  if (first.knob.empty()) first.knob = failure.knob;
  if (!first.limit) first.limit = failure.limit;
}

LogCard* CardAt(int index, LogReading* reading) {
  if (index < 0 || index >= kMostCards) return nullptr;
  for (LogCard& card : reading->cards) {
    if (card.index == index) return &card;
  }
  reading->cards.push_back({index, "", 0, 0});
  return &reading->cards.back();
}

std::vector<std::pair<std::string, std::string>> ReadPairs(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> pairs;
  size_t at = 0;
  while (at < text.size() && pairs.size() < kMostPairs) {
    while (at < text.size() && !IsNameCharacter(text[at])) ++at;
    const size_t name = at;
    while (at < text.size() && IsNameCharacter(text[at])) ++at;
    const size_t name_end = at;
    if (at < text.size() && (text[at] == '\'' || text[at] == '"')) ++at;
    while (at < text.size() && text[at] == ' ') ++at;
    if (at >= text.size() || (text[at] != '=' && text[at] != ':')) continue;
    ++at;
    while (at < text.size() && text[at] == ' ') ++at;
    const size_t value = at;
    int depth = 0;
    char quote = 0;
    for (; at < text.size(); ++at) {
      const char c = text[at];
      if (quote != 0) {
        if (c == '\\') ++at;
        if (c == quote) quote = 0;
        continue;
      }
      if (c == '\'' || c == '"') quote = c;
      if (c == '{' || c == '[' || c == '(' || c == '<') ++depth;
      if (c == '}' || c == ']' || c == ')' || c == '>') {
        if (depth == 0) break;
        --depth;
      }
      if (c == ',' && depth == 0) break;
    }
    std::string_view given = Trimmed(text.substr(value, std::min(at, text.size()) - value));
    const bool quoted =
        given.size() >= 2 && (given.front() == '\'' || given.front() == '"') && given.back() == given.front();
    if (quoted) given = given.substr(1, given.size() - 2);
    if (given.size() <= 4000) pairs.emplace_back(text.substr(name, name_end - name), given);
    if (at < text.size() && (text[at] == '}' || text[at] == ')')) break;
  }
  return pairs;
}

void TakeOption(const LogOption* table, size_t count, std::string_view name, std::string_view value,
                LogReading* reading) {
  if (value == "None" || value.empty()) return;
  for (size_t i = 0; i < count; ++i) {
    const LogOption& option = table[i];
    if (option.name != name) continue;
    const std::optional<double> number = LeadingNumber(value);
    switch (option.kind) {
      case LogValue::kWhole:
        if (number && *number == std::floor(*number) && std::fabs(*number) < 1e15)
          reading->settings.Set(std::string(option.key), static_cast<int64_t>(*number));
        return;
      case LogValue::kReal:
        if (number) reading->settings.Set(std::string(option.key), *number);
        return;
      case LogValue::kSwitch:
        if (value == "True" || value == "true") reading->settings.Set(std::string(option.key), true);
        if (value == "False" || value == "false") reading->settings.Set(std::string(option.key), false);
        return;
      case LogValue::kText:
        if (IsUtf8(value)) reading->settings.Set(std::string(option.key), std::string(value));
        return;
    }
  }
}

}  // namespace plimsoll
