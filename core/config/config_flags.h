// A Config as arguments of a command: --model llama-3.1-70b --gpu rtx-4090,rtx-3090 --enforce-eager
#ifndef PLIMSOLL_CORE_CONFIG_CONFIG_FLAGS_H_
#define PLIMSOLL_CORE_CONFIG_CONFIG_FLAGS_H_

#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/config/config.h"
#include "core/config/config_keys.h"

namespace plimsoll {

std::string FlagName(const ConfigKey& key);  // "--max-model-len"

// Every argument must be a known flag with its value ("--tp 2", "--tp=2"); switches may stand alone, and
// "--no-" before one turns it off. A later flag wins over an earlier one.
Result<Config> DecodeConfigFlags(const std::vector<std::string>& arguments);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CONFIG_CONFIG_FLAGS_H_
