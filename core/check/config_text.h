// A configuration as people have it at hand: one of our links, our own JSON, or a model's config.json.
#ifndef PLIMSOLL_CORE_CHECK_CONFIG_TEXT_H_
#define PLIMSOLL_CORE_CHECK_CONFIG_TEXT_H_

#include <optional>
#include <string_view>

#include "core/base/result.h"
#include "core/catalog/catalog.h"
#include "core/check/check_result.h"

namespace plimsoll {

// A URL of ours, or its fragment: "https://…/app/#m=qwen3-32b&g=rtx-4090".
std::optional<Result<CheckResult>> ReadLinkText(std::string_view text, const Catalog& catalog);

// An object with the keys of Config, or with those of a Hugging Face config.json.
std::optional<Result<CheckResult>> ReadConfigText(std::string_view text, const Catalog& catalog);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CHECK_CONFIG_TEXT_H_
