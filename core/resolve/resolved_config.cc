#include "core/resolve/resolved_config.h"

#include "core/config/config_keys.h"
#include "core/config/config_value.h"
#include "core/resolve/resolved_keys.h"

namespace plimsoll {

std::vector<std::string_view> DefaultedKeys(const Resolved& resolved) {
  std::vector<std::string_view> keys;
  for (const ConfigKey& key : ConfigKeys()) {
    if (Takes(*resolved.engine, key) && !IsConfigValueGiven(*resolved.config, key)) keys.push_back(key.json);
  }
  return keys;
}

Json ResolvedConfigJson(const Resolved& resolved) {
  Json json = Json::MakeObject();
  for (const ConfigKey& key : ConfigKeys()) json.Set(key.json, ResolvedValue(resolved, key));
  return json;
}

}  // namespace plimsoll
