#include "core/config/config_flags.h"

#include <optional>
#include <string_view>

#include "core/base/text.h"
#include "core/config/config_value.h"

namespace plimsoll {
namespace {

std::string JsonNameOfFlag(std::string_view name) {
  std::string json(name);
  for (char& c : json) {
    if (c == '-') c = '_';
  }
  return json;
}

Error UnknownFlag(std::string_view argument) {
  std::vector<std::string> flags;
  for (const ConfigKey& key : ConfigKeys()) flags.push_back(FlagName(key));
  const std::vector<std::string_view> views(flags.begin(), flags.end());
  const std::string_view nearest = Nearest(argument.substr(0, argument.find('=')), views);
  return Error{"flag", Quoted(argument),
               nearest.empty() ? "one of the flags that --help lists"
                               : std::string(nearest) + "; --help lists all flags"};
}

std::optional<Error> AsFlag(const ConfigKey& key, std::optional<Error> error) {
  if (error) error->field = FlagName(key) + error->field.substr(key.json.size());
  return error;
}

}  // namespace

std::string FlagName(const ConfigKey& key) {
  std::string flag = "--" + std::string(key.json);
  for (char& c : flag) {
    if (c == '_') c = '-';
  }
  return flag;
}

Result<Config> DecodeConfigFlags(const std::vector<std::string>& arguments) {
  Config config;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (!argument.starts_with("--")) return UnknownFlag(argument);
    const auto equals = argument.find('=');
    const std::string name =
        JsonNameOfFlag(argument.substr(2, equals == std::string::npos ? equals : equals - 2));
    const ConfigKey* key = FindConfigKey(name);
    const bool negated = !key && name.starts_with("no_");
    if (negated) key = FindConfigKey(std::string_view(name).substr(3));
    if (!key || (negated && (key->type != KeyType::kSwitch || equals != std::string::npos)))
      return UnknownFlag(argument);

    std::optional<Error> error;
    if (negated) {
      config.*key->flag = false;
    } else if (equals != std::string::npos) {
      error = SetConfigText(*key, std::string_view(argument).substr(equals + 1), &config);
    } else if (key->type == KeyType::kSwitch &&
               (i + 1 == arguments.size() || arguments[i + 1].starts_with("--"))) {
      config.*key->flag = true;
    } else if (i + 1 == arguments.size()) {
      error = SetConfigText(*key, "", &config);
    } else {
      error = SetConfigText(*key, arguments[++i], &config);
    }
    if (error) return *AsFlag(*key, error);
  }
  return config;
}

}  // namespace plimsoll
