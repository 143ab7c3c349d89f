#include "web/launch_state.h"

#include <array>
#include <utility>

#include "core/base/json.h"
#include "core/config/config_codec.h"

namespace plimsoll {
namespace {

constexpr std::string_view kKind = "launch";

std::vector<std::string> TextsOf(const Json& json, std::string_view key) {
  std::vector<std::string> texts;
  const Json* list = json.Find(key);
  if (list == nullptr || !list->is_array()) return texts;
  for (const Json& item : list->items()) texts.push_back(item.AsString());
  return texts;
}

std::string TextOf(const Json& json, std::string_view key) {
  const Json* value = json.Find(key);
  return value == nullptr ? std::string() : value->AsString();
}

LaunchSheet ReadSheet(const Json& json) {
  LaunchSheet sheet;
  sheet.form = TextOf(json, "form");
  sheet.text = TextOf(json, "text");
  sheet.forms = TextsOf(json, "forms");
  sheet.nodes = TextsOf(json, "nodes");
  sheet.notes = TextsOf(json, "notes");
  sheet.expect = TextsOf(json, "expect");
  sheet.alerts = TextOf(json, "alerts");
  sheet.when_killed = TextOf(json, "when_killed");
  if (const Json* bytes = json.Find("download_bytes")) sheet.download = Bytes(bytes->AsInt().value_or(0));
  if (const Json* metrics = json.Find("metrics")) {
    for (const Json& row : metrics->items())
      sheet.metrics.push_back({TextOf(row, "name"), TextOf(row, "threshold"), TextOf(row, "meaning")});
  }
  return sheet;
}

}  // namespace

void LaunchState::Take(const std::string& text) {
  working_ = false;
  const Result<Json> read = Json::Parse(text, kKind);
  const Json* error = read.ok() ? read->Find("error") : nullptr;
  problem_ = !read.ok() ? read.error().Message() : error != nullptr ? error->AsString() : std::string();
  if (problem_.empty()) {
    sheet_ = ReadSheet(*read);
  } else {
    sheet_.reset();
  }
}

void LaunchState::Follow(int64_t version, const Config& config, Errands* errands) {
  if (version != version_ || form != asked_form_) {
    version_ = version;
    asked_form_ = form;
    working_ = true;
    errands->Ask(kKind, Json::MakeObject().Set("config", EncodeConfigJson(config)).Set("form", form).Dump());
  }
  if (const auto text = errands->TakeAnswer(kKind)) Take(*text);
}

std::string FormWords(std::string_view form) {
  // Wrappers have names of their own; an engine's own form is called as its program.
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kForms = {
      {{"python", "Python"}, {"docker", "Docker"}, {"compose", "Compose"}, {"k8s", "Kubernetes"}}};
  for (const auto& [id, words] : kForms) {
    if (id == form) return std::string(words);
  }
  return std::string(form);
}

}  // namespace plimsoll
