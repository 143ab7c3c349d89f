#include "web/launch_state.h"

#include <array>
#include <utility>

#include "core/base/json.h"
#include "core/base/json_members.h"
#include "core/config/config_codec.h"

namespace plimsoll {
namespace {

constexpr std::string_view kKind = "launch";

LaunchSheet ReadSheet(const Json& json) {
  LaunchSheet sheet;
  sheet.form = TextIn(json, "form");
  sheet.text = TextIn(json, "text");
  sheet.forms = TextsIn(json, "forms");
  sheet.nodes = TextsIn(json, "nodes");
  sheet.notes = TextsIn(json, "notes");
  sheet.expect = TextsIn(json, "expect");
  sheet.alerts = TextIn(json, "alerts");
  sheet.when_killed = TextIn(json, "when_killed");
  if (const Json* bytes = json.Find("download_bytes")) sheet.download = Bytes(bytes->AsInt().value_or(0));
  if (const Json* metrics = json.Find("metrics")) {
    for (const Json& row : metrics->items())
      sheet.metrics.push_back({TextIn(row, "name"), TextIn(row, "threshold"), TextIn(row, "meaning")});
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
