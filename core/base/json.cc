#include "core/base/json.h"

#include <algorithm>
#include <cmath>

#include "core/base/decimal.h"
#include "core/base/mistaken_bytes.h"
#include "core/base/text.h"
#include "nlohmann/json.hpp"

namespace plimsoll {

namespace {

constexpr size_t kFirstMembers = 8;  // room in an object that gets its first: most have a few

// Builds our value from nlohmann's parser events. Returning false stops the parser, which bounds depth and
// size.
class Builder {
 public:
  explicit Builder(const JsonLimits& limits) : limits_(limits) {}

  using number_integer_t = nlohmann::json::number_integer_t;
  using number_unsigned_t = nlohmann::json::number_unsigned_t;
  using number_float_t = nlohmann::json::number_float_t;
  using string_t = nlohmann::json::string_t;
  using binary_t = nlohmann::json::binary_t;

  bool null() { return Add(Json()); }
  bool boolean(bool value) { return Add(Json(value)); }
  bool number_integer(number_integer_t value) { return Add(Json(static_cast<int64_t>(value))); }
  bool number_unsigned(number_unsigned_t value) {
    if (value > static_cast<number_unsigned_t>(INT64_MAX)) return Add(Json(static_cast<double>(value)));
    return Add(Json(static_cast<int64_t>(value)));
  }
  bool number_float(number_float_t value, const string_t& /*text*/) { return Add(Json(value)); }
  bool string(string_t& value) { return Add(Json(std::move(value))); }
  bool binary(binary_t& /*value*/) { return Refuse("binary data"); }
  bool start_object(std::size_t /*elements*/) { return Open(Json::MakeObject()); }
  bool start_array(std::size_t /*elements*/) { return Open(Json::MakeArray()); }
  bool key(string_t& value) {
    keys_.back() = std::move(value);
    return true;
  }
  bool end_object() { return Close(); }
  bool end_array() { return Close(); }
  bool parse_error(std::size_t position, const std::string& token,
                   const nlohmann::json::exception& /*error*/) {
    stopped_at_ = position;
    token_ = token;
    return false;
  }

  Json TakeRoot() { return std::move(root_); }
  const std::string& problem() const { return problem_; }
  size_t stopped_at() const { return stopped_at_; }    // bytes read until the text was no JSON any more
  const std::string& token() const { return token_; }  // the last word that was read, escaped

 private:
  bool Refuse(const char* problem) {
    problem_ = problem;
    return false;
  }

  bool Add(Json&& value) {
    if (++values_ > limits_.max_values) return Refuse("more values than allowed");
    if (open_.empty()) {
      root_ = std::move(value);
      return true;
    }
    Attach(std::move(value));
    return true;
  }

  void Attach(Json&& value) {
    Json& parent = open_.back();
    if (parent.is_object()) {
      parent.AppendMember(std::move(keys_.back()), std::move(value));
    } else {
      parent.Append(std::move(value));
    }
  }

  bool Open(Json&& container) {
    if (++values_ > limits_.max_values) return Refuse("more values than allowed");
    if (static_cast<int>(open_.size()) >= limits_.max_depth) return Refuse("deeper nesting than allowed");
    open_.push_back(std::move(container));
    keys_.emplace_back();
    return true;
  }

  bool Close() {
    Json done = std::move(open_.back());
    open_.pop_back();
    keys_.pop_back();
    if (open_.empty()) {
      root_ = std::move(done);
    } else {
      Attach(std::move(done));
    }
    return true;
  }

