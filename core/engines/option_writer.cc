#include "core/engines/option_writer.h"

#include <utility>

#include "core/config/config_keys.h"
#include "core/config/config_value.h"
#include "core/engines/settle.h"
#include "core/resolve/resolved_config.h"

namespace plimsoll {

std::vector<WrittenOption> WriteOptions(const OptionTable& table, const LaunchSubject& subject) {
  std::vector<WrittenOption> written;
  for (const EngineOption& option : table.options) {
    if (option.write == nullptr || AgeAt(option, subject.resolved.version) != OptionAge::kKnown) continue;
    std::string value = option.write(option, subject);
    if (value.empty()) continue;
    WrittenOption row;
    row.key = option.key;
    row.option = &option;
    row.name = std::string(FirstName(option.names));
    if (option.value == OptionValue::kNone) {
      row.is_flag = true;
      if (value == "false") {
        row.name =
            option.negated.empty() ? "--no-" + row.name.substr(2) : std::string(FirstName(option.negated));
      }
    } else {
      row.value = std::move(value);
    }
    written.push_back(std::move(row));
  }
  return written;
}

Config WithoutDefaults(const Config& config, const Catalog& catalog) {
  Config least = config;
  const Result<Resolved> whole = Settle(config, catalog);
  if (!whole.ok()) return least;
  const Json wanted = ResolvedConfigJson(*whole);
  for (const ConfigKey& key : ConfigKeys()) {
    // The model, its engine and the cards are said whatever the defaults are.
    if (key.json == "model" || key.json == "engine" || key.json == "gpu" || !IsConfigValueGiven(least, key))
      continue;
    Config without = least;
    if (SetConfigValue(key, Json(), &without)) continue;
    const Result<Resolved> resolved = Settle(without, catalog);
    if (resolved.ok() && ResolvedConfigJson(*resolved) == wanted) least = std::move(without);
  }
  return least;
}

}  // namespace plimsoll
