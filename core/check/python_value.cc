#include "core/check/python_value.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "core/base/decimal.h"
#include "core/base/units.h"

namespace plimsoll {
namespace {

constexpr size_t kMostArgumentsOfCall = 256;
// How deep names stand for names and brackets in brackets, and how long what they come to may be.
constexpr int kDeepest = 12;
constexpr size_t kLongestValue = 4096;
constexpr int kMostNames = 16;  // looked up for one value

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsNameChar(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || IsDigit(c) || c == '_'; }

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

// Behind a string that begins at `at`.
size_t SkipString(std::string_view text, size_t at) {
  const std::string_view triple = text.substr(at, 3);
  if (triple == "\"\"\"" || triple == "'''") {
    const size_t end = text.find(triple, at + 3);
    return end == std::string_view::npos ? text.size() : end + 3;
  }
  const char quote = text[at++];
  while (at < text.size() && text[at] != quote && text[at] != '\n')
    at += text[at] == '\\' ? size_t{2} : size_t{1};
  return std::min(at + 1, text.size());
}

bool IsQuoted(std::string_view value) {
  return value.size() >= 2 && (value[0] == '"' || value[0] == '\'') && value.back() == value[0] &&
         SkipString(value, 0) == value.size();
}

// What an expression comes to.
struct Value {
  enum class Kind : uint8_t { kWhole, kReal, kText } kind = Kind::kText;
  int64_t whole = 0;
  double real = 0;
  std::string text;
};
Value WholeValue(int64_t whole) { return {Value::Kind::kWhole, whole, static_cast<double>(whole), {}}; }
Value RealValue(double real) { return {Value::Kind::kReal, 0, real, {}}; }
bool IsNumber(const Value& value) { return value.kind != Value::Kind::kText; }
std::string TextOf(const Value& value) {
  if (value.kind == Value::Kind::kText) return value.text;
  if (value.kind == Value::Kind::kWhole) return std::to_string(value.whole);
  return std::isfinite(value.real) ? GeneralDecimal(value.real, 12) : std::string();
}

int64_t PowerOf(int64_t base, int64_t exponent) {
  int64_t power = 1;
  for (int64_t i = 0; i < std::min<int64_t>(exponent, 64); ++i)
    power = internal::SaturatingMultiply(power, base);
  return power;
}

// Python's sums and calls, as far as values in scripts need them: + - * / // % ** <<, brackets, int(), float(), str(),
// min(), max(), strings side by side, f-strings, os.environ.get() and os.getenv() by their default.
class Evaluator {
 public:
  Evaluator(std::string_view script, size_t before, int depth, int* names)
      : script_(script), before_(before), depth_(depth), names_(names) {}

  std::optional<Value> Evaluate(std::string_view expression) {
    text_ = expression;
    at_ = 0;
    std::optional<Value> value = Sum();
    Space();
    return at_ == text_.size() ? value : std::nullopt;
  }

 private:
  void Space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
      ++at_;
  }
  bool Take(std::string_view token) {
    Space();
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }

  std::optional<Value> Sum() {
    std::optional<Value> left = Product();
    while (left) {
      Space();
      const char sign = at_ < text_.size() ? text_[at_] : '\0';
      const bool shift = text_.substr(std::min(at_, text_.size())).starts_with("<<");
      if (sign != '+' && sign != '-' && !shift) return left;
      at_ += shift ? size_t{2} : size_t{1};
      const std::optional<Value> right = Product();
      if (!right) return std::nullopt;
      left = shift ? Shifted(*left, *right) : Added(*left, *right, sign == '-');
    }
    return left;
  }
  static std::optional<Value> Shifted(const Value& left, const Value& right) {
    if (left.kind != Value::Kind::kWhole || right.kind != Value::Kind::kWhole || right.whole < 0)
      return std::nullopt;
    return WholeValue(internal::SaturatingMultiply(left.whole, PowerOf(2, right.whole)));
  }
  static std::optional<Value> Added(const Value& left, const Value& right, bool minus) {
    if (!IsNumber(left) && !IsNumber(right) && !minus) {
      if (left.text.size() + right.text.size() > kLongestValue) return std::nullopt;
      return Value{Value::Kind::kText, 0, 0, left.text + right.text};
    }
    if (!IsNumber(left) || !IsNumber(right)) return std::nullopt;
    if (left.kind == Value::Kind::kReal || right.kind == Value::Kind::kReal)
      return RealValue(minus ? left.real - right.real : left.real + right.real);
    const int64_t other = minus ? internal::SaturatingMultiply(right.whole, -1) : right.whole;
    return WholeValue(internal::SaturatingAdd(left.whole, other));
  }

