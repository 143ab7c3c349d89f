// One value of a Config by its key: as JSON, and as the text of a flag or link. Total: every value is either
// taken or refused with an error that names the key, what was given and what is accepted.
#ifndef PLIMSOLL_CORE_CONFIG_CONFIG_VALUE_H_
#define PLIMSOLL_CORE_CONFIG_CONFIG_VALUE_H_

#include <optional>
#include <string>
#include <string_view>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/config/config.h"
#include "core/config/config_keys.h"

namespace plimsoll {

// A pasted config.json with quantisation details is a few hundred kilobytes at most.
constexpr JsonLimits kInlineLimits = {int64_t{4} << 20, 32, 200000};

std::string AcceptedValues(const ConfigKey& key);  // "a whole number from 1 to 4,096"

// Null when absent. Setting null clears it. The error's field is the JSON key.
Json GetConfigValue(const Config& config, const ConfigKey& key);
[[nodiscard]] std::optional<Error> SetConfigValue(const ConfigKey& key, const Json& value, Config* config);
bool IsConfigValueGiven(const Config& config, const ConfigKey& key);
// The same from text as it stands in a flag or URL: "rtx-4090,rtx-3090", "16384", "{"id": …}".
[[nodiscard]] std::optional<Error> SetConfigText(const ConfigKey& key, std::string_view text, Config* config);
// Text that SetConfigText reads back; structured values as compact JSON.
std::string GetConfigText(const Config& config, const ConfigKey& key);
// The same of any value that GetConfigValue may return; empty for null.
std::string ConfigValueText(const Json& value);

// Only the beginning of a value matters for an error line; a hostile one is not printed whole first.
std::string GivenText(const Json& value);

// Names of enumerated values, as the contract spells them.
std::string_view KvTypeName(KvType type);  // "auto", "fp16", "q8_0"
std::optional<KvType> KvTypeNamed(std::string_view name);
std::string_view SplitModeName(SplitMode mode);
std::string_view SpeculativeMethodName(SpeculativeMethod method);
Json KvTypesJson(const KvTypes& types);
Json SpeculativeJson(const Speculative& speculative);
Json LoraJson(const Lora& lora);
Json CalibrationJson(const Calibration& calibration);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CONFIG_CONFIG_VALUE_H_
