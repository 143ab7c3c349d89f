// A Config as JSON: {"model": "llama-3.1-70b", "gpu": ["rtx-4090", "rtx-3090"], "max_model_len": 16384}.
// Links are in config_url.h, flags in config_flags.h; one table of keys (config_keys.h) drives all three, in
// both directions, so they cannot drift apart.
#ifndef PLIMSOLL_CORE_CONFIG_CONFIG_CODEC_H_
#define PLIMSOLL_CORE_CONFIG_CONFIG_CODEC_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/config/config.h"

namespace plimsoll {

// A Config as read, and what of the link or file this version does not know.
struct DecodedConfig {
  Config config;
  // Of a link: keys and their values, still encoded. Kept, so that a link that passes through an older page
  // loses nothing.
  std::vector<std::pair<std::string, std::string>> unknown;
  // Of a link: what it says of the page that shows the configuration (kPageKeys of config_url.h), still encoded.
  std::vector<std::pair<std::string, std::string>> page;
  std::vector<Diagnostic> diagnostics;  // "unknown_key", "newer_link"
};

constexpr size_t kMostUnknownKeys = 64;
// What is said of a key that is not among `known`.
Diagnostic UnknownKey(std::string_view name, const std::vector<std::string_view>& known);

Result<DecodedConfig> DecodeConfigJson(const Json& value);
Result<DecodedConfig> DecodeConfigJsonText(std::string_view text);

Json EncodeConfigJson(const Config& config);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CONFIG_CONFIG_CODEC_H_
