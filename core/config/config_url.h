// A Config as the fragment of a link: m=llama-3.1-70b&g=rtx-4090,rtx-3090&ctx=16384&eager=1
//
// The wire format is version 1. tests/core/config/config_url_test.cc holds links that must decode forever.
//
// What is absent stays out, keys stand in the table's order, lists are joined by commas, and what is
// structured (inline models, formats with exceptions, speculative, lora, workload) is "~" + base64url(JSON).
// Decoding is total and bounded: a fragment over kMaxUrlBytes is refused before it is looked at.
#ifndef PLIMSOLL_CORE_CONFIG_CONFIG_URL_H_
#define PLIMSOLL_CORE_CONFIG_CONFIG_URL_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/config/config_codec.h"

namespace plimsoll {

constexpr int kConfigUrlVersion = 1;
constexpr int64_t kMaxUrlBytes = 64 * 1024;

// Keys of a link that are no setting: the open tab, the columns of a comparison and whether they share their cards, what a map or a search asks, the
// reader's own prices. They follow the configuration.
constexpr std::array<std::string_view, 6> kPageKeys = {"t", "cmp", "tog", "map", "find", "price"};

// A whole URL, a fragment with or without its "#".
Result<DecodedConfig> DecodeConfigUrl(std::string_view url);

// The fragment without "#".
std::string EncodeConfigUrl(const Config& config);
// With what it says of the page, and what was not understood at its end, as it came.
std::string EncodeConfigUrl(const DecodedConfig& decoded);

}  // namespace plimsoll

#endif  // PLIMSOLL_CORE_CONFIG_CONFIG_URL_H_
