#include "core/base/json_members.h"

namespace plimsoll {
namespace {

const Json& MemberOf(const Json& object, std::string_view key) {
  static const Json kNothing;
  const Json* value = object.Find(key);
  return value != nullptr ? *value : kNothing;
}

}  // namespace

const std::string& TextIn(const Json& object, std::string_view key) {
  return MemberOf(object, key).AsString();
}

double NumberIn(const Json& object, std::string_view key) {
  return MemberOf(object, key).AsDouble().value_or(0);
}

int64_t CountIn(const Json& object, std::string_view key) {
  return MemberOf(object, key).AsInt().value_or(0);
}

bool SwitchIn(const Json& object, std::string_view key) {
  return MemberOf(object, key).AsBool().value_or(false);
}

const Json::Array& ItemsIn(const Json& object, std::string_view key) {
  static const Json::Array kNone;
  const Json& value = MemberOf(object, key);
  return value.is_array() ? value.items() : kNone;
}

std::vector<std::string> TextsIn(const Json& object, std::string_view key) {
  std::vector<std::string> texts;
  for (const Json& item : ItemsIn(object, key)) texts.push_back(item.AsString());
  return texts;
}

}  // namespace plimsoll
