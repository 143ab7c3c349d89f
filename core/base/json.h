// JSON as a plain value with total accessors. json.cc is the only file that includes nlohmann/json; nothing
// here throws.
//
// Objects keep the order in which keys were written, so what we print is stable and identical in both builds.
// Numbers keep their kind: a whole number that fits 64 bits is an integer, everything else a double. Text is
// limited before it is parsed (bytes, depth, number of values), so hostile input costs a bounded amount of
// memory and time.
#ifndef PLIMSOLL_CORE_BASE_JSON_H_
#define PLIMSOLL_CORE_BASE_JSON_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace plimsoll {

struct JsonLimits {
  int64_t max_bytes = int64_t{16} << 20;
  int max_depth = 64;
  int64_t max_values = 2000000;
};

class Json {
 public:
  enum class Type : uint8_t { kNull, kBool, kInt, kDouble, kString, kArray, kObject };
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  Json() = default;
  Json(bool value) : type_(Type::kBool), int_(value ? 1 : 0) {}                 // NOLINT
  Json(int value) : type_(Type::kInt), int_(value) {}                           // NOLINT
  Json(int64_t value) : type_(Type::kInt), int_(value) {}                       // NOLINT
  Json(double value) : type_(Type::kDouble), double_(value) {}                  // NOLINT
  Json(std::string value) : type_(Type::kString), string_(std::move(value)) {}  // NOLINT
  Json(std::string_view value) : Json(std::string(value)) {}                    // NOLINT
  Json(const char* value) : Json(std::string(value)) {}                         // NOLINT
  static Json MakeArray() { return Json(Type::kArray); }
  static Json MakeObject() { return Json(Type::kObject); }

  // Parses a whole text. The error's field is `where`.
  static Result<Json> Parse(std::string_view text, std::string_view where, const JsonLimits& limits = {});

  Type type() const { return type_; }
  bool is_null() const { return type_ == Type::kNull; }
  bool is_bool() const { return type_ == Type::kBool; }
  bool is_int() const { return type_ == Type::kInt; }
  bool is_number() const { return type_ == Type::kInt || type_ == Type::kDouble; }
  bool is_string() const { return type_ == Type::kString; }
  bool is_array() const { return type_ == Type::kArray; }
  bool is_object() const { return type_ == Type::kObject; }

  // Nothing when the value has another type. AsInt accepts a double that is whole and within 2^53.
  std::optional<bool> AsBool() const;
  std::optional<int64_t> AsInt() const;
  std::optional<double> AsDouble() const;
  // Empty unless a string.
  const std::string& AsString() const { return string_; }
  // Empty unless an array or object.
  const Array& items() const { return array_; }
  const Object& members() const { return object_; }

  // nullptr when this is no object or has no such key (the last one wins if a key stands twice).
  const Json* Find(std::string_view key) const;
  bool Has(std::string_view key) const { return Find(key) != nullptr; }
  // Appends or replaces; makes this an object / array first if it is null.
  Json& Set(std::string_view key, Json value);
  Json& Append(Json value);
  // Appends a member without looking whether the key is there already: for writers that know their keys.
  Json& AppendMember(std::string key, Json value);

  // Compact when indent is 0. Doubles print in the shortest form that reads back the same; NaN and infinity
  // as null.
  std::string Dump(int indent = 0) const;

  friend bool operator==(const Json& a, const Json& b);
  friend bool operator!=(const Json& a, const Json& b) { return !(a == b); }

 private:
  explicit Json(Type type) : type_(type) {}

  Type type_ = Type::kNull;
  int64_t int_ = 0;
  double double_ = 0;
  std::string string_;
  Array array_;
  Object object_;
};

// A list of texts.
Json TextsJson(const std::vector<std::string>& texts);

// The shortest decimal text that reads back as the same double; "null" for NaN and infinity.
std::string FormatDouble(double value);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_BASE_JSON_H_