  std::optional<Value> Product() {
    std::optional<Value> left = Power();
    while (left) {
      Space();
      const std::string_view rest = text_.substr(std::min(at_, text_.size()));
      const std::string_view sign = rest.starts_with("//")                             ? "//"
                                    : rest.starts_with("*") && !rest.starts_with("**") ? "*"
                                    : rest.starts_with("/")                            ? "/"
                                    : rest.starts_with("%")                            ? "%"
                                                                                       : "";
      if (sign.empty()) return left;
      at_ += sign.size();
      const std::optional<Value> right = Power();
      if (!right || !IsNumber(*left) || !IsNumber(*right)) return std::nullopt;
      left = Multiplied(*left, *right, sign);
    }
    return left;
  }
  static std::optional<Value> Multiplied(const Value& left, const Value& right, std::string_view sign) {
    const bool whole = left.kind == Value::Kind::kWhole && right.kind == Value::Kind::kWhole;
    if (sign == "*") {
      return whole ? WholeValue(internal::SaturatingMultiply(left.whole, right.whole))
                   : RealValue(left.real * right.real);
    }
    if (right.real == 0 || (!whole && sign == "%")) return std::nullopt;
    if (sign == "/") return RealValue(left.real / right.real);
    if (!whole) return RealValue(std::floor(left.real / right.real));
    if (left.whole < 0 || right.whole < 0) return std::nullopt;
    return WholeValue(sign == "%" ? left.whole % right.whole : left.whole / right.whole);
  }

  std::optional<Value> Power() {
    if (++depth_ > kDeepest) return std::nullopt;
    std::optional<Value> base = Atom();
    if (base && Take("**")) {
      const std::optional<Value> exponent = Power();
      const bool whole = exponent && base->kind == Value::Kind::kWhole &&
                         exponent->kind == Value::Kind::kWhole && exponent->whole >= 0;
      base = whole ? std::optional<Value>(WholeValue(PowerOf(base->whole, exponent->whole))) : std::nullopt;
    }
    --depth_;
    return base;
  }

  std::optional<Value> Atom() {
    Space();
    if (at_ >= text_.size()) return std::nullopt;
    const char c = text_[at_];
    if (c == '(') {
      ++at_;
      std::optional<Value> value = Sum();
      return Take(")") ? value : std::nullopt;
    }
    if (c == '-') {
      ++at_;
      const std::optional<Value> value = Power();
      if (!value || !IsNumber(*value)) return std::nullopt;
      return value->kind == Value::Kind::kReal ? RealValue(-value->real)
                                               : WholeValue(internal::SaturatingMultiply(value->whole, -1));
    }
    if (IsDigit(c) || c == '.') return Number();
    if (c == '"' || c == '\'') return Strings(false);
    const bool marked =
        (c == 'f' || c == 'r') && at_ + 1 < text_.size() && (text_[at_ + 1] == '"' || text_[at_ + 1] == '\'');
    if (marked) {
      ++at_;
      return Strings(c == 'f');
    }
    return Named();
  }

  std::optional<Value> Number() {
    std::string digits;
    bool whole = true;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      const bool sign =
          (c == '-' || c == '+') && !digits.empty() && (digits.back() == 'e' || digits.back() == 'E');
      if (c == '_') continue;
      if (!IsDigit(c) && c != '.' && c != 'e' && c != 'E' && !sign) break;
      whole = whole && IsDigit(c);
      digits += c;
    }
    if (at_ < text_.size() && IsNameChar(text_[at_])) return std::nullopt;
    if (!whole) {
      size_t length = 0;
      const double real = ReadDecimal(digits, &length);
      return length == digits.size() ? std::optional<Value>(RealValue(real)) : std::nullopt;
    }
    int64_t number = 0;
    for (const char digit : digits)
      number = internal::SaturatingAdd(internal::SaturatingMultiply(number, 10), digit - '0');
    return WholeValue(number);
  }

  // Strings that stand side by side are one.
  std::optional<Value> Strings(bool formatted) {
    Value all;
    while (at_ < text_.size()) {
      const size_t begin = at_;
      at_ = SkipString(text_, at_);
      std::string_view inner = text_.substr(begin, at_ - begin);
      const size_t quotes = inner.starts_with("\"\"\"") || inner.starts_with("'''") ? 3 : 1;
      if (inner.size() < 2 * quotes || inner.back() != inner[0]) return std::nullopt;
      inner = inner.substr(quotes, inner.size() - 2 * quotes);
      const std::optional<std::string> part = formatted ? Filled(inner) : std::string(inner);
      if (!part || all.text.size() + part->size() > kLongestValue) return std::nullopt;
      all.text += *part;
      Space();
      formatted =
          at_ + 1 < text_.size() && text_[at_] == 'f' && (text_[at_ + 1] == '"' || text_[at_ + 1] == '\'');
      if (formatted) ++at_;
      if (at_ >= text_.size() || (text_[at_] != '"' && text_[at_] != '\'')) break;
    }
    return all;
  }

