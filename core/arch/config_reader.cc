#include "core/arch/config_reader.h"

#include <utility>

namespace plimsoll {

namespace {

const Json& NullJson() {
  static const Json null;
  return null;
}

std::string RangeText(int64_t least, int64_t most) {
  return "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
}

std::string Shown(const Json& value) {
  if (value.is_array()) return "an array of " + std::to_string(value.items().size());
  if (value.is_object()) return "an object";
  return Quoted(value.is_string() ? value.AsString() : value.Dump());
}

}  // namespace

std::string ConfigReader::Path(std::string_view key) const {
  std::string path = where_;
  if (!path.empty()) path += '.';
  path += key;
  return path;
}

void ConfigReader::Fail(std::string_view key, std::string given, std::string accepted) {
  if (error_->has_value()) return;
  *error_ = Error{Path(key), std::move(given), std::move(accepted)};
}

void ConfigReader::Refuse(std::string_view key, std::string accepted) {
  const Json* value = Find(key);
  Fail(key, value == nullptr ? "nothing" : Shown(*value), std::move(accepted));
}

const Json* ConfigReader::Find(std::string_view key) const {
  const Json* value = object_->Find(key);
  if (value == nullptr || value->is_null()) return nullptr;
  if (read_ != nullptr) read_->push_back(value);
  return value;
}

void ConfigReader::Inert(Keys keys) {
  for (const std::string_view key : keys) Find(key);
}

std::optional<int64_t> ConfigReader::Checked(std::string_view key, const Json& value, int64_t least,
                                             int64_t most) {
  const std::optional<int64_t> number = value.AsInt();
  if (number.has_value() && *number >= least && *number <= most) return number;
  Fail(key, Shown(value), RangeText(least, most));
  return std::nullopt;
}

int64_t ConfigReader::Int(std::string_view key, int64_t fallback, int64_t least, int64_t most) {
  const Json* value = Find(key);
  if (value == nullptr) return fallback;
  return Checked(key, *value, least, most).value_or(least);
}

int64_t ConfigReader::Int(Keys keys, int64_t fallback, int64_t least, int64_t most) {
  for (const std::string_view key : keys) {
    if (Has(key)) return Int(key, fallback, least, most);
  }
  return fallback;
}

int64_t ConfigReader::Required(std::string_view key, int64_t least, int64_t most) {
  return Required({key}, least, most);
}

int64_t ConfigReader::Required(Keys keys, int64_t least, int64_t most) {
  for (const std::string_view key : keys) {
    if (Has(key)) return Int(key, least, least, most);
  }
  Fail(*keys.begin(), "nothing", RangeText(least, most));
  return least;
}

bool ConfigReader::Bool(std::string_view key, bool fallback) {
  const Json* value = Find(key);
  if (value == nullptr) return fallback;
  if (const std::optional<bool> flag = value->AsBool()) return *flag;
  Fail(key, Shown(*value), "true or false");
  return fallback;
}

double ConfigReader::Number(std::string_view key, double fallback, double least, double most) {
  const Json* value = Find(key);
  if (value == nullptr) return fallback;
  const std::optional<double> number = value->AsDouble();
  if (number.has_value() && *number >= least && *number <= most) return *number;
  Fail(key, Shown(*value), "a number from " + FormatDouble(least) + " to " + FormatDouble(most));
  return least;
}

std::string_view ConfigReader::Text(std::string_view key, std::string_view fallback) {
  const Json* value = Find(key);
  if (value == nullptr) return fallback;
  if (value->is_string()) return value->AsString();
  Fail(key, Shown(*value), "a string");
  return fallback;
}

ConfigReader ConfigReader::Object(std::string_view key) {
  const Json* value = Find(key);
  if (value == nullptr) return ConfigReader(&NullJson(), Path(key), error_, read_);
  if (!value->is_object()) {
    Fail(key, Shown(*value), "an object");
    return ConfigReader(&NullJson(), Path(key), error_, read_);
  }
  return ConfigReader(value, Path(key), error_, read_);
}

std::vector<int64_t> ConfigReader::Ints(std::string_view key, int64_t length, int64_t least, int64_t most) {
  const Json* value = Find(key);
  if (value == nullptr) return {};
  std::vector<int64_t> numbers;
  if (value->is_number()) {
    numbers.assign(static_cast<size_t>(length), Checked(key, *value, least, most).value_or(least));
    return numbers;
  }
  if (!value->is_array() || static_cast<int64_t>(value->items().size()) != length) {
    Fail(key, Shown(*value), "an array of " + std::to_string(length));
    return {};
  }
  numbers.reserve(static_cast<size_t>(length));
  for (const Json& item : value->items()) {
    if (item.is_bool()) {
      numbers.push_back(*item.AsBool() ? 1 : 0);
      continue;
    }
    const std::optional<int64_t> number = Checked(key, item, least, most);
    if (!number.has_value()) return {};
    numbers.push_back(*number);
  }
  return numbers;
}

std::vector<std::string_view> ConfigReader::Texts(std::string_view key, int64_t length) {
  const Json* value = Find(key);
  if (value == nullptr) return {};
  if (!value->is_array() || static_cast<int64_t>(value->items().size()) != length) {
    Fail(key, Shown(*value), "an array of " + std::to_string(length));
    return {};
  }
  std::vector<std::string_view> texts;
  texts.reserve(static_cast<size_t>(length));
  for (const Json& item : value->items()) {
    if (!item.is_string()) {
      Fail(key, Shown(item), "strings");
      return {};
    }
    texts.push_back(item.AsString());
  }
  return texts;
}

}  // namespace plimsoll