  JsonLimits limits_;
  int64_t values_ = 0;
  std::vector<Json> open_;         // containers being filled, outermost first
  std::vector<std::string> keys_;  // the key that the next value of each gets
  Json root_;
  std::string problem_;
  size_t stopped_at_ = 0;
  std::string token_;
};

// Python's json module writes float('inf') and float('nan') as bare words, which JSON does not have. They
// become strings: where a number is read they are refused as what they are, elsewhere they do no harm.
std::string QuoteBareNumbers(std::string_view text) {
  constexpr std::string_view kWords[] = {"-Infinity", "Infinity", "NaN"};
  std::string out;
  out.reserve(text.size() + 64);
  bool in_string = false;
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (in_string && c == '\\' && i + 1 < text.size()) {
      out.append(text.substr(i, 2));
      i += 2;
      continue;
    }
    if (c == '"') in_string = !in_string;
    std::string_view found;
    for (const std::string_view word : kWords) {
      if (!in_string && found.empty() && text.substr(i, word.size()) == word) found = word;
    }
    if (found.empty()) {
      out.push_back(c);
      ++i;
      continue;
    }
    out.append("\"").append(found).append("\"");
    i += found.size();
  }
  return out;
}

// Where in `text` it stands what QuoteBareNumbers has put at `quoted_at`: the two differ by two quotes a word.
size_t PlaceBeforeQuoting(std::string_view text, size_t quoted_at) {
  size_t low = 0, high = std::min(text.size(), quoted_at);
  while (low < high) {
    const size_t middle = (low + high + 1) / 2;
    if (QuoteBareNumbers(text.substr(0, middle)).size() <= quoted_at) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

bool HasBareNumber(std::string_view text) {
  return text.find("Infinity") != std::string_view::npos || text.find("NaN") != std::string_view::npos;
}

// What a text is that somebody took for JSON. Nothing that we know: no words.
Mistaken KnownText(std::string_view text) {
  if (std::optional<Mistaken> mistaken = MistakenBytes(text)) return *std::move(mistaken);
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {"nothing but white space", ""};
  if (text[first] == '<')
    return {"text with tags, as HTML and XML have (save the raw file, not a page that shows it)", ""};
  return {};
}

// Where the word begins that was not expected: the parser stops behind it.
size_t WordStart(std::string_view text, size_t stopped_at, std::string_view token) {
  // Of other words than strings the parser hands over what stands before them, too.
  const bool is_string = token.size() > 1 && token[0] == '"' && token.find('"', 1) == token.size() - 1;
  const bool whole = is_string && stopped_at < text.size() && token.size() <= stopped_at &&
                     text.substr(stopped_at - token.size(), token.size()) == token;
  if (whole) return stopped_at - token.size();
  return std::min(stopped_at > 0 ? stopped_at - 1 : 0, text.size());
}

// Where a text stops being JSON: by line and column, with what stands there.
std::string Place(std::string_view text, size_t at) {
  size_t line = 1, start = 0;
  for (size_t i = 0; i < at; ++i) {
    if (text[i] != '\n') continue;
    ++line;
    start = i + 1;
  }
  std::string place = "text that stops being JSON at line " + std::to_string(line) + ", column " +
                      std::to_string(at - start + 1);
  if (at >= text.size()) return place + ", where it ends";
  return place + ", at " + Quoted(text.substr(at, std::min<size_t>(24, text.find('\n', at) - at)));
}

// What is no UTF-8 prints as U+FFFD, so that what we print is always JSON.
void AppendEscaped(std::string_view text, std::string* out) {
  out->push_back('"');
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const unsigned char byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) {
      const size_t length = Utf8Length(text.substr(i));
      if (length == 0) {
        *out += "\xef\xbf\xbd";
      } else {
        out->append(text.substr(i, length));
        i += length - 1;
      }
      continue;
    }
    switch (c) {
      case '"':
        *out += "\\\"";
        break;
      case '\\':
        *out += "\\\\";
        break;
      case '\n':
        *out += "\\n";
        break;
      case '\r':
        *out += "\\r";
        break;
      case '\t':
        *out += "\\t";
        break;
      default:
        if (byte < 0x20) {
          constexpr char kHex[] = "0123456789abcdef";
          *out += "\\u00";
          *out += {kHex[byte / 16], kHex[byte % 16]};
        } else {
          out->push_back(c);
        }
    }
  }
  out->push_back('"');
}

void NewLine(int indent, int depth, std::string* out) {
  if (indent == 0) return;
  out->push_back('\n');
  out->append(static_cast<size_t>(indent) * static_cast<size_t>(depth), ' ');
}

void Write(const Json& value, int indent, int depth, std::string* out);

void WriteArray(const Json& value, int indent, int depth, std::string* out) {
  out->push_back('[');
  bool first = true;
  for (const Json& item : value.items()) {
    if (!first) out->push_back(',');
    first = false;
    NewLine(indent, depth + 1, out);
    Write(item, indent, depth + 1, out);
  }
  if (!first) NewLine(indent, depth, out);
  out->push_back(']');
}

void WriteObject(const Json& value, int indent, int depth, std::string* out) {
  out->push_back('{');
  bool first = true;
  for (const Json::Member& member : value.members()) {
    if (!first) out->push_back(',');
    first = false;
    NewLine(indent, depth + 1, out);
    AppendEscaped(member.first, out);
    *out += indent == 0 ? ":" : ": ";
    Write(member.second, indent, depth + 1, out);
  }
  if (!first) NewLine(indent, depth, out);
  out->push_back('}');
}

void Write(const Json& value, int indent, int depth, std::string* out) {
  switch (value.type()) {
    case Json::Type::kNull:
      *out += "null";
      return;
    case Json::Type::kBool:
      *out += *value.AsBool() ? "true" : "false";
      return;
    case Json::Type::kInt:
      *out += std::to_string(*value.AsInt());
      return;
    case Json::Type::kDouble:
      *out += FormatDouble(*value.AsDouble());
      return;
    case Json::Type::kString:
      AppendEscaped(value.AsString(), out);
      return;
    case Json::Type::kArray:
      WriteArray(value, indent, depth, out);
      return;
    case Json::Type::kObject:
      WriteObject(value, indent, depth, out);
      return;
  }
}

}  // namespace