  // An f-string's text: what stands in braces is worked out, without its format.
  std::optional<std::string> Filled(std::string_view inner) {
    std::string text;
    for (size_t i = 0; i < inner.size(); ++i) {
      if (inner[i] != '{') {
        text += inner[i];
        continue;
      }
      const size_t close = inner.find('}', i);
      if (close == std::string_view::npos) return std::nullopt;
      std::string_view what = inner.substr(i + 1, close - i - 1);
      what = what.substr(0, what.find_first_of(":!"));
      const std::optional<Value> value = Evaluator(script_, before_, depth_ + 1, names_).Evaluate(what);
      if (!value) return std::nullopt;
      text += TextOf(*value);
      i = close;
      if (text.size() > kLongestValue) return std::nullopt;
    }
    return text;
  }

  std::optional<Value> Named() {
    const size_t begin = at_;
    while (at_ < text_.size() && (IsNameChar(text_[at_]) || text_[at_] == '.')) ++at_;
    const std::string_view name = text_.substr(begin, at_ - begin);
    if (name.empty()) return std::nullopt;
    if (Take("(")) return Called(name);
    if (name.find('.') != std::string_view::npos || depth_ >= kDeepest || --*names_ < 0) return std::nullopt;
    const std::optional<size_t> place = FindAssigned(script_, name, before_);
    if (!place) return std::nullopt;
    const size_t end = EndOfValue(*place);
    return Evaluator(script_, *place, depth_ + 1, names_).Evaluate(script_.substr(*place, end - *place));
  }

  // To the end of the line, without its comment; of the brackets where one is open.
  size_t EndOfValue(size_t at) const {
    int depth = 0;
    while (at < script_.size()) {
      const char c = script_[at];
      if (c == '"' || c == '\'') {
        at = SkipString(script_, at);
        continue;
      }
      if (c == '(' || c == '[' || c == '{') ++depth;
      if (c == ')' || c == ']' || c == '}') --depth;
      if (depth < 0 || (depth == 0 && (c == '\n' || c == '#' || c == ';'))) break;
      ++at;
    }
    return at;
  }

  std::optional<Value> Called(std::string_view name) {
    std::vector<Value> arguments;
    while (!Take(")")) {
      const std::optional<Value> argument = Sum();
      if (!argument || arguments.size() >= 8) return std::nullopt;
      arguments.push_back(*argument);
      if (Take(",")) continue;
      if (Take(")")) break;
      return std::nullopt;
    }
    if (arguments.empty()) return std::nullopt;
    if (name == "os.environ.get" || name == "os.getenv" || name == "getenv")
      return arguments.size() == 2 ? std::optional<Value>(arguments[1]) : std::nullopt;
    if (name == "str") return Value{Value::Kind::kText, 0, 0, TextOf(arguments[0])};
    if (name == "int" || name == "float" || name == "round") return Converted(name, arguments[0]);
    if (name != "min" && name != "max") return std::nullopt;
    Value best = arguments[0];
    for (const Value& one : arguments) {
      if (!IsNumber(one)) return std::nullopt;
      if (name == "min" ? one.real < best.real : one.real > best.real) best = one;
    }
    return IsNumber(best) ? std::optional<Value>(best) : std::nullopt;
  }
  static std::optional<Value> Converted(std::string_view name, const Value& from) {
    double real = from.real;
    if (!IsNumber(from)) {
      const std::string_view digits = Trim(from.text);
      size_t length = 0;
      real = ReadDecimal(digits, &length);
      if (length == 0 || length != digits.size()) return std::nullopt;
    }
    if (name == "float") return RealValue(real);
    if (from.kind == Value::Kind::kWhole) return from;
    if (!(std::fabs(real) < 9e15)) return std::nullopt;
    return WholeValue(static_cast<int64_t>(name == "round" ? std::nearbyint(real) : std::trunc(real)));
  }

  std::string_view script_, text_;
  size_t before_, at_ = 0;
  int depth_;
  int* names_;  // left to look up
};

