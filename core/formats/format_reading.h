// What the readers of format objects and of published quantisation configs share. Internal to the format
// readers.
#ifndef PLIMSOLL_CORE_FORMATS_FORMAT_READING_H_
#define PLIMSOLL_CORE_FORMATS_FORMAT_READING_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/base/steps.h"
#include "core/formats/weight_format.h"

namespace plimsoll::format_reading {

constexpr size_t kMaxRules = 100000;  // ModelOpt lists every module of a model one by one
constexpr size_t kMaxSchemes = 64;
constexpr size_t kMaxPattern = 2000;  // characters
// States of the expressions of one list and their characters, some 80 ns each: a thousand long ones.
constexpr int64_t kMostCompiled = 150000;
constexpr std::string_view kSimplerPatterns = "fewer or simpler patterns";
constexpr int64_t kMaxGroup = 1 << 20;

std::string Field(std::string_view where, std::string_view key);
std::string Given(const Json& value);
Error BadField(std::string_view where, std::string_view key, const Json& value, std::string_view accepted);
bool IsSet(const Json* value);  // there, and not null
bool ReadFlag(const Json* value, bool fallback);

// Modules that stay plain, in the order given. Refuses what is no list of readable patterns.
std::optional<Error> AddExclusions(const Json* list, std::string_view where, std::string_view key,
                                   WeightFormat* format);

// A group size: a positive number, or -1 and 0 for one group per row.
std::optional<Error> ReadGroupSize(const Json* value, std::string_view where, std::string_view key,
                                   WeightScheme* scheme);
std::optional<Error> ReadBits(const Json* value, std::string_view where, std::string_view key, int32_t* bits);
std::optional<Error> ReadBlockSize(const Json* value, std::string_view where, std::string_view key,
                                   WeightScheme* scheme);

}  // namespace plimsoll::format_reading

#endif  // PLIMSOLL_CORE_FORMATS_FORMAT_READING_H_
