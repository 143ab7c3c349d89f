#include "core/base/kin_names.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

#include "core/base/text.h"

namespace plimsoll {
namespace {

constexpr size_t kMostParts = 16;
constexpr size_t kLongestName = 64;

// "qwen", 3.8, 27 "b": a word, a number, or a number with a unit.
struct Part {
  std::string_view word;  // a word, or a number's unit
  double number = 0;
  bool is_number = false;
};

bool IsDigitOf(char c) { return c >= '0' && c <= '9'; }
bool IsLetterOf(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::string Plain(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (IsDigitOf(c) || IsLetterOf(c)) plain += c;
  }
  return plain;
}

std::string_view TakeWhile(std::string_view* text, bool (*wanted)(char)) {
  size_t end = 0;
  while (end < text->size() && wanted((*text)[end])) ++end;
  const std::string_view taken = text->substr(0, end);
  text->remove_prefix(end);
  return taken;
}

bool IsUnit(std::string_view word) { return word == "gb" || word == "b" || word == "m" || word == "k"; }

double TakeNumber(std::string_view* text) {
  double value = 0;
  for (const char c : TakeWhile(text, IsDigitOf)) value = value * 10 + (c - '0');
  if (text->size() < 2 || (*text)[0] != '.' || !IsDigitOf((*text)[1])) return value;
  text->remove_prefix(1);
  double place = 1;
  for (const char c : TakeWhile(text, IsDigitOf)) value += (c - '0') * (place /= 10);
  return value;
}

std::vector<Part> PartsOf(std::string_view name) {
  std::vector<Part> parts;
  while (!name.empty() && parts.size() < kMostParts) {
    Part part;
    if (IsDigitOf(name[0])) {
      part.is_number = true;
      part.number = TakeNumber(&name);
      std::string_view rest = name;
      const std::string_view unit = TakeWhile(&rest, IsLetterOf);
      if (IsUnit(unit)) {
        part.word = unit;
        name = rest;
      }
    } else if (IsLetterOf(name[0])) {
      part.word = TakeWhile(&name, IsLetterOf);
    } else {
      name.remove_prefix(1);
      continue;
    }
    parts.push_back(part);
  }
  return parts;
}

// What is wrong with one part in place of another. The first number is the generation, and another one is
// further off than any variant of the same.
constexpr double kOtherGeneration = 12;

constexpr double kNeverAlike = 1e6;

// 6750 and 6700 begin alike for longer than 6750 and 6800.
double DigitsApart(double a, double b) {
  int apart = 0;
  for (; apart < 8 && std::floor(a) != std::floor(b); ++apart) {
    a /= 10;
    b /= 10;
  }
  return apart;
}

double PartCost(const Part& a, const Part& b, bool generation) {
  if (a.is_number != b.is_number || (a.is_number && a.word != b.word)) return kNeverAlike;
  if (!a.is_number) return a.word == b.word ? 0 : 1.5;
  if (a.number == b.number) return 0;
  const double larger = std::max(a.number, b.number);
  const double apart = std::abs(a.number - b.number) / larger;
  return generation ? kOtherGeneration + 10 * apart + 0.3 * DigitsApart(a.number, b.number) : 0.5 + apart;
}

double GapCost(const Part& part, bool generation) {
  if (!part.is_number) return 1;
  return generation && part.word.empty() ? kOtherGeneration : 0.5;
}

size_t FirstNumber(const std::vector<Part>& parts) {
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].is_number) return i;
  }
  return parts.size();
}

// The cheapest way to lay the parts behind the family side by side, in order.
double Distance(const std::vector<Part>& a, const std::vector<Part>& b) {
  const size_t first_a = FirstNumber(a), first_b = FirstNumber(b);
  std::vector<double> row(b.size(), 0);
  for (size_t j = 1; j < b.size(); ++j) row[j] = row[j - 1] + GapCost(b[j], j == first_b);
  for (size_t i = 1; i < a.size(); ++i) {
    double diagonal = row[0];
    row[0] += GapCost(a[i], i == first_a);
    for (size_t j = 1; j < b.size(); ++j) {
      const bool generation = i == first_a || j == first_b;
      const double best =
          std::min({diagonal + PartCost(a[i], b[j], generation), row[j] + GapCost(a[i], i == first_a),
                    row[j - 1] + GapCost(b[j], j == first_b)});
      diagonal = row[j];
      row[j] = best;
    }
  }
  return row.back();
}

}  // namespace

std::string_view NearestKin(std::string_view name, const std::vector<std::string_view>& given) {
  if (name.empty() || name.size() > kLongestName) return {};
  const std::vector<Part> parts = PartsOf(name);
  // Names that the whole of it stands in come first, whatever stands between letters and digits.
  std::vector<std::string_view> candidates;
  const std::string plain = Plain(name);
  for (const std::string_view each : given) {
    if (plain.size() >= 3 && Plain(each).find(plain) != std::string::npos) candidates.push_back(each);
  }
  if (candidates.empty()) candidates = given;
  std::string_view best;
  double least = 0;
  for (const std::string_view candidate : candidates) {
    const std::vector<Part> others = PartsOf(candidate);
    if (parts.empty() || others.empty() || parts[0].is_number || others[0].word != parts[0].word) continue;
    const double distance = Distance(parts, others) + 1e-3 * static_cast<double>(candidate.size());
    if (best.empty() || distance < least) {
      best = candidate;
      least = distance;
    }
  }
  return best.empty() ? Nearest(name, candidates) : best;
}

}  // namespace plimsoll
