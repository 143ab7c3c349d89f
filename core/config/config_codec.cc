#include "core/config/config_codec.h"

#include "core/base/text.h"
#include "core/config/config_keys.h"
#include "core/config/config_value.h"

namespace plimsoll {
namespace {

std::vector<std::string_view> JsonNames() {
  std::vector<std::string_view> names;
  for (const ConfigKey& key : ConfigKeys()) names.push_back(key.json);
  return names;
}

}  // namespace

Diagnostic UnknownKey(std::string_view name, const std::vector<std::string_view>& candidates) {
  const std::string_view nearest = Nearest(name, candidates);
  return Diagnostic{"unknown_key", Severity::kInfo, Quoted(name) + " is not a key that this version knows.",
                    nearest.empty() ? "" : "Did you mean " + Quoted(nearest) + "?"};
}

Result<DecodedConfig> DecodeConfigJson(const Json& value) {
  if (!value.is_object())
    return Error{"config", GivenText(value), "an object with the keys of a configuration"};
  DecodedConfig decoded;
  for (const Json::Member& member : value.members()) {
    const ConfigKey* key = FindConfigKey(member.first);
    if (!key) {
      if (decoded.diagnostics.size() < kMostUnknownKeys) {
        decoded.diagnostics.push_back(UnknownKey(member.first, JsonNames()));
      }
      continue;
    }
    if (auto error = SetConfigValue(*key, member.second, &decoded.config)) return *error;
  }
  return decoded;
}

Result<DecodedConfig> DecodeConfigJsonText(std::string_view text) {
  Result<Json> value = Json::Parse(text, "config", kInlineLimits);
  if (!value.ok()) return value.error();
  return DecodeConfigJson(*value);
}

Json EncodeConfigJson(const Config& config) {
  Json object = Json::MakeObject();
  for (const ConfigKey& key : ConfigKeys()) {
    if (IsConfigValueGiven(config, key)) object.Set(key.json, GetConfigValue(config, key));
  }
  return object;
}

}  // namespace plimsoll
