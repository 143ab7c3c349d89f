#include "core/formats/format_reading.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/base/module_pattern.h"

namespace plimsoll {
namespace format_reading {

std::string Field(std::string_view where, std::string_view key) {
  std::string field(where);
  if (!field.empty()) field += '.';
  return field.append(key);
}

std::string Given(const Json& value) { return Quoted(value.is_string() ? value.AsString() : value.Dump()); }

Error BadField(std::string_view where, std::string_view key, const Json& value, std::string_view accepted) {
  return Error{Field(where, key), Given(value), std::string(accepted)};
}

bool IsSet(const Json* value) { return value != nullptr && !value->is_null(); }

// Modules that stay plain, in the order given. Refuses what is no list of readable patterns.
std::optional<Error> AddExclusions(const Json* list, std::string_view where, std::string_view key,
                                   WeightFormat* format) {
  if (!IsSet(list)) return std::nullopt;
  const bool listed = list->is_array() && list->items().size() <= kMaxRules;
  if (!listed) return BadField(where, key, *list, "a list of module names");
  Steps steps(kMostCompiled);
  for (const Json& item : list->items()) {
    ModulePattern pattern;
    const bool usable = item.is_string() && item.AsString().size() <= kMaxPattern;
    const std::string text = usable ? item.AsString() : std::string();
    if (!usable || !pattern.Compile(text, &steps)) {
      if (steps.over()) return BadField(where, key, item, kSimplerPatterns);
      return BadField(where, key, item,
                      "module names, globs, or \"re:\" and an expression without look-around");
    }
    format->rules.push_back({text, 0, false});
  }
  format->rules_given = true;
  return std::nullopt;
}

bool ReadFlag(const Json* value, bool fallback) {
  if (value == nullptr) return fallback;
  return value->AsBool().value_or(fallback);
}

// A group size: a positive number, or -1 and 0 for one group per row.
std::optional<Error> ReadGroupSize(const Json* value, std::string_view where, std::string_view key,
                                   WeightScheme* scheme) {
  if (!IsSet(value)) return std::nullopt;
  const std::optional<int64_t> size = value->AsInt();
  if (!size || *size < -1 || *size > kMaxGroup) {
    return BadField(where, key, *value, "a whole number from 1 to 1048576, or -1 for one group per row");
  }
  scheme->group_size = std::max<int64_t>(*size, 0);
  return std::nullopt;
}

std::optional<Error> ReadBits(const Json* value, std::string_view where, std::string_view key,
                              int32_t* bits) {
  if (!IsSet(value)) return std::nullopt;
  const std::optional<int64_t> given = value->AsInt();
  if (!given || *given < 2 || *given > 8)
    return BadField(where, key, *value, "a whole number of bits from 2 to 8");
  *bits = static_cast<int32_t>(*given);
  return std::nullopt;
}

std::optional<Error> ReadBlockSize(const Json* value, std::string_view where, std::string_view key,
                                   WeightScheme* scheme) {
  if (!IsSet(value)) return std::nullopt;
  const bool pair = value->is_array() && value->items().size() == 2;
  const std::optional<int64_t> rows = pair ? value->items()[0].AsInt() : value->AsInt();
  const std::optional<int64_t> columns = pair ? value->items()[1].AsInt() : value->AsInt();
  const bool sane =
      rows && columns && *rows >= 1 && *columns >= 1 && *rows <= kMaxGroup && *columns <= kMaxGroup;
  if (!sane) return BadField(where, key, *value, "[rows, columns], each from 1 to 1048576");
  scheme->block_rows = *rows;
  scheme->block_columns = *columns;
  return std::nullopt;
}
}  // namespace format_reading

}  // namespace plimsoll