Result<Json> Json::Parse(std::string_view text, std::string_view where, const JsonLimits& limits) {
  const Error error{std::string(where), "", "JSON of at most " + std::to_string(limits.max_bytes) + " bytes"};
  if (static_cast<int64_t>(text.size()) > limits.max_bytes) {
    return Error{error.field, std::to_string(text.size()) + " bytes", error.accepted};
  }
  Builder builder(limits);
  if (nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) return builder.TakeRoot();
  if (!builder.problem().empty()) return Error{error.field, builder.problem(), error.accepted};
  size_t place = WordStart(text, builder.stopped_at(), builder.token());
  if (HasBareNumber(text)) {
    const std::string quoted = QuoteBareNumbers(text);
    Builder again(limits);
    if (nlohmann::json::sax_parse(quoted.begin(), quoted.end(), &again)) return again.TakeRoot();
    if (!again.problem().empty()) return Error{error.field, again.problem(), error.accepted};
    place = WordStart(text, PlaceBeforeQuoting(text, again.stopped_at()), again.token());
  }
  const Mistaken known = KnownText(text);
  if (known.what.empty()) return Error{error.field, Place(text, place), error.accepted};
  return Error{error.field, known.what, known.instead.empty() ? error.accepted : known.instead};
}

std::optional<bool> Json::AsBool() const {
  if (type_ != Type::kBool) return std::nullopt;
  return int_ != 0;
}

std::optional<int64_t> Json::AsInt() const {
  if (type_ == Type::kInt) return int_;
  constexpr double kExact =
      9007199254740992.0;  // 2^53: beyond it a double may not be the number that was written
  if (type_ == Type::kDouble && double_ == std::floor(double_) && std::fabs(double_) <= kExact) {
    return static_cast<int64_t>(double_);
  }
  return std::nullopt;
}

std::optional<double> Json::AsDouble() const {
  if (type_ == Type::kInt) return static_cast<double>(int_);
  if (type_ == Type::kDouble) return double_;
  return std::nullopt;
}

const Json* Json::Find(std::string_view key) const {
  for (auto member = object_.rbegin(); member != object_.rend(); ++member) {
    if (member->first == key) return &member->second;
  }
  return nullptr;
}

Json& Json::Set(std::string_view key, Json value) {
  if (type_ == Type::kNull) type_ = Type::kObject;
  for (auto member = object_.rbegin(); member != object_.rend(); ++member) {
    if (member->first == key) {
      member->second = std::move(value);
      return *this;
    }
  }
  object_.push_back(Member(std::string(key), std::move(value)));
  return *this;
}

Json& Json::AppendMember(std::string key, Json value) {
  if (type_ == Type::kNull) type_ = Type::kObject;
  if (object_.empty()) object_.reserve(kFirstMembers);
  object_.emplace_back(std::move(key), std::move(value));
  return *this;
}

Json& Json::Append(Json value) {
  if (type_ == Type::kNull) type_ = Type::kArray;
  array_.push_back(std::move(value));
  return *this;
}

std::string Json::Dump(int indent) const {
  std::string out;
  Write(*this, indent, 0, &out);
  return out;
}

bool operator==(const Json& a, const Json& b) {
  // 8.0 prints as "8" and reads back as an integer: the same number all the same.
  if (a.is_number() && b.is_number() && a.type_ != b.type_) return a.AsDouble() == b.AsDouble();
  if (a.type_ != b.type_) return false;
  return a.int_ == b.int_ && a.double_ == b.double_ && a.string_ == b.string_ && a.array_ == b.array_ &&
         a.object_ == b.object_;
}

Json TextsJson(const std::vector<std::string>& texts) {
  Json list = Json::MakeArray();
  for (const std::string& text : texts) list.Append(text);
  return list;
}

std::string FormatDouble(double value) {
  if (!std::isfinite(value)) return "null";
  std::string text;
  for (int digits = 15; digits <= 17; ++digits) {
    text = GeneralDecimal(value, digits);
    size_t length = 0;
    if (ReadDecimal(text, &length) == value) break;
  }
  return text;
}

}  // namespace plimsoll
