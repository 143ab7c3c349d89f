// Configs that are not quite a Hugging Face config.json: Mistral's and Meta's params.json, and nested configs
// that leave out what transformers' configuration classes have as defaults.
#ifndef PLIMSOLL_CORE_ARCH_CONFIG_FORMS_H_
#define PLIMSOLL_CORE_ARCH_CONFIG_FORMS_H_

#include <optional>
#include <string>
#include <vector>

#include "core/base/json.h"

namespace plimsoll {

// Mistral's or Meta's params.json.
bool IsParamsJson(const Json& given);

// The config in full; nothing when it is so already. What was added or left out is said in `remarks`.
std::optional<Json> CompleteConfig(const Json& given, std::vector<std::string>* remarks);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_ARCH_CONFIG_FORMS_H_
