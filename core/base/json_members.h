// What stands at a key of a JSON object, or nothing of its kind where the key is absent or holds something else: for texts
// that our own writers made, whose readers have nothing to say about a gap. What people write is read with errors that
// name the field (arch/config_reader, config/config_keys).
#ifndef PLIMSOLL_CORE_BASE_JSON_MEMBERS_H_
#define PLIMSOLL_CORE_BASE_JSON_MEMBERS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"

namespace plimsoll {

const std::string& TextIn(const Json& object, std::string_view key);  // or an empty one
double NumberIn(const Json& object, std::string_view key);            // or 0
int64_t CountIn(const Json& object, std::string_view key);            // or 0
bool SwitchIn(const Json& object, std::string_view key);              // or false
const Json::Array& ItemsIn(const Json& object, std::string_view key);
std::vector<std::string> TextsIn(const Json& object, std::string_view key);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_BASE_JSON_MEMBERS_H_
