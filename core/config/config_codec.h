// The three spellings of a Config: a JSON object, command-line flags, a URL fragment. One frozen table of
// keys drives all of them, in both directions, so they cannot drift apart.
//
// The wire format is version 1. Keys are never renamed, reused or given another meaning: saved links and
// embeds depend on them. tests/core/config/config_codec_test.cc holds links that must decode forever.
//
//   JSON   {"model": "llama-3.1-70b", "gpu": ["rtx-4090", "rtx-3090"], "max_model_len": 16384}
//   flags  --model llama-3.1-70b --gpu rtx-4090,rtx-3090 --max-model-len 16384 --enforce-eager
//   URL    m=llama-3.1-70b&g=rtx-4090,rtx-3090&ctx=16384&eager=1
//
// In a URL what is absent stays out, keys stand in the table's order, lists are joined by commas, and what is
// structured (inline models, formats with exceptions, speculative, lora, workload) is "~" + base64url(JSON).
// Decoding is total and bounded: a fragment over kMaxUrlBytes is refused before it is looked at.
#ifndef PLIMSOLL_CORE_CONFIG_CONFIG_CODEC_H_
#define PLIMSOLL_CORE_CONFIG_CONFIG_CODEC_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/config/config.h"

namespace plimsoll {

constexpr int kConfigUrlVersion = 1;
constexpr int64_t kMaxUrlBytes = 64 * 1024;
constexpr int64_t kMaxCards = 4096;  // gpus x nodes, and the longest list of cards

enum class KeyType : uint8_t {
  kText,
  kInteger,
  kNumber,
  kSwitch,  // true or false
  kModel,   // id or object
  kFormat,  // id or object
  kGpuList,
  kNumberList,
  kKvTypes,
  kSpeculative,
  kSplitMode,
  kLora,
  kWorkload,
};

// To which engines a key means something (core/resolve/engine_traits.h says which engine is of which kind).
enum class KeyOwner : uint8_t {
  kEveryEngine,
  kPagedServer,  // servers that fill their share of a card with a paged cache
  kGgml,         // programs of llama.cpp
};

// A row of the table.
struct ConfigKey {
  std::string_view json;  // "max_model_len"; the flag is "--max-model-len"
  std::string_view url;   // "ctx"
  KeyType type = KeyType::kText;
  KeyOwner owner = KeyOwner::kEveryEngine;
  double least = 0, most = 0;  // of numbers, both included
  std::string_view summary;    // one line of help
  std::optional<int64_t> Config::*integer = nullptr;
  std::optional<double> Config::*number = nullptr;
  std::optional<bool> Config::*flag = nullptr;
  std::vector<double> Config::*numbers = nullptr;
  std::string Config::*text = nullptr;
};

constexpr int kConfigKeyCount = 51;
const std::array<ConfigKey, kConfigKeyCount>& ConfigKeys();
const ConfigKey* FindConfigKey(std::string_view json_name);
std::string FlagName(const ConfigKey& key);        // "--max-model-len"
std::string AcceptedValues(const ConfigKey& key);  // "a whole number from 1 to 4,096"

// One key of a Config as JSON: null when absent. Setting null clears it. The error's field is the JSON key.
Json GetConfigValue(const Config& config, const ConfigKey& key);
[[nodiscard]] std::optional<Error> SetConfigValue(const ConfigKey& key, const Json& value, Config* config);
bool IsConfigValueGiven(const Config& config, const ConfigKey& key);
// The same from text as it stands in a flag or URL: "rtx-4090,rtx-3090", "16384", "{"id": …}".
[[nodiscard]] std::optional<Error> SetConfigText(const ConfigKey& key, std::string_view text, Config* config);
// Text that SetConfigText reads back; structured values as compact JSON.
std::string GetConfigText(const Config& config, const ConfigKey& key);

// Something of a link or file that this version does not know. Kept, so that a link that passes through an
// older page loses nothing.
struct DecodedConfig {
  Config config;
  std::vector<std::pair<std::string, std::string>> unknown;  // URL keys and their values, still encoded
  std::vector<Diagnostic> diagnostics;                       // "unknown_key", "newer_link"
};

Result<DecodedConfig> DecodeConfigJson(const Json& value);
Result<DecodedConfig> DecodeConfigJsonText(std::string_view text);
// A whole URL, a fragment with or without its "#".
Result<DecodedConfig> DecodeConfigUrl(std::string_view url);
// Every argument must be a known flag with its value ("--tp 2", "--tp=2"); switches may stand alone, and
// "--no-" before one turns it off. A later flag wins over an earlier one.
Result<Config> DecodeConfigFlags(const std::vector<std::string>& arguments);

Json EncodeConfigJson(const Config& config);
// The fragment without "#".
std::string EncodeConfigUrl(const Config& config);
std::string EncodeConfigUrl(const DecodedConfig& decoded);
std::vector<std::string> EncodeConfigFlags(const Config& config);

// Names of enumerated values, as the contract spells them.
std::string_view KvTypeName(KvType type);  // "auto", "fp16", "q8_0"
std::optional<KvType> KvTypeNamed(std::string_view name);
std::string_view SplitModeName(SplitMode mode);
std::string_view SpeculativeMethodName(SpeculativeMethod method);
Json KvTypesJson(const KvTypes& types);
Json SpeculativeJson(const Speculative& speculative);
Json LoraJson(const Lora& lora);

// URL-safe base64 without padding (RFC 4648, section 5).
std::string EncodeBase64Url(std::string_view bytes);
std::optional<std::string> DecodeBase64Url(std::string_view text);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CONFIG_CONFIG_CODEC_H_
