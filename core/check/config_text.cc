#include "core/check/config_text.h"

#include <string>
#include <utility>

#include "core/arch/config_forms.h"
#include "core/base/json.h"
#include "core/base/mistaken_bytes.h"
#include "core/base/mistaken_json.h"
#include "core/base/text.h"
#include "core/catalog/model_names.h"
#include "core/config/config_codec.h"
#include "core/config/config_keys.h"
#include "core/config/config_url.h"
#include "core/config/config_value.h"

namespace plimsoll {
namespace {

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

// What each key that stands there was read as.
void ListKeys(const Config& config, CheckResult* result) {
  for (const ConfigKey& key : ConfigKeys()) {
    if (!IsConfigValueGiven(config, key)) continue;
    const std::string value = GetConfigText(config, key);
    result->understood.push_back(
        {std::string(key.json), "", value, std::string(key.json), ReadEffect::kKey, ""});
  }
}

CheckResult Taken(CheckKind kind, std::string_view what, DecodedConfig decoded) {
  CheckResult result;
  result.kind = kind;
  result.what = std::string(what);
  ListKeys(decoded.config, &result);
  for (const auto& [key, value] : decoded.unknown) result.not_understood.push_back(key + "=" + value);
  for (Diagnostic& diagnostic : decoded.diagnostics) {
    result.problems.push_back({std::move(diagnostic.code), "", std::move(diagnostic.message),
                               std::move(diagnostic.fix), diagnostic.severity});
  }
  result.config = std::move(decoded.config);
  return result;
}

bool LooksLikeLink(std::string_view text) {
  if (text.find_first_of(" \n\t") != std::string_view::npos) return false;
  const size_t hash = text.find('#');
  const std::string_view fragment = hash == std::string_view::npos ? text : text.substr(hash + 1);
  if (hash == std::string_view::npos && text.find("://") != std::string_view::npos) return false;
  const std::string_view key = fragment.substr(0, fragment.find('='));
  return key.size() < fragment.size() && (FindUrlKey(key) != nullptr || key == "v");
}

// Config's own keys and those of a config.json have none in common but the ones that mean the same.
bool IsModelConfig(const Json& value) {
  return value.Has("architectures") || value.Has("model_type") || value.Has("text_config") ||
         IsParamsJson(value);
}

// Whether a text that is no JSON was meant as a model's config: an error says where it stops being one.
bool MeansConfig(std::string_view text) {
  return text.find("\"architectures\"") != std::string_view::npos ||
         text.find("\"model_type\"") != std::string_view::npos;
}

constexpr size_t kIndexBegins = 4096;  // its metadata stands before the map, or behind its first lines

std::optional<Error> MistakenFor(const Json& value) {
  const std::optional<Mistaken> mistaken = MistakenJson(value);
  if (!mistaken) return std::nullopt;
  return Error{"text", mistaken->what, mistaken->instead};
}

// "https://huggingface.co/Org/Repo", or the bare name.
std::optional<CheckResult> ReadRepository(std::string_view text, const Catalog& catalog) {
  const std::string repository =
      text.find_first_of(" \n\t") == std::string_view::npos ? HubRepository(text) : std::string();
  if (repository.empty()) return std::nullopt;
  CheckResult result;
  result.kind = CheckKind::kLink;
  result.what = "model's repository";
  const std::optional<NamedModel> named = FindModelNamed(catalog, text);
  const bool known = named && !named->model->refused();
  // Two words with a slash between them are a name where the catalog knows it.
  if (!known && repository == text) return std::nullopt;
  if (!known) {
    result.not_understood.emplace_back(text);
    result.problems.push_back({"model_not_in_catalog", "", "The catalog does not hold " + repository + ".",
                               "Fetch it from the hub: as the model of the page or with --model.",
                               Severity::kWarning});
    return result;
  }
  result.config.model = named->model->id;
  if (!named->format.empty()) result.config.format = Json(named->format);
  result.understood.push_back({std::string(text), "", named->model->id, "model", ReadEffect::kKey, ""});
  if (!named->exact) {
    const Diagnostic said = ModelByWords(text, *named);
    result.problems.push_back({said.code, "", said.message, said.fix, said.severity});
  }
  return result;
}

}  // namespace

std::optional<Result<CheckResult>> ReadLinkText(std::string_view text, const Catalog& catalog) {
  text = Trimmed(text);
  if (std::optional<CheckResult> repository = ReadRepository(text, catalog)) return std::move(*repository);
  if (!LooksLikeLink(text)) return std::nullopt;
  Result<DecodedConfig> decoded = DecodeConfigUrl(text);
  if (!decoded.ok()) return decoded.error();
  return Taken(CheckKind::kLink, "link to a configuration", std::move(*decoded));
}

std::optional<Result<CheckResult>> ReadConfigText(std::string_view text, const Catalog& catalog) {
  (void)catalog;
  if (const std::optional<Mistaken> mistaken = MistakenBytes(text))
    return Error{"text", mistaken->what, mistaken->instead};
  text = Trimmed(text);
  if (text.empty() || text[0] != '{') return std::nullopt;
  // An index is megabytes of names, more than a config may have.
  if (text.substr(0, kIndexBegins).find("\"weight_map\"") != std::string_view::npos)
    return MistakenFor(Json::MakeObject().Set("weight_map", Json::MakeObject()));
  Result<Json> value = Json::Parse(text, "text", kInlineLimits);
  if (!value.ok() && MeansConfig(text)) return value.error();
  if (!value.ok() || !value->is_object()) return std::nullopt;
  if (std::optional<Error> mistaken = MistakenFor(*value)) return *std::move(mistaken);
  if (IsModelConfig(*value)) {
    CheckResult result;
    result.kind = CheckKind::kConfig;
    const std::string name = IsParamsJson(*value) ? "params.json" : "config.json";
    result.what = name + " of a model";
    if (std::optional<Error> error = SetConfigValue(*FindConfigKey("model"), *value, &result.config))
      return *error;
    result.understood.push_back({name, "", "", "model", ReadEffect::kKey, ""});
    return result;
  }
  const Json* model = value->Find("model");
  if (model == nullptr) return std::nullopt;
  Result<DecodedConfig> decoded = DecodeConfigJson(*value);
  if (!decoded.ok()) return decoded.error();
  return Taken(CheckKind::kConfig, "configuration of Plimsoll", std::move(*decoded));
}

}  // namespace plimsoll