// `separator` stands between a name and its value.
std::optional<std::vector<PythonArgument>> ReadNamed(std::string_view text, size_t open, char separator) {
  std::vector<PythonArgument> arguments;
  size_t at = open + 1, begin = at;
  size_t equals = std::string_view::npos;
  int depth = 0;
  const auto take = [&](size_t end) {
    const std::string_view whole = text.substr(begin, end - begin);
    if (!Trim(whole).empty() && arguments.size() < kMostArgumentsOfCall) {
      PythonArgument argument;
      size_t value = begin;
      if (equals != std::string_view::npos) {
        const std::string_view name = Trim(text.substr(begin, equals - begin));
        argument.name = std::string(IsQuoted(name) ? name.substr(1, name.size() - 2) : name);
        value = equals + 1;
      }
      size_t first = value;
      while (first < end &&
             (text[first] == ' ' || text[first] == '\n' || text[first] == '\t' || text[first] == '\r'))
        ++first;
      argument.begin = begin;
      while (argument.begin < end &&
             std::string_view(" \n\t\r").find(text[argument.begin]) != std::string_view::npos)
        ++argument.begin;
      argument.value_begin = first;
      argument.end = first + Trim(text.substr(first, end - first)).size();
      argument.value = PythonValue(text, text.substr(first, end - first));
      arguments.push_back(std::move(argument));
    }
    begin = end + 1;
    equals = std::string_view::npos;
  };
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"' || c == '\'') {
      at = SkipString(text, at);
      continue;
    }
    if (c == '#') {
      // A comment is no part of the argument behind it.
      const size_t end = std::min(text.find('\n', at), text.size());
      if (Trim(text.substr(begin, at - begin)).empty()) begin = end;
      at = end;
      continue;
    }
    if (c == '(' || c == '[' || c == '{') ++depth;
    if (c == ')' || c == ']' || c == '}') {
      if (depth == 0) {
        take(at);
        return arguments;
      }
      --depth;
    }
    if (c == ',' && depth == 0) take(at);
    const bool assigns = c == separator && depth == 0 && equals == std::string_view::npos &&
                         (at + 1 >= text.size() || text[at + 1] != '=');
    if (assigns) equals = at;
    ++at;
  }
  return std::nullopt;
}

}  // namespace

std::optional<size_t> FindAssigned(std::string_view text, std::string_view name, size_t before) {
  std::optional<size_t> found;
  if (name.empty()) return found;
  constexpr int kMostLooked = 4096;
  size_t at = text.find(name);
  for (int i = 0; i < kMostLooked && at < before && at != std::string_view::npos;
       ++i, at = text.find(name, at + 1)) {
    const bool starts = at == 0 || text[at - 1] == '\n' || text[at - 1] == ' ' || text[at - 1] == '\t';
    size_t after = at + name.size();
    if (!starts || (after < text.size() && IsNameChar(text[after]))) continue;
    while (after < text.size() && text[after] == ' ') ++after;
    // MODEL: str = "…"
    if (after < text.size() && text[after] == ':') {
      const size_t equal = text.find_first_of("=\n", after);
      if (equal == std::string_view::npos || text[equal] == '\n') continue;
      after = equal;
    }
    if (after + 1 >= text.size() || text[after] != '=' || text[after + 1] == '=') continue;
    ++after;
    while (after < text.size() && text[after] == ' ') ++after;
    found = after;
  }
  return found;
}

std::string PythonValue(std::string_view text, std::string_view value) {
  const size_t before = value.data() >= text.data() && value.data() <= text.data() + text.size()
                            ? static_cast<size_t>(value.data() - text.data())
                            : text.size();
  value = Trim(value);
  if (IsQuoted(value)) return std::string(value.substr(1, value.size() - 2));
  // What is no sum stays as it was written: 0.90, 1e-3.
  const bool plain = value.find_first_not_of("0123456789.eE") == std::string_view::npos;
  if (!plain) {
    int names = kMostNames;
    if (const std::optional<Value> result = Evaluator(text, before, 0, &names).Evaluate(value))
      return TextOf(*result);
  }
  // A name for something else: a list, a dictionary, True.
  std::string_view meant = value;
  for (int depth = 0; depth < 4; ++depth) {
    const bool name =
        !meant.empty() && !IsDigit(meant[0]) && std::all_of(meant.begin(), meant.end(), IsNameChar);
    const std::optional<size_t> place = name ? FindAssigned(text, meant, before) : std::nullopt;
    if (!place) break;
    size_t end = std::min(text.find('\n', *place), text.size());
    if (text[*place] == '{' || text[*place] == '[') {
      int open = 0;
      for (size_t i = *place; i < text.size(); ++i) {
        if (text[i] == '{' || text[i] == '[') ++open;
        if (text[i] == '}' || text[i] == ']') --open;
        if (open > 0) continue;
        end = i + 1;
        break;
      }
    }
    meant = Trim(text.substr(*place, end - *place));
    meant = meant.substr(0, meant.find(" #"));
  }
  return std::string(meant);
}

std::optional<std::vector<PythonArgument>> ReadArguments(std::string_view text, size_t open) {
  return ReadNamed(text, open, '=');
}
std::optional<std::vector<PythonArgument>> ReadMembers(std::string_view text, size_t open) {
  return ReadNamed(text, open, ':');
}

}  // namespace plimsoll
