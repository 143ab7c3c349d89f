#include "core/config/config_url.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "core/base/base64.h"
#include "core/base/percent.h"
#include "core/base/text.h"
#include "core/config/config_keys.h"
#include "core/config/config_value.h"

namespace plimsoll {
namespace {

bool IsStructured(const Json& value) {
  if (value.is_object()) return true;
  if (value.is_array()) {
    for (const Json& item : value.items()) {
      if (item.is_string() && (IsStructured(item) || item.AsString().find(',') != std::string::npos))
        return true;
    }
    return false;
  }
  // Text that would read as something else: only hand-made configurations contain it.
  if (!value.is_string() || value.AsString().empty()) return false;
  const char first = value.AsString()[0];
  return first == '~' || first == '{' || value.AsString().find(',') != std::string::npos;
}

std::string UrlText(const Json& value) {
  if (IsStructured(value)) return "~" + EncodeBase64Url(value.Dump());
  return PercentEncode(ConfigValueText(value));
}

// A link's error names the key in both spellings: the one that stands there and the one in the documents.
Error InUrl(const ConfigKey& key, Error error) {
  if (key.url != key.json) error.field += " (" + std::string(key.url) + "=)";
  return error;
}

std::optional<Error> SetUrlValue(const ConfigKey& key, std::string_view encoded, Config* config) {
  const std::optional<std::string> text = PercentDecode(encoded);
  if (!text || !IsUtf8(*text)) {
    return Error{std::string(key.json), Quoted(encoded), "percent-encoded UTF-8 text"};
  }
  if (!text->starts_with('~')) return SetConfigText(key, *text, config);
  const std::optional<std::string> inner = DecodeBase64Url(std::string_view(*text).substr(1));
  if (!inner) return Error{std::string(key.json), Quoted(*text), "base64url after \"~\""};
  Result<Json> value = Json::Parse(*inner, key.json, kInlineLimits);
  if (!value.ok()) return value.error();
  return SetConfigValue(key, *value, config);
}

// Of an address what stands behind its first "#"; a fragment alone is itself, and a "#" in one of its values
// discards nothing.
std::string_view FragmentOf(std::string_view url) {
  const auto end = url.find_first_of("=&#");
  const auto hash = url.find('#');
  const bool address = url.substr(0, end).find_first_of("/?") != std::string_view::npos || end == hash;
  if (address && hash != std::string_view::npos) return url.substr(hash + 1);
  // A page's address without a fragment carries nothing; "://" further on is part of a value.
  const auto scheme_end = url.find("://");
  return scheme_end < url.find_first_of("=&") ? std::string_view() : url;
}

std::vector<std::string_view> UrlNames() {
  std::vector<std::string_view> names;
  for (const ConfigKey& key : ConfigKeys()) names.push_back(key.url);
  return names;
}

}  // namespace

Result<DecodedConfig> DecodeConfigUrl(std::string_view url) {
  if (static_cast<int64_t>(url.size()) > kMaxUrlBytes) {
    return Error{"url", CountText(static_cast<int64_t>(url.size())) + " bytes",
                 "a link of at most " + CountText(kMaxUrlBytes) + " bytes"};
  }
  DecodedConfig decoded;
  for (std::string_view pair : SplitAt(FragmentOf(url), '&')) {
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    const std::string_view name = pair.substr(0, equals);
    const std::string_view text =
        equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    if (name == "v") {
      if (text != std::to_string(kConfigUrlVersion)) {
        decoded.diagnostics.push_back({"newer_link", Severity::kWarning,
                                       "The link is of version " + Quoted(text) +
                                           ", which this page does not know; it is read as version 1.",
                                       "Reload the page to get its newest release."});
      }
      continue;
    }
    if (const ConfigKey* key = FindUrlKey(name)) {
      if (auto error = SetUrlValue(*key, text, &decoded.config)) return InUrl(*key, *error);
      continue;
    }
    if (std::find(kPageKeys.begin(), kPageKeys.end(), name) != kPageKeys.end()) {
      if (decoded.page.size() >= kPageKeys.size()) {
        return Error{"url", Quoted(name), "each key of the page once"};
      }
      decoded.page.emplace_back(std::string(name), std::string(text));
      continue;
    }
    if (decoded.unknown.size() >= kMostUnknownKeys) {
      return Error{"url", Quoted(name), "at most " + std::to_string(kMostUnknownKeys) + " unknown keys"};
    }
    decoded.unknown.emplace_back(std::string(name), std::string(text));
    decoded.diagnostics.push_back(UnknownKey(name, UrlNames()));
  }
  return decoded;
}

std::string EncodeConfigUrl(const Config& config) {
  std::string url;
  for (const ConfigKey& key : ConfigKeys()) {
    if (!IsConfigValueGiven(config, key)) continue;
    if (!url.empty()) url += '&';
    url += key.url;
    url += '=';
    url += UrlText(GetConfigValue(config, key));
  }
  return url;
}

std::string EncodeConfigUrl(const DecodedConfig& decoded) {
  std::string url = EncodeConfigUrl(decoded.config);
  for (const auto* pairs : {&decoded.page, &decoded.unknown}) {
    for (const auto& pair : *pairs) {
      if (!url.empty()) url += '&';
      url += pair.first;
      if (!pair.second.empty()) url += "=" + pair.second;
    }
  }
  return url;
}

}  // namespace plimsoll
